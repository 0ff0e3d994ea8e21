"""The builders make what the product would."""

from sqlalchemy import select

from inbox.db import Database
from inbox.models import Case, Event, EventKind, Message, TimelineEntry
from tests.builders import a_conversation, an_agent, an_outbound_message


async def test_a_conversation_of_the_builders_waits_with_its_messages_in_order(database: Database) -> None:
    async with database.transaction() as session:
        scene = await a_conversation(session, with_messages=3)

    async with database.reading() as session:
        case = (await session.scalars(select(Case))).one()
        positions = (await session.scalars(select(Message.position).order_by(Message.id))).all()
        entries = (await session.scalars(select(TimelineEntry.kind).order_by(TimelineEntry.position))).all()
    assert case.waiting_since == scene.messages[0].created_at
    assert positions == sorted(positions) and positions[0] > 0
    assert entries == ["change", "message", "message", "message"]


async def test_an_outbound_message_of_the_builders_answers_the_strand(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        scene = await a_conversation(session)
        await an_outbound_message(session, scene, by=await an_agent(session))

    assert scene.case.waiting_since is None
    async with sqlite_database.reading() as session:
        kinds = (await session.scalars(select(Event.kind).order_by(Event.position))).all()
    assert kinds == [EventKind.CASE_OPENED, EventKind.MESSAGE_RECEIVED, EventKind.MESSAGE_QUEUED]
