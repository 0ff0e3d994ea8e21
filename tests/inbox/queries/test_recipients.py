"""Who receives a reply, and who no longer does."""

import pytest

from inbox.actions.cases import open_case
from inbox.actors import SYSTEM, Actor
from inbox.db import Database
from inbox.envelopes import Verdict
from inbox.errors import Conflict, Invalid
from inbox.models import Claim, Strand
from inbox.queries.answerable import strand_to_answer
from inbox.queries.recipients import recipients_of, typed_addresses
from tests.builders import (
    a_conversation,
    a_form_channel,
    a_mailbox_channel,
    a_strand,
    a_webchat_channel,
    an_agent,
    an_inbound_message,
)


async def test_an_answer_goes_where_the_last_mail_asks_for_it(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        scene = await a_conversation(session)
        scene.messages[0].reply_to = [{"name": "", "address": "desk@mail.example"}]
        await session.flush()

        recipients = await recipients_of(session, scene.strand)

    assert [address.value for address in recipients.to] == ["desk@mail.example"]


async def test_a_mail_that_failed_its_check_does_not_lead_the_answer_away(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        scene = await a_conversation(session)
        scene.messages[0].reply_to = [{"name": "", "address": "thief@evil.example"}]
        scene.messages[0].dmarc = Verdict.FAIL
        await session.flush()

        recipients = await recipients_of(session, scene.strand)

    assert [address.value for address in recipients.to] == [scene.identity.address]


async def test_who_will_no_longer_receive_is_said_and_we_never_write_to_ourselves(
    sqlite_database: Database,
) -> None:
    async with sqlite_database.transaction() as session:
        scene = await a_conversation(session)
        ours = (scene.channel.address or "").replace("@", "+c.token@")
        await an_inbound_message(session, scene, cc=["left@mail.example", ours])
        strand = scene.strand

        recipients = await recipients_of(session, strand)

    assert [address.value for address in recipients.no_longer] == ["left@mail.example"]
    assert recipients.cc == recipients.unconfirmed == ()


async def test_a_form_is_answered_by_email_from_its_mailbox(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        await a_mailbox_channel(session)
        mailbox = await a_mailbox_channel(session)
        form = await a_form_channel(session, reply_mailbox=mailbox)
        scene = await a_conversation(session, channel=form)

        recipients = await recipients_of(session, scene.strand)

    assert recipients.channel.id == mailbox.id
    assert [address.value for address in recipients.to] == [scene.identity.address]


async def test_a_form_without_any_mailbox_says_what_to_do(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        scene = await a_conversation(session, channel=await a_form_channel(session))
        with pytest.raises(Conflict, match="Settings"):
            await recipients_of(session, scene.strand)


async def test_a_visitor_is_answered_in_the_chat_or_by_email_where_they_said_an_address(
    sqlite_database: Database,
) -> None:
    async with sqlite_database.transaction() as session:
        mailbox = await a_mailbox_channel(session)
        scene = await a_conversation(session, channel=await a_webchat_channel(session))

        by_chat = await recipients_of(session, scene.strand)
        with pytest.raises(Conflict):
            await recipients_of(session, scene.strand, via=mailbox)
        session.add(
            Claim(customer_id=scene.customer.id, kind="email", address="v@mail.example", source="webchat")
        )
        await session.flush()
        by_email = await recipients_of(session, scene.strand, via=mailbox)

    assert [address.value for address in by_chat.to] == [scene.identity.address]
    assert [address.value for address in by_email.to] == ["v@mail.example"]


async def test_the_newest_strand_that_waits_is_answered_first(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        scene = await a_conversation(session)
        waiting = await a_strand(session, scene.conversation, scene.channel, case=scene.case)
        await an_inbound_message(session, scene, strand=waiting)
        quiet = await a_strand(session, scene.conversation, scene.channel, case=scene.case)
        quiet.last_message_at = scene.messages[0].created_at
        await session.flush()

        chosen = await strand_to_answer(session, scene.conversation, by=SYSTEM)

    assert isinstance(chosen, Strand) and chosen.id == waiting.id


def test_typed_addresses_are_each_taken_once() -> None:
    typed = typed_addresses(["Ana@Mail.example", "ana@mail.example", " "], field="to")

    assert [address.value for address in typed] == ["ana@mail.example"]
    with pytest.raises(Invalid):
        typed_addresses(["not an address"], field="cc")


async def test_a_strand_of_others_private_case_is_not_answered_by_chance(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        scene = await a_conversation(session)
        secret = await open_case(session, scene.conversation, subject="Salary")
        secret.is_private = True
        strand = await a_strand(session, scene.conversation, scene.channel, case=secret)
        await an_inbound_message(session, scene, strand=strand, case=secret)
        outsider = await an_agent(session)

        seen = await strand_to_answer(session, scene.conversation, by=Actor.agent(outsider))

        assert seen.id == scene.strand.id
