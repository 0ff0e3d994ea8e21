"""Being away: planned, begun and ended; who covers gets what waits."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from inbox import clock as product_clock
from inbox.actions.absences import end_absence, keep_absences, plan_absence
from inbox.actions.assignments import assign
from inbox.actions.covers import is_anything_to_pass, pass_to_covers
from inbox.actions.events import recorded
from inbox.actions.handoffs import offer
from inbox.actions.resolutions import set_pending, snooze, wake_due
from inbox.actors import Actor
from inbox.clock import FrozenClock
from inbox.db import Database
from inbox.errors import Conflict, Invalid, NotPermitted
from inbox.models import Agent, Assignment, Because, Case, EventKind, Role, Team
from inbox.queries.absences import away_now
from inbox.timers import Timers
from tests.builders import Scene, a_conversation, a_team, an_agent, the_customer_writes

DAY = timedelta(days=1)


async def people(session: object) -> tuple[Agent, Agent]:
    return await an_agent(session), await an_agent(session, name="Priya Nair")  # type: ignore[arg-type]


async def go_away(
    database: Database, agent: Agent, cover: Agent | Team | None, *, for_: timedelta | None = DAY
) -> None:
    async with database.transaction() as session:
        until = product_clock.now() + for_ if for_ else None
        await plan_absence(session, agent, ends_at=until, cover=cover, by=Actor.agent(agent))


async def holders(database: Database, *scenes: Scene) -> list[tuple[int | None, int | None]]:
    """Who has these cases once everything that is due was done."""
    await Timers(database).do_what_is_due()
    async with database.reading() as session:
        cases = [await session.get_one(Case, scene.case.id) for scene in scenes]
    return [(case.assignee_id, case.team_id) for case in cases]


async def test_waiting_cases_move_at_once_pending_ones_on_the_answer_snoozed_ones_on_waking(
    database: Database, clock: FrozenClock
) -> None:
    async with database.transaction() as session:
        maya, priya = await people(session)
        waiting, pending, snoozed = [await a_conversation(session, assignee=maya) for _ in range(3)]
        await set_pending(session, pending.case, by=maya)
        await snooze(session, snoozed.case, until=clock() + timedelta(hours=5), by=maya)
    await go_away(database, maya, priya)
    at_first = await holders(database, waiting, pending, snoozed)
    clock.advance(hours=1)
    async with database.transaction() as session:
        await the_customer_writes(session, pending)
    answered = await holders(database, pending)
    clock.advance(hours=5)
    woken = await holders(database, snoozed)

    assert at_first == [(priya.id, None), (maya.id, None), (maya.id, None)]
    assert answered == woken == [(priya.id, None)]


async def test_the_history_says_for_whom_somebody_covers(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        maya, priya = await people(session)
        scene = await a_conversation(session, assignee=maya)
    await go_away(sqlite_database, maya, priya)
    await holders(sqlite_database, scene)

    async with sqlite_database.reading() as session:
        (spell,) = (await session.scalars(select(Assignment))).all()
        away = await away_now(session)
    assert (spell.because, spell.instead_of_id, spell.agent_id) == (Because.COVER, maya.id, priya.id)
    assert away[maya.id].cover_name == "Priya Nair"


async def test_a_team_can_cover_and_without_a_cover_a_case_goes_back_to_its_team(
    sqlite_database: Database,
) -> None:
    async with sqlite_database.transaction() as session:
        maya, priya = await people(session)
        team = await a_team(session, priya)
        own, other = await a_team(session, name="Orders"), await a_conversation(session, assignee=priya)
        scene = await a_conversation(session, assignee=maya)
        other.case.team_id = own.id
    await go_away(sqlite_database, maya, team)
    await go_away(sqlite_database, priya, None, for_=None)

    assert await holders(sqlite_database, scene, other) == [(None, team.id), (None, own.id)]


async def test_a_cover_who_is_away_has_a_cover_and_a_ring_of_them_has_none(
    sqlite_database: Database,
) -> None:
    async with sqlite_database.transaction() as session:
        maya, priya = await people(session)
        tomas = await an_agent(session, name="Tomás Lund")
        scene = await a_conversation(session, assignee=maya)
    await go_away(sqlite_database, priya, tomas)
    await go_away(sqlite_database, maya, priya)
    (covered,) = await holders(sqlite_database, scene)
    await go_away(sqlite_database, tomas, maya)
    (in_a_ring,) = await holders(sqlite_database, scene)

    assert covered == (tomas.id, None)
    assert in_a_ring == (None, None)


async def test_an_hour_without_a_cover_takes_no_case_away(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        maya, _ = await people(session)
        scene = await a_conversation(session, assignee=maya)
    await go_away(sqlite_database, maya, None, for_=timedelta(hours=1))

    assert await holders(sqlite_database, scene) == [(maya.id, None)]


async def test_what_is_given_to_somebody_away_stays_until_the_customer_writes(
    sqlite_database: Database, clock: FrozenClock
) -> None:
    async with sqlite_database.transaction() as session:
        maya, priya = await people(session)
        scene = await a_conversation(session, assignee=priya)
    await go_away(sqlite_database, maya, priya)
    clock.advance(minutes=5)
    async with sqlite_database.transaction() as session:
        await assign(session, await session.get_one(Case, scene.case.id), to=maya, by=priya)
    (given,) = await holders(sqlite_database, scene)
    clock.advance(minutes=5)
    async with sqlite_database.transaction() as session:
        await the_customer_writes(session, scene)
    (written,) = await holders(sqlite_database, scene)

    assert given == (maya.id, None)
    assert written == (priya.id, None)


async def test_what_is_offered_to_somebody_waits_for_their_answer_first(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        maya, priya = await people(session)
        tomas = await an_agent(session, name="Tomás Lund")
        scene = await a_conversation(session, assignee=maya)
        await offer(session, scene.case, to=tomas, by=maya, reason="Bespoke")
    await go_away(sqlite_database, maya, priya)
    async with sqlite_database.reading() as session:
        is_due = await is_anything_to_pass(session, product_clock.now())

    assert await holders(sqlite_database, scene) == [(maya.id, None)]
    assert not is_due


async def test_an_absence_begins_and_ends_by_itself(sqlite_database: Database, clock: FrozenClock) -> None:
    async with sqlite_database.transaction() as session:
        maya, priya = await people(session)
        start, until = clock() + timedelta(hours=1), clock() + timedelta(hours=9)
        await plan_absence(session, maya, starts_at=start, ends_at=until, cover=priya, by=Actor.agent(maya))
        kinds = [recorded(session)[-1]]
    for hours in (2, 8):
        clock.advance(hours=hours)
        async with sqlite_database.transaction() as session:
            assert await keep_absences(session, clock()) == 1
            assert await pass_to_covers(session, clock()) == 0
            kinds += recorded(session)
        async with sqlite_database.reading() as session:
            assert (maya.id in await away_now(session)) is (hours == 2)

    assert kinds == [EventKind.ABSENCE_PLANNED, EventKind.ABSENCE_BEGAN, EventKind.ABSENCE_ENDED]


async def test_who_is_back_early_says_so(sqlite_database: Database, clock: FrozenClock) -> None:
    async with sqlite_database.transaction() as session:
        maya, priya = await people(session)
        scene = await a_conversation(session, assignee=maya)
    await go_away(sqlite_database, maya, priya)
    async with sqlite_database.transaction() as session:
        await end_absence(session, maya, by=Actor.agent(maya))

    assert await holders(sqlite_database, scene) == [(maya.id, None)]


async def test_agents_plan_their_own_absence_and_admins_everybodys(
    sqlite_database: Database, clock: FrozenClock
) -> None:
    async with sqlite_database.transaction() as session:
        maya, priya = await people(session)
        ada = Actor.agent(await an_agent(session, name="Ada", role=Role.ADMIN))
        until = clock() + DAY
        with pytest.raises(NotPermitted):
            await plan_absence(session, maya, ends_at=until, cover=None, by=Actor.agent(priya))
        with pytest.raises(NotPermitted):
            await end_absence(session, maya, by=Actor.agent(priya))
        planned = await plan_absence(session, maya, ends_at=until, cover=priya, by=ada)
        changed = await plan_absence(session, maya, ends_at=until + DAY, cover=None, by=ada)

    assert planned.id == changed.id and changed.ends_at == until + DAY and changed.cover_agent_id is None


async def test_an_absence_needs_an_end_to_come_and_somebody_else_to_cover(
    sqlite_database: Database, clock: FrozenClock
) -> None:
    async with sqlite_database.transaction() as session:
        maya, priya = await people(session)
        by = Actor.agent(maya)
        with pytest.raises(Invalid):
            await plan_absence(session, maya, ends_at=clock(), cover=None, by=by)
        with pytest.raises(Invalid):
            await plan_absence(
                session, maya, starts_at=clock() + 2 * DAY, ends_at=clock() + DAY, cover=None, by=by
            )
        with pytest.raises(Invalid):
            await plan_absence(session, maya, ends_at=clock() + DAY, cover=maya, by=by)
        priya.deactivated_at = clock()
        with pytest.raises(Invalid):
            await plan_absence(session, maya, ends_at=clock() + DAY, cover=priya, by=by)
        with pytest.raises(Conflict):
            await plan_absence(session, priya, ends_at=clock() + DAY, cover=maya, by=Actor.agent(priya))
        assert await wake_due(session, clock()) == 0
