"""The order of positions is the order of commits: whoever has seen one never misses one below it."""

import asyncio
import random

from sqlalchemy import select

from inbox.actions.events import record, recorded
from inbox.actors import SYSTEM
from inbox.db import Database
from inbox.models import Event, EventKind, TimelineEntry
from tests.builders import a_conversation

WRITERS, EACH = 12, 10


async def write(database: Database, number: int) -> int:
    """How many of this writer's transactions were kept: now and then one fails after it has recorded."""
    choice, kept = random.Random(number), 0
    for turn in range(EACH):
        try:
            async with database.transaction() as session:
                for part in range(choice.randint(1, 3)):
                    data = {"writer": number, "turn": turn, "part": part}
                    record(session, EventKind.CHANNEL_CHANGED, actor=SYSTEM, conversation=None, data=data)
                await session.flush()
                count = len(recorded(session))
                if choice.random() < 0.15:
                    raise ZeroDivisionError
        except ZeroDivisionError:
            continue
        kept += count
    return kept


async def follow(database: Database, until: asyncio.Event) -> list[int]:
    """What a reader sees who asks for what comes after the last position it has seen, as the tail does."""
    seen: list[int] = []
    while True:
        is_last = until.is_set()
        async with database.reading() as session:
            after = select(Event.position).where(Event.position > (seen[-1] if seen else 0))
            seen += await session.scalars(after.order_by(Event.position))
        if is_last:
            return seen
        await asyncio.sleep(0)


async def test_a_reader_misses_nothing_and_sees_nothing_twice_while_many_write(database: Database) -> None:
    written = asyncio.Event()
    reader = asyncio.create_task(follow(database, written))
    kept = sum(await asyncio.gather(*(write(database, number) for number in range(WRITERS))))
    written.set()
    seen = await reader

    async with database.reading() as session:
        stored = list(await session.scalars(select(Event.position).order_by(Event.position)))
    assert seen == stored
    assert len(seen) == kept > 0 and seen == sorted(set(seen))


async def test_an_event_that_places_something_has_its_entry_at_its_position(database: Database) -> None:
    async with database.transaction() as session:
        scene = await a_conversation(session, with_messages=1)
        record(
            session, EventKind.CASE_RESOLVED, actor=SYSTEM, conversation=scene.conversation, case=scene.case
        )
        record(
            session, EventKind.CASE_PENDING, actor=SYSTEM, conversation=scene.conversation, case=scene.case
        )

    async with database.reading() as session:
        newest = (await session.scalars(select(Event).order_by(Event.position.desc()).limit(2))).all()
        entries = (await session.scalars(select(TimelineEntry.event_id))).all()
    assert [event.kind for event in newest] == [EventKind.CASE_PENDING, EventKind.CASE_RESOLVED]
    assert newest[1].id in entries


async def test_what_a_failed_transaction_recorded_is_nowhere(database: Database) -> None:
    try:
        async with database.transaction() as session:
            record(session, EventKind.CHANNEL_CHANGED, actor=SYSTEM, conversation=None)
            raise ZeroDivisionError
    except ZeroDivisionError:
        async with database.reading() as session:
            found = (await session.scalars(select(Event))).all()

    assert found == []
