"""Signed users, mailed codes and claims: who is joined with whom, and what it lets a browser see."""

from typing import Any

import pytest
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actions.claims import MOST_TYPED, TYPED, claim_address, find_identity
from inbox.actions.events import write_events
from inbox.actions.identities import SIGNED, identify, prove_email, recognise
from inbox.actions.merges import merge, undo_merge
from inbox.db import Database
from inbox.envelopes import AddressKind
from inbox.errors import Conflict, Invalid
from inbox.models import (
    Channel,
    Claim,
    ClaimState,
    Customer,
    DeliveryState,
    Event,
    EventKind,
    Identity,
    Mark,
    Merge,
    Model,
    Proof,
    Suggestion,
    SuggestionState,
    Tie,
)
from inbox.queries.visitors import visible_messages
from tests.builders import (
    Scene,
    a_conversation,
    a_customer,
    a_webchat_channel,
    an_agent,
    an_identity,
    an_outbound_message,
)

MAIL = "ana@mail.example"


async def a_visitor(session: AsyncSession, channel: Channel, text: str = "Hello?") -> Scene:
    """A browser whose person has written once."""
    customer = await a_customer(session, name="")
    return await a_conversation(session, customer=customer, channel=channel, subject="", text=text)


async def a_mail_customer(session: AsyncSession, text: str = "By mail", address: str = MAIL) -> Scene:
    customer = await a_customer(session)
    identity = await an_identity(session, customer, address, proof=Proof.AUTHENTICATED)
    return await a_conversation(session, customer=customer, identity=identity, text=text)


async def seen(session: AsyncSession, visitor: Identity) -> list[str]:
    await write_events(session)
    return [message.text for message in await visible_messages(session, visitor)]


async def count(session: AsyncSession, model: type[Model], *conditions: Any) -> int:
    return await session.scalar(select(func.count()).select_from(model).where(*conditions)) or 0


async def test_a_signed_email_that_nobody_owns_becomes_the_visitors(database: Database) -> None:
    async with database.transaction() as session:
        channel = await a_webchat_channel(session)
        chat = await a_visitor(session, channel)
        done = await identify(
            session, chat.identity, channel=channel, user_id="7", email=" Ana@Mail.example", name="Ana"
        )
        assert (done.customer.id, done.fresh_visitor, done.customer.name) == (chat.customer.id, False, "Ana")
        email = await find_identity(session, AddressKind.EMAIL, MAIL)
        user = await find_identity(session, AddressKind.USER, f"{channel.public_key}:7")
        assert email is not None and user is not None
        assert (email.customer_id, email.proof) == (chat.customer.id, Proof.SIGNED)
        assert await count(session, Merge) == 0
    async with database.reading() as session:
        assert await count(session, Event, Event.kind == EventKind.IDENTITY_PROVED) == 1


async def test_a_signed_name_takes_the_place_of_the_one_that_was_made_up(database: Database) -> None:
    async with database.transaction() as session:
        channel = await a_webchat_channel(session)
        visitor = await a_visitor(session, channel)
        visitor.customer.name = f"Visitor {visitor.identity.address[-4:].upper()}"
        await identify(session, visitor.identity, channel=channel, user_id="u-1", name="Ana Sousa")
        assert visitor.customer.name == "Ana Sousa"


async def test_a_signed_email_takes_in_whoever_was_nothing_but_its_claim(database: Database) -> None:
    async with database.transaction() as session:
        channel = await a_webchat_channel(session)
        visitor = await a_visitor(session, channel)
        claimant = await a_customer(session, name="From the form")
        form = await a_conversation(session, customer=claimant, text="By form")
        form.strand.identity_id = form.messages[0].identity_id = None
        await session.flush()
        await session.execute(delete(Identity).where(Identity.customer_id == claimant.id))
        session.add(Claim(customer_id=claimant.id, kind=AddressKind.EMAIL, address=MAIL, source="form"))
        await identify(session, visitor.identity, channel=channel, user_id="u-1", email=MAIL)
        assert claimant.merged_into_id == visitor.customer.id


async def test_a_new_user_id_joins_the_owner_of_its_signed_email_and_sees_their_mail(
    database: Database,
) -> None:
    async with database.transaction() as session:
        channel = await a_webchat_channel(session)
        ana = await a_mail_customer(session)
        chat = await a_visitor(session, channel)
        assert await seen(session, chat.identity) == ["Hello?"]
        done = await identify(session, chat.identity, channel=channel, user_id="7", email=MAIL)
        assert done.customer.id == chat.identity.customer_id == ana.customer.id
        (joined,) = await session.scalars(select(Merge))
        assert (joined.on_proof, joined.agent_id) == (True, None)
        assert await seen(session, chat.identity) == ["By mail", "Hello?"]


async def test_the_signed_user_id_decides_and_its_email_is_then_only_a_claim(database: Database) -> None:
    async with database.transaction() as session:
        channel = await a_webchat_channel(session)
        first = await a_visitor(session, channel, "First browser")
        await identify(session, first.identity, channel=channel, user_id="7")
        ben = await a_mail_customer(session, address="ben@mail.example")
        second = await a_visitor(session, channel, "Second browser")
        done = await identify(
            session, second.identity, channel=channel, user_id="7", email="ben@mail.example"
        )
        assert done.customer.id == first.customer.id
        assert await seen(session, second.identity) == ["First browser", "Second browser"]
        (claim,) = await session.scalars(select(Claim))
        assert (claim.customer_id, claim.source) == (first.customer.id, "signed")
        (suggestion,) = await session.scalars(select(Suggestion))
        assert (suggestion.customer_id, suggestion.other_customer_id) == (first.customer.id, ben.customer.id)


async def test_a_browser_that_was_another_user_starts_afresh(database: Database) -> None:
    async with database.transaction() as session:
        channel = await a_webchat_channel(session)
        chat = await a_visitor(session, channel)
        await identify(session, chat.identity, channel=channel, user_id="7")
        done = await identify(session, chat.identity, channel=channel, user_id="8", email=MAIL)
        assert (done.fresh_visitor, done.proved) == (True, False)
        assert await find_identity(session, AddressKind.USER, f"{channel.public_key}:8") is None
        assert await find_identity(session, AddressKind.EMAIL, MAIL) is None


async def test_a_browser_proven_by_a_code_does_not_drag_its_mailbox_to_another_user(
    database: Database,
) -> None:
    async with database.transaction() as session:
        channel = await a_webchat_channel(session)
        ana = await a_mail_customer(session)
        other = await a_visitor(session, channel)
        await identify(session, other.identity, channel=channel, user_id="8")
        chat = await a_visitor(session, channel)
        await prove_email(session, chat.identity, MAIL)
        done = await identify(session, chat.identity, channel=channel, user_id="8")
        assert done.fresh_visitor
        assert chat.identity.customer_id == ana.customer.id != other.identity.customer_id
        again = await prove_email(session, chat.identity, MAIL)
        assert not again.fresh_visitor


async def test_identifying_again_proves_nothing_new(database: Database) -> None:
    async with database.transaction() as session:
        channel = await a_webchat_channel(session)
        chat = await a_visitor(session, channel)
        for _ in range(3):
            await identify(session, chat.identity, channel=channel, user_id="7", email=MAIL)
        assert await count(session, Tie) == 2
    async with database.reading() as session:
        assert await count(session, Event, Event.kind == EventKind.IDENTITY_PROVED) == 1


async def test_a_new_browser_of_a_known_user_sees_what_was_said_before(database: Database) -> None:
    async with database.transaction() as session:
        channel = await a_webchat_channel(session)
        chat = await a_visitor(session, channel)
        await identify(session, chat.identity, channel=channel, user_id="7")
        address = f"{channel.public_key}:another-browser"
        done = await recognise(session, address, channel=channel, user_id="7")
        assert done is not None and done.customer.id == chat.customer.id
        assert await seen(session, done.visitor) == ["Hello?"]


async def test_a_browser_that_wrote_nothing_makes_no_customer(database: Database) -> None:
    async with database.transaction() as session:
        channel = await a_webchat_channel(session)
        address = f"{channel.public_key}:browser"
        assert await recognise(session, address, channel=channel, user_id="7", email=MAIL) is None
        assert await count(session, Customer) == 0


async def test_a_mailed_code_joins_the_owner_of_the_mailbox(database: Database) -> None:
    async with database.transaction() as session:
        channel = await a_webchat_channel(session)
        ana = await a_mail_customer(session)
        chat = await a_visitor(session, channel)
        await claim_address(session, chat.customer, MAIL, TYPED)
        done = await prove_email(session, chat.identity, MAIL)
        assert done.customer.id == ana.customer.id
        assert await seen(session, chat.identity) == ["By mail", "Hello?"]
        (claim,) = await session.scalars(select(Claim))
        (suggestion,) = await session.scalars(select(Suggestion))
        assert (claim.state, suggestion.state) == (ClaimState.CONFIRMED, SuggestionState.SAME_PERSON)


async def test_a_mailed_code_proves_an_address_that_nobody_owns(database: Database) -> None:
    async with database.transaction() as session:
        channel = await a_webchat_channel(session)
        chat = await a_visitor(session, channel)
        await prove_email(session, chat.identity, MAIL)
        email = await find_identity(session, AddressKind.EMAIL, MAIL)
        assert email is not None
        assert (email.customer_id, email.proof) == (chat.customer.id, Proof.CODE)


async def test_a_typed_address_shows_nothing_and_asks_agents_once(database: Database) -> None:
    async with database.transaction() as session:
        channel = await a_webchat_channel(session)
        await a_mail_customer(session)
        chat = await a_visitor(session, channel)
        for _ in range(2):
            claim = await claim_address(session, chat.customer, MAIL, TYPED)
            assert claim is not None and claim.state == ClaimState.OPEN
        assert await count(session, Suggestion) == await count(session, Claim) == 1
        assert await seen(session, chat.identity) == ["Hello?"]
        with pytest.raises(Invalid):
            await claim_address(session, chat.customer, "nonsense", TYPED)
    async with database.reading() as session:
        assert await count(session, Event, Event.kind == EventKind.SUGGESTION_MADE) == 1


async def test_whoever_types_one_address_after_the_other_is_stopped(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        chat = await a_visitor(session, await a_webchat_channel(session))
        for number in range(MOST_TYPED):
            await claim_address(session, chat.customer, f"{number}@robot.test", TYPED)

        with pytest.raises(Conflict, match="many addresses"):
            await claim_address(session, chat.customer, MAIL, TYPED)
        assert await claim_address(session, chat.customer, "0@robot.test", TYPED) is not None
        assert await claim_address(session, chat.customer, MAIL, SIGNED) is not None  # its site says so


async def test_what_an_agent_merged_stays_unseen_even_after_a_proof(database: Database) -> None:
    """An agent takes a visitor for Ana. The visitor signs in as somebody else: Ana's mail stays Ana's."""
    async with database.transaction() as session:
        channel = await a_webchat_channel(session)
        ana = await a_mail_customer(session)
        chat = await a_visitor(session, channel)
        agent = await an_agent(session)
        await merge(session, chat.customer, into=ana.customer, by=agent)
        assert await seen(session, chat.identity) == ["Hello?"]
        await identify(session, chat.identity, channel=channel, user_id="mallory", email="m@mail.example")
        assert await seen(session, chat.identity) == ["Hello?"]
        browser = await recognise(session, f"{channel.public_key}:new", channel=channel, user_id="mallory")
        assert browser is not None
        assert await seen(session, browser.visitor) == ["Hello?"]


async def test_undoing_a_merge_on_proof_takes_its_sight_away(database: Database) -> None:
    async with database.transaction() as session:
        channel = await a_webchat_channel(session)
        ana = await a_mail_customer(session)
        chat = await a_visitor(session, channel)
        agent = await an_agent(session)
        await identify(session, chat.identity, channel=channel, user_id="7", email=MAIL)
        (joined,) = await session.scalars(select(Merge))
        await undo_merge(session, joined, by=agent)
        user = await find_identity(session, AddressKind.USER, f"{channel.public_key}:7")
        assert user is not None and user.customer_id == chat.identity.customer_id == chat.customer.id
        assert await seen(session, chat.identity) == ["Hello?"]
        await identify(session, chat.identity, channel=channel, user_id="7", email=MAIL)
        assert chat.identity.customer_id == chat.customer.id != ana.customer.id
        assert await count(session, Merge) == 1


async def test_visitors_of_a_shared_address_never_see_each_other(database: Database) -> None:
    async with database.transaction() as session:
        channel = await a_webchat_channel(session)
        office = await a_mail_customer(session, text="From the office", address="office@firm.example")
        office.customer.marks = [Mark.SHARED]
        chats = [await a_visitor(session, channel, f"Person {number}") for number in (1, 2)]
        for chat in chats:
            await prove_email(session, chat.identity, "office@firm.example")
            assert chat.identity.customer_id == office.customer.id
        for number, chat in enumerate(chats, start=1):
            assert await seen(session, chat.identity) == [f"Person {number}"]


async def test_two_browsers_that_prove_one_new_address_at_once_end_with_one_owner(
    database: Database,
) -> None:
    async with database.transaction() as session:
        channel = await a_webchat_channel(session)
        chats = [await a_visitor(session, channel) for _ in range(2)]
    for chat in chats:
        async with database.transaction() as session:
            visitor = await session.get_one(Identity, chat.identity.id)
            await prove_email(session, visitor, MAIL)
    async with database.reading() as session:
        owners = {(await session.get_one(Identity, chat.identity.id)).customer_id for chat in chats}
        assert owners == {chats[0].customer.id}


async def test_an_answer_is_seen_once_it_was_sent_and_a_cancelled_one_never(database: Database) -> None:
    async with database.transaction() as session:
        channel = await a_webchat_channel(session)
        chat = await a_visitor(session, channel)
        agent = await an_agent(session)
        answer = await an_outbound_message(session, chat, by=agent, text="Yes", delivery=DeliveryState.QUEUED)
        assert await seen(session, chat.identity) == ["Hello?"]
        answer.delivery = DeliveryState.SENT
        assert await seen(session, chat.identity) == ["Hello?", "Yes"]
        answer.delivery = DeliveryState.CANCELLED
        assert await seen(session, chat.identity) == ["Hello?"]
