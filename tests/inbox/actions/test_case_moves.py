"""A note, and a whole case, go to another conversation, and back."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actions.case_moves import move_case, move_note
from inbox.actions.events import write_events
from inbox.actions.notes import add_note
from inbox.actions.undos import latest, undo
from inbox.db import Database
from inbox.models import Agent, Conversation, Mention, Message, Note, Strand, TimelineEntry
from tests.builders import Scene, a_conversation, a_customer, a_strand, an_agent, an_inbound_message


async def two(session: AsyncSession) -> tuple[Scene, Scene, Agent, Note]:
    ana = await a_conversation(session, with_messages=2)
    ben = await a_conversation(session, customer=await a_customer(session, name="Ben"))
    agent = await an_agent(session)
    await an_agent(session, name="Priya Nair")
    note = await add_note(session, ana.conversation, by=agent, text="@Priya see this", case=ana.case)
    await write_events(session)
    return ana, ben, agent, note


async def take_back(session: AsyncSession, agent: Agent) -> None:
    newest = await latest(session, by=agent)
    assert newest is not None
    await undo(session, newest.public_id, by=agent)


async def places(session: AsyncSession, conversation: Conversation) -> list[tuple[str, int]]:
    """What stands in a conversation's timeline, but for changes."""
    query = select(TimelineEntry).where(TimelineEntry.conversation_id == conversation.id)
    rows = (await session.scalars(query.order_by(TimelineEntry.position))).all()
    return [(row.kind, row.message_id or row.note_id or 0) for row in rows if row.kind != "change"]


async def test_a_note_goes_to_the_newest_case_of_a_conversation_and_back(database: Database) -> None:
    async with database.transaction() as session:
        ana, ben, agent, note = await two(session)
        await move_note(session, note, to=ben.conversation, by=agent)
        await session.refresh(note)
        assert (note.conversation_id, note.case_id) == (ben.conversation.id, ben.case.id)
        assert (await session.scalars(select(Mention.case_id))).all() == [ben.case.id]
        assert ("note", note.id) in await places(session, ben.conversation)
        await take_back(session, agent)
        await session.refresh(note)
        assert (note.conversation_id, note.case_id) == (ana.conversation.id, ana.case.id)
        assert ("note", note.id) in await places(session, ana.conversation)


async def test_a_case_goes_with_all_that_is_in_it_and_back_with_what_came_since(
    database: Database,
) -> None:
    async with database.transaction() as session:
        ana, ben, agent, _ = await two(session)
        before = await places(session, ana.conversation)
        await move_case(session, ana.case, to=ben.conversation, by=agent)
        await session.refresh(ana.strand)
        assert await places(session, ana.conversation) == []
        assert [one for one in await places(session, ben.conversation) if one in before] == before
        assert ana.strand.conversation_id == ben.conversation.id and ana.case.waiting_since is not None
    async with database.transaction() as session:
        merged = [await session.merge(row) for row in (ben.conversation, ana.strand, ana.case)]
        moved = Scene(ana.customer, merged[0], ana.channel, ana.identity, merged[1], merged[2])  # type: ignore[arg-type]
        later = await an_inbound_message(session, moved, text="And this")
    async with database.transaction() as session:
        await take_back(session, await session.get_one(Agent, agent.id))
        home = await session.get_one(Conversation, ana.conversation.id)
        assert await places(session, home) == [*before, ("message", later.id)]
        strand = await session.get_one(Strand, ana.strand.id)
        assert strand.conversation_id == home.id


async def test_a_strand_with_another_case_is_parted(database: Database) -> None:
    async with database.transaction() as session:
        ana, ben, agent, _ = await two(session)
        other = await a_strand(session, ana.conversation, ana.channel, case=ana.case, identity=ana.identity)
        extra = await an_inbound_message(session, ana, text="Elsewhere", strand=other)
        extra.case_id = None
        await write_events(session)
        await move_case(session, ana.case, to=ben.conversation, by=agent)
        await session.refresh(extra)
        assert (extra.conversation_id, extra.strand_id) == (ana.conversation.id, other.id)
        left = (
            await session.scalars(select(Message).where(Message.conversation_id == ana.conversation.id))
        ).all()
        assert left == [extra]
