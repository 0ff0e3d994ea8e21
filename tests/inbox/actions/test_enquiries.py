"""Asking a supplier about a customer's matter: in the same case, out of the customer's sight."""

import hashlib
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actions.enquiries import ask
from inbox.actions.events import write_events
from inbox.actions.identities import prove_email
from inbox.actions.messages import FilingRules, receive
from inbox.actions.replies import ReplySettings, reply
from inbox.actions.suggestions import decide
from inbox.actors import SYSTEM
from inbox.clock import FrozenClock
from inbox.db import Database
from inbox.envelopes import Address, Authentication, Automatic, ChannelKind, InboundMessage, Verdict
from inbox.errors import Conflict, Invalid
from inbox.models import (
    Attachment,
    AuthorKind,
    Case,
    Channel,
    Conversation,
    Customer,
    IntakeRecord,
    IntakeState,
    Message,
    Status,
    Strand,
    Suggestion,
    SuggestionState,
)
from inbox.placements import Arrival
from inbox.queries.answerable import strand_to_answer
from inbox.queries.outgoing import outbound_message
from inbox.queries.recipients import recipients_of
from inbox.queries.visitors import visible_messages
from tests.builders import (
    KEYS,
    Scene,
    a_conversation,
    a_customer,
    a_webchat_channel,
    an_agent,
    an_identity,
)

TOKENS = KEYS.strand_tokens()
SETTINGS = ReplySettings(tokens=TOKENS)
SUPPLIER = Address("sales@brass.test", "Brass & Co")


async def asked(session: AsyncSession, scene: Scene, **changed: Any) -> Message:
    choices: dict[str, Any] = {
        "by": await an_agent(session),
        "channel": scene.channel,
        "to": [SUPPLIER],
        "subject": "Fwd: Order 48213",
        "text": "When can you send another?",
        "forwarded": "---------- Forwarded message ----------\nThe shade is cracked.",
        "settings": SETTINGS,
    }
    return await ask(session, scene.messages[0], **(choices | changed))


async def arrives(
    session: AsyncSession,
    channel: Channel,
    sent: Message,
    *,
    sender: str = SUPPLIER.value,
    text: str = "On Friday.",
    dmarc: Verdict = Verdict.PASS,
    cc: Sequence[Address] = (),
    automatic: Automatic | None = None,
) -> IntakeState:
    """An answer to *sent* comes in."""
    digest = hashlib.sha256((sender + text).encode()).hexdigest()
    record = IntakeRecord(channel_id=channel.id, digest=digest, size=1, source="ingest")
    session.add(record)
    await session.flush()
    message = InboundMessage(
        channel=ChannelKind.EMAIL,
        sender=Address(sender),
        content_hash=digest,
        external_id=f"{digest[:20]}@brass.test",
        subject="Re: Fwd: Order 48213",
        text=text,
        references=(sent.external_id or "",),
        authentication=Authentication(dmarc=dmarc),
        mailbox=channel.address,
        cc=tuple(cc),
        automatic=automatic,
    )
    arrival = Arrival(record_id=record.id, channel=channel, message=message)
    (filed,) = await receive(session, [arrival], FilingRules(tokens=TOKENS))
    await write_events(session)
    return filed.state


async def test_a_message_is_passed_on_in_a_strand_of_its_own_in_the_same_case(
    sqlite_database: Database, clock: FrozenClock
) -> None:
    async with sqlite_database.transaction() as session:
        scene = await a_conversation(session)
        sent = await asked(session, scene)
    async with sqlite_database.reading() as session:
        strand = await session.get_one(Strand, sent.strand_id)
        case = await session.get_one(Case, scene.case.id)
        mail = await outbound_message(session, sent.id, TOKENS)
    assert strand.is_side and strand.identity_id is None and strand.id != scene.strand.id
    assert sent.case_id == case.id
    assert case.status == Status.OPEN and case.waiting_since, "the customer still waits for their answer"
    assert case.first_replied_at is None, "a question to a supplier is no answer to the customer"
    assert [one.value for one in mail.to] == [SUPPLIER.value]
    assert mail.text == "When can you send another?" and "The shade is cracked." in mail.forwarded
    assert mail.references == () and mail.quoted_text is None
    assert scene.strand.public_id not in str(mail), "no token of the customer's strand leaves the house"


async def test_what_goes_along_is_chosen_and_the_customer_never_is_among_the_addressed(
    sqlite_database: Database,
) -> None:
    async with sqlite_database.transaction() as session:
        scene, other = await a_conversation(session), await a_conversation(session)
        files = [
            Attachment(
                message_id=one.messages[0].id,
                digest="a" * 64,
                filename="shade.jpg",
                content_type="image/jpeg",
                size=5,
            )
            for one in (scene, other)
        ]
        session.add_all(files)
        await session.flush()
        sent = await asked(session, scene, carried=files[:1])
        names = await session.scalars(select(Attachment.filename).where(Attachment.message_id == sent.id))
        assert list(names) == ["shade.jpg"] and files[0].message_id == scene.messages[0].id
        with pytest.raises(Invalid):
            await asked(session, scene, carried=files[1:])
        with pytest.raises(Conflict, match="is the customer"):
            await asked(session, scene, to=[Address(scene.identity.address)])
        with pytest.raises(Conflict, match="is the customer"):
            await asked(session, scene, cc=[Address(scene.identity.address)])


async def test_mail_that_may_hold_a_code_to_sign_in_with_is_neither_passed_on_nor_quoted(
    sqlite_database: Database,
) -> None:
    async with sqlite_database.transaction() as session:
        scene = await a_conversation(session)
        code, desk = scene.messages[0], await an_agent(session)
        code.author_address = "no-reply@mail.slack.com"
        with pytest.raises(Invalid, match="codes for signing in"):
            await asked(session, scene, by=desk)
        answer = await reply(session, scene.conversation, by=desk, text="Thanks", settings=SETTINGS)
        code.author_address = "jane@mail.slack.com"
        later = await reply(session, scene.conversation, by=desk, text="Thanks", settings=SETTINGS)
        await session.flush()
        code.author_address = "no-reply@mail.slack.com"
        hidden = await outbound_message(session, answer.id, TOKENS)
        code.author_address = "jane@mail.slack.com"
        quoted = await outbound_message(session, later.id, TOKENS)

    assert hidden.quoted_text is None and quoted.quoted_text


async def test_the_suppliers_answer_comes_into_the_case_and_makes_nobody_a_customer(
    database: Database,
) -> None:
    async with database.transaction() as session:
        scene = await a_conversation(session)
        sent = await asked(session, scene)
        customers = await session.scalar(select(func.count()).select_from(Customer))
        await arrives(session, scene.channel, sent)
    async with database.reading() as session:
        answer = (await session.scalars(select(Message).where(Message.text == "On Friday."))).one()
        case = await session.get_one(Case, scene.case.id)
        assert answer.strand_id == sent.strand_id and answer.case_id == case.id
        assert (answer.author_kind, answer.identity_id) == (AuthorKind.PARTICIPANT, None)
        assert case.status == Status.OPEN
        assert await session.scalar(select(func.count()).select_from(Customer)) == customers


async def test_an_answer_in_a_side_strand_goes_to_the_supplier_alone(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        scene = await a_conversation(session)
        sent = await asked(session, scene)
        await arrives(session, scene.channel, sent, cc=[Address(scene.identity.address)])
        strand = await session.get_one(Strand, sent.strand_id)
        recipients = await recipients_of(session, strand)
        assert [one.value for one in (*recipients.to, *recipients.cc)] == [SUPPLIER.value]
        by = await an_agent(session)
        conversation = await session.get_one(Conversation, scene.conversation.id)
        answer = await reply(session, conversation, by=by, text="Thank you", strand=strand, settings=SETTINGS)
        assert [one["address"] for one in (*answer.to, *answer.cc)] == [SUPPLIER.value]
        with pytest.raises(Conflict, match="is the customer"):
            await reply(
                session,
                conversation,
                by=by,
                text="Thank you both",
                strand=strand,
                to=[SUPPLIER],
                cc=[Address(scene.identity.address)],
                settings=SETTINGS,
            )


async def test_the_customer_is_answered_by_default_and_nothing_of_the_supplier_is_quoted_to_them(
    sqlite_database: Database,
) -> None:
    async with sqlite_database.transaction() as session:
        scene = await a_conversation(session)
        sent = await asked(session, scene)
        await arrives(session, scene.channel, sent, text="Our price is 12 euros.")
        conversation = await session.get_one(Conversation, scene.conversation.id)
        assert (await strand_to_answer(session, conversation, by=SYSTEM)).id == scene.strand.id
        answer = await reply(
            session, conversation, by=await an_agent(session), text="On Friday.", settings=SETTINGS
        )
        mail = await outbound_message(session, answer.id, TOKENS)
    assert [one.value for one in mail.to] == [scene.identity.address]
    assert "12 euros" not in str(mail) and SUPPLIER.value not in str(mail)


async def test_nobody_but_the_supplier_gets_into_a_side_strand(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        scene = await a_conversation(session)
        sent = await asked(session, scene)
        await arrives(session, scene.channel, sent, sender="stranger@else.test", text="Let me in")
        await arrives(session, scene.channel, sent, sender=scene.identity.address, text="What is this?")
        await arrives(session, scene.channel, sent, text="Forged", dmarc=Verdict.FAIL)
    async with sqlite_database.reading() as session:
        rows = (await session.scalars(select(Message).where(Message.text != sent.text))).all()
        elsewhere = {row.text: row for row in rows if row.strand_id != sent.strand_id}
        held = (await session.scalars(select(Suggestion))).all()
    assert {"Let me in", "What is this?", "Forged"} <= elsewhere.keys()
    assert elsewhere["What is this?"].conversation_id == scene.conversation.id
    assert [one.address for one in held] == ["stranger@else.test"], "not of the customer's own"


async def test_a_stranger_who_answers_for_the_supplier_is_a_colleague_but_never_the_customer(
    sqlite_database: Database,
) -> None:
    async with sqlite_database.transaction() as session:
        scene = await a_conversation(session)
        sent = await asked(session, scene)
        await arrives(session, scene.channel, sent, sender="warehouse@brass.test", text="It left.")
    async with sqlite_database.transaction() as session:
        by = await an_agent(session)
        held = (await session.scalars(select(Suggestion))).one()
        with pytest.raises(Conflict, match="not the customer"):
            await decide(session, held, SuggestionState.SAME_PERSON, by=by)
        await decide(session, held, SuggestionState.COLLEAGUE, by=by)
        answer = (await session.scalars(select(Message).where(Message.text == "It left."))).one()
        assert answer.strand_id == sent.strand_id


async def test_the_customers_browser_sees_nothing_of_a_side_strand(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        widget, visitor = await a_webchat_channel(session), await a_customer(session, name="Visitor")
        chat = await a_conversation(session, customer=visitor, channel=widget, text="Hello?")
        scene = await a_conversation(session, text="Cracked")
        sent = await asked(session, scene)
        await arrives(session, scene.channel, sent, text="Our price is 12 euros.")
        await an_identity(session, scene.customer, "ana@second.test")
        await prove_email(session, chat.identity, scene.identity.address)
        sent.delivery = "sent"
        await write_events(session)
        shown = [message.text for message in await visible_messages(session, chat.identity)]
        assert shown == ["Hello?", "Cracked"], "proven to be the customer, they see both of their channels"


async def test_a_supplier_who_is_away_says_so_in_the_case_and_opens_nothing(
    sqlite_database: Database,
) -> None:
    async with sqlite_database.transaction() as session:
        scene = await a_conversation(session)
        sent = await asked(session, scene)
        scene.case.status = Status.PENDING
        away = await arrives(
            session, scene.channel, sent, text="Back on Monday", automatic=Automatic.AUTO_REPLY
        )
        other = await arrives(
            session, scene.channel, sent, sender="x@y.test", text="Away", automatic=Automatic.AUTO_REPLY
        )
        message = (await session.scalars(select(Message).where(Message.text == "Back on Monday"))).one()
        assert (away, other) == (IntakeState.FILED, IntakeState.IGNORED)
        assert (message.strand_id, message.automatic) == (sent.strand_id, "auto-reply")
        assert scene.case.status == Status.PENDING
