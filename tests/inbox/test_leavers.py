"""Letting somebody go who has cases."""

import pytest

from inbox.actions.events import recorded
from inbox.actions.handoffs import offer
from inbox.actions.resolutions import resolve, set_pending
from inbox.actions.undos import undo
from inbox.clock import FrozenClock
from inbox.db import Database
from inbox.errors import Conflict, Invalid, NotPermitted
from inbox.leavers import let_go
from inbox.models import Agent, Case, Handoff, HandoffState, Role
from inbox.timers import Timers
from tests.builders import Scene, a_conversation, a_team, an_agent, the_customer_writes


async def holders(database: Database, *scenes: Scene) -> list[tuple[int | None, int | None]]:
    async with database.reading() as session:
        cases = [await session.get_one(Case, scene.case.id) for scene in scenes]
    return [(case.assignee_id, case.team_id) for case in cases]


async def test_the_cases_of_a_leaver_go_where_the_admin_says_and_come_back_with_one_undo(
    database: Database, clock: FrozenClock
) -> None:
    async with database.transaction() as session:
        ada, maya = await an_agent(session, name="Ada", role=Role.ADMIN), await an_agent(session)
        tomas = await an_agent(session, name="Tomás Lund")
        team, own = await a_team(session), await a_team(session, name="Orders")
        scenes = [await a_conversation(session, assignee=maya) for _ in range(3)]
        scenes[1].case.team_id = own.id
        await set_pending(session, scenes[2].case, by=maya)
    before = await holders(database, *scenes)

    for to, expected in (
        (tomas, [(tomas.id, None), (tomas.id, own.id), (tomas.id, None)]),
        (team, [(None, team.id)] * 3),
        (None, [(None, None), (None, own.id), (None, None)]),
    ):
        leaving = await let_go(database, maya, to=to, by=ada)
        after = await holders(database, *scenes)
        async with database.transaction() as session:
            gone = (await session.get_one(Agent, maya.id)).deactivated_at
            await undo(session, leaving.undo_id, by=ada)
        assert (leaving.cases, after, gone) == (3, expected, clock())
        assert await holders(database, *scenes) == before

    async with database.reading() as session:
        assert (await session.get_one(Agent, maya.id)).deactivated_at is None


async def test_what_somebody_has_taken_since_stays_with_them_when_a_leaving_is_undone(
    sqlite_database: Database,
) -> None:
    async with sqlite_database.transaction() as session:
        ada, maya = await an_agent(session, name="Ada", role=Role.ADMIN), await an_agent(session)
        scenes = [await a_conversation(session, assignee=maya) for _ in range(2)]
    leaving = await let_go(sqlite_database, maya, to=None, by=ada)
    async with sqlite_database.transaction() as session:
        (await session.get_one(Case, scenes[0].case.id)).assignee_id = ada.id
    async with sqlite_database.transaction() as session:
        await undo(session, leaving.undo_id, by=ada)

    assert await holders(sqlite_database, *scenes) == [(ada.id, None), (maya.id, None)]


async def test_nothing_is_offered_to_a_leaver_any_more(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        ada, maya = await an_agent(session, name="Ada", role=Role.ADMIN), await an_agent(session)
        scene = await a_conversation(session, assignee=ada)
        handoff = await offer(session, scene.case, to=maya, by=ada, reason="Bespoke")
    await let_go(sqlite_database, maya, to=None, by=ada)

    async with sqlite_database.reading() as session:
        assert (await session.get_one(Handoff, handoff.id)).state == HandoffState.WITHDRAWN
    assert await holders(sqlite_database, scene) == [(ada.id, None)]


async def test_the_last_admin_stays_and_cases_go_to_somebody_who_is_here(
    sqlite_database: Database, clock: FrozenClock
) -> None:
    async with sqlite_database.transaction() as session:
        ada, maya = await an_agent(session, name="Ada", role=Role.ADMIN), await an_agent(session)
        gone = await an_agent(session, name="Gone")
        gone.deactivated_at = clock()
    with pytest.raises(Conflict):
        await let_go(sqlite_database, ada, to=None, by=ada)
    with pytest.raises(NotPermitted):
        await let_go(sqlite_database, ada, to=None, by=maya)
    for to in (maya, gone):
        with pytest.raises(Invalid):
            await let_go(sqlite_database, maya, to=to, by=ada)
    async with sqlite_database.transaction() as session:
        assert recorded(session) == []
        assert (await session.get_one(Agent, maya.id)).deactivated_at is None


async def test_a_case_that_a_leaver_had_resolved_goes_to_its_team_when_the_customer_writes_again(
    sqlite_database: Database, clock: FrozenClock
) -> None:
    async with sqlite_database.transaction() as session:
        ada, maya = await an_agent(session, name="Ada", role=Role.ADMIN), await an_agent(session)
        scene = await a_conversation(session, assignee=maya)
        await resolve(session, scene.case, by=maya)
    await let_go(sqlite_database, maya, to=None, by=ada)
    clock.advance(minutes=10)
    async with sqlite_database.transaction() as session:
        await the_customer_writes(session, scene)
    kept = await holders(sqlite_database, scene)
    await Timers(sqlite_database).do_what_is_due()

    assert kept == [(maya.id, None)]
    assert await holders(sqlite_database, scene) == [(None, None)]
