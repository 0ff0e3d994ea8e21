"""What stands in the wrong place goes to the right one, and back."""

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actions.events import write_events
from inbox.actions.messages import FilingRules, receive
from inbox.actions.moves import move_message, move_strand
from inbox.actions.splits import split
from inbox.actions.undos import latest, undo
from inbox.clock import FrozenClock
from inbox.db import Database
from inbox.envelopes import Address, AddressKind, ChannelKind, InboundMessage
from inbox.errors import Conflict
from inbox.models import (
    Agent,
    Case,
    Event,
    EventKind,
    IntakeRecord,
    Mark,
    Message,
    Status,
    Strand,
    Suggestion,
    SuggestionKind,
    TimelineEntry,
)
from inbox.placements import Arrival
from tests.builders import (
    KEYS,
    Scene,
    a_conversation,
    a_strand,
    a_webchat_channel,
    an_agent,
    an_inbound_message,
)


async def two_scenes(session: AsyncSession) -> tuple[Scene, Scene, Agent]:
    office, ben = await a_conversation(session, with_messages=2), await a_conversation(session)
    await write_events(session)
    return office, ben, await an_agent(session)


async def undo_newest(session: AsyncSession, agent: Agent) -> None:
    newest = await latest(session, by=agent)
    assert newest is not None
    await write_events(session)
    await undo(session, newest.public_id, by=agent)


async def test_a_message_alone_gets_a_strand_in_the_other_conversation(
    database: Database, clock: FrozenClock
) -> None:
    async with database.transaction() as session:
        office, ben, agent = await two_scenes(session)
        message = office.messages[1]
        await move_message(session, message, to=ben.conversation, by=agent)
        strand = await session.get_one(Strand, message.strand_id)
        assert (message.conversation_id, message.case_id) == (ben.conversation.id, ben.case.id)
        assert message.origin_conversation_id == office.conversation.id
        assert (strand.conversation_id, strand.case_id) == (ben.conversation.id, ben.case.id)
        assert (strand.subject, strand.identity_id) == (office.strand.subject, office.identity.id)
        (entry,) = await session.scalars(select(TimelineEntry).where(TimelineEntry.message_id == message.id))
        assert (entry.conversation_id, entry.case_id) == (ben.conversation.id, ben.case.id)
        assert office.case.preview == "Where is my order?"
        assert ben.case.preview == "Where is my order?"
        await undo_newest(session, agent)
        assert (message.conversation_id, message.strand_id) == (office.conversation.id, office.strand.id)
        assert message.case_id == office.case.id
        assert await session.get(Strand, strand.id, populate_existing=True) is None


async def test_a_strand_moves_with_all_it_holds_and_its_emptied_case_is_resolved(
    database: Database, clock: FrozenClock
) -> None:
    async with database.transaction() as session:
        office, ben, agent = await two_scenes(session)
        ben.case.status, ben.case.resolved_at = Status.PENDING, None
        card = Suggestion(
            kind=SuggestionKind.HELD_ANSWER,
            customer_id=office.customer.id,
            other_customer_id=ben.customer.id,
            conversation_id=office.conversation.id,
            strand_id=office.strand.id,
        )
        session.add(card)
        await session.flush()
        await move_strand(session, office.strand, to=ben.case, by=agent)
        assert {m.conversation_id for m in office.messages} == {ben.conversation.id}
        assert office.strand.case_id == ben.case.id
        assert (office.case.status, office.case.waiting_since) == (Status.RESOLVED, None)
        assert (ben.case.status, card.conversation_id) == (Status.OPEN, ben.conversation.id)
        assert card.customer_id == ben.customer.id
        later = await an_inbound_message(
            session, Scene(ben.customer, ben.conversation, ben.channel, ben.identity, office.strand, ben.case)
        )
        await undo_newest(session, agent)
        assert {m.conversation_id for m in (*office.messages, later)} == {office.conversation.id}
        assert {m.case_id for m in (*office.messages, later)} == {office.case.id}
        assert (office.case.status, ben.case.status) == (Status.OPEN, Status.PENDING)
        assert office.case.waiting_since is not None
        assert card.conversation_id == office.conversation.id


async def test_one_move_is_one_event_that_names_both_threads(database: Database, clock: FrozenClock) -> None:
    async with database.transaction() as session:
        office, ben, agent = await two_scenes(session)
        await move_message(session, office.messages[0], to=ben.conversation, by=agent)
    async with database.reading() as session:
        (event,) = await session.scalars(select(Event).where(Event.kind == EventKind.MESSAGE_MOVED))
        both = [office.conversation.public_id, ben.conversation.public_id]
        assert (event.data["conversations"], event.data["message"]) == (both, office.messages[0].public_id)
        assert event.data["cases"] == [office.case.number, ben.case.number]
        assert event.conversation_id == ben.conversation.id


async def test_within_a_conversation_a_message_changes_its_case_and_keeps_its_strand(
    database: Database, clock: FrozenClock
) -> None:
    async with database.transaction() as session:
        office, _, agent = await two_scenes(session)
        other = await a_strand(
            session, office.conversation, office.channel, case=office.case, identity=office.identity
        )
        await an_inbound_message(session, office, strand=other, text="Another matter")
        await write_events(session)
        fresh = await split(session, office.case, by=agent, strands=[other])
        message = office.messages[1]
        await move_message(session, message, to=fresh, by=agent)
        assert (message.case_id, message.strand_id) == (fresh.id, office.strand.id)
        assert office.strand.case_id == office.case.id
        await move_strand(session, office.strand, to=fresh, by=agent)
        assert (office.strand.case_id, office.messages[0].case_id) == (fresh.id, fresh.id)
        assert office.case.status == Status.RESOLVED


async def test_a_new_case_is_opened_where_none_or_several_could_be_meant(
    database: Database, clock: FrozenClock
) -> None:
    async with database.transaction() as session:
        office, ben, agent = await two_scenes(session)
        ben.customer.marks = [Mark.SHARED]
        await move_strand(session, office.strand, to=ben.conversation, by=agent)
        case = await session.get_one(Case, office.strand.case_id)
        assert case.id not in (office.case.id, ben.case.id)
        assert (case.conversation_id, case.subject) == (ben.conversation.id, "Order 48213")
        await undo_newest(session, agent)
        assert (office.strand.case_id, case.status) == (office.case.id, Status.RESOLVED)


async def test_what_is_there_already_or_cannot_go_there_stays(database: Database, clock: FrozenClock) -> None:
    async with database.transaction() as session:
        office, ben, agent = await two_scenes(session)
        ben.case.status = Status.SPAM
        await session.flush()
        with pytest.raises(Conflict):
            await move_message(session, office.messages[0], to=office.conversation, by=agent)
        with pytest.raises(Conflict):
            await move_message(session, office.messages[0], to=office.case, by=agent)
        with pytest.raises(Conflict):
            await move_strand(session, office.strand, to=office.case, by=agent)
        with pytest.raises(Conflict):
            await move_strand(session, office.strand, to=ben.case, by=agent)


async def test_a_move_that_was_overtaken_is_not_undone(database: Database, clock: FrozenClock) -> None:
    async with database.transaction() as session:
        office, ben, agent = await two_scenes(session)
        third = await a_conversation(session)
        await move_message(session, office.messages[0], to=ben.conversation, by=agent)
        first = await latest(session, by=agent)
        assert first is not None
        await move_message(session, office.messages[0], to=third.conversation, by=agent)
        with pytest.raises(Conflict):
            await undo(session, first.public_id, by=agent)


async def test_after_a_chat_was_moved_the_visitor_goes_on_in_a_thread_of_their_own(
    database: Database, clock: FrozenClock
) -> None:
    """Moving a strand does not say that its writer is somebody else: that is what merging is for."""
    async with database.transaction() as session:
        channel = await a_webchat_channel(session)
        chat, ben = await a_conversation(session, channel=channel), await a_conversation(session)
        await move_strand(session, chat.strand, to=ben.conversation, by=await an_agent(session))
        row = IntakeRecord(channel_id=channel.id, digest="0" * 64, size=1, source="webchat")
        session.add(row)
        await session.flush()
        inbound = InboundMessage(
            channel=ChannelKind.WEBCHAT,
            sender=Address(chat.identity.address, "", AddressKind.VISITOR),
            content_hash="1" * 64,
            text="Still there?",
        )
        arrival = Arrival(record_id=row.id, channel=channel, message=inbound)
        (filed,) = await receive(session, [arrival], FilingRules(tokens=KEYS.strand_tokens()))
        message = await session.get_one(Message, filed.message_id)
        strand = await session.get_one(Strand, message.strand_id)
        assert message.conversation_id == strand.conversation_id == chat.conversation.id
        assert strand.id != chat.strand.id
