"""A reply target says by when whoever waits is to be answered, in working time; what is due comes first."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from inbox.actions import hours, replies, targets
from inbox.actors import SYSTEM, Actor
from inbox.clock import FrozenClock
from inbox.db import Database
from inbox.errors import Invalid
from inbox.models import Case, Channel
from inbox.operators import read
from inbox.queries import case_rows, sought
from inbox.queries.case_views import CaseFilter
from inbox.waiting import refresh_waiting
from tests.builders import Scene, a_conversation, a_customer, an_agent

WEEKDAYS = [[["09:00", "17:00"]]] * 5 + [[], []]  # the frozen clock stands on a Friday, 10:00 UTC


async def due(database: Database, scene: Scene) -> datetime | None:
    async with database.reading() as session:
        return (await session.get_one(Case, scene.case.id)).due_at


async def a_scene(database: Database, minutes: int | None) -> Scene:
    async with database.transaction() as session:
        scene = await a_conversation(session, customer=await a_customer(session))
        channel = await session.get_one(Channel, scene.channel.id)
        await targets.set_targets(session, {channel: minutes}, by=SYSTEM)
    return scene


async def test_a_target_counts_from_the_message_that_waits(database: Database, clock: FrozenClock) -> None:
    scene = await a_scene(database, 120)
    assert await due(database, scene) == datetime(2026, 11, 20, 12, tzinfo=UTC)


async def test_it_counts_working_time_and_follows_the_hours(database: Database, clock: FrozenClock) -> None:
    scene = await a_scene(database, 10 * 60)
    async with database.transaction() as session:
        await hours.set_hours(session, None, time_zone="UTC", week=WEEKDAYS, by=SYSTEM)
    assert await due(database, scene) == datetime(2026, 11, 23, 12, tzinfo=UTC)
    async with database.transaction() as session:
        await hours.forget_hours(session, None, by=SYSTEM)
    assert await due(database, scene) == datetime(2026, 11, 20, 20, tzinfo=UTC)


async def test_an_answer_ends_it_and_without_a_target_there_is_none(
    sqlite_database: Database, clock: FrozenClock
) -> None:
    scene, other = await a_scene(sqlite_database, 60), await a_scene(sqlite_database, None)
    assert await due(sqlite_database, other) is None
    async with sqlite_database.transaction() as session:
        case = await session.get_one(Case, scene.case.id)
        strand = await session.get_one(type(scene.strand), scene.strand.id)
        await replies.mark_answered(session, strand, by=await an_agent(session))
        await refresh_waiting(session, case)
    assert await due(sqlite_database, scene) is None


async def test_what_is_due_first_stands_first_and_can_be_looked_for(
    database: Database, clock: FrozenClock
) -> None:
    without = await a_scene(database, None)
    clock.advance(hours=1)
    later, sooner = await a_scene(database, 300), await a_scene(database, 30)
    clock.advance(hours=1)
    async with database.transaction() as session:
        agent = Actor.agent(await an_agent(session))
    async with database.reading() as session:
        page = await case_rows.rows(session, CaseFilter(view="all"), actor=agent)
        late = select(Case.id).where(*sought.cases(session, read("is:late"), agent))
        found = set(await session.scalars(late))
    assert [row.case.id for row in page.items] == [one.case.id for one in (sooner, later, without)]
    assert found == {sooner.case.id}


async def test_a_target_has_bounds(sqlite_database: Database) -> None:
    for minutes in (0, targets.LONGEST + 1):
        with pytest.raises(Invalid, match="between one minute and 30 days"):
            await a_scene(sqlite_database, minutes)
