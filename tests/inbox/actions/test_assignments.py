"""Who is responsible for a case."""

import asyncio

import pytest
from sqlalchemy import select

from inbox import clock as product_clock
from inbox.actions.assignments import assign, assign_team, claim
from inbox.actions.events import recorded
from inbox.actions.undos import latest, undo
from inbox.clock import FrozenClock
from inbox.db import Database
from inbox.errors import Conflict, Invalid
from inbox.models import Agent, Assignment, Because, Case, Event, EventKind, Status
from tests.builders import a_conversation, a_team, an_agent


async def test_assigning_is_one_event_and_one_open_assignment(database: Database, clock: FrozenClock) -> None:
    async with database.transaction() as session:
        scene = await a_conversation(session)
        maya, tomas = await an_agent(session), await an_agent(session, name="Tomás Lund")
    async with database.transaction() as session:
        case = await session.get_one(Case, scene.case.id)
        await assign(session, case, to=maya, by=maya)
        await assign(session, case, to=maya, by=tomas)
        clock.advance(minutes=1)
        await assign(session, case, to=tomas, by=maya)

    async with database.reading() as session:
        events = (await session.scalars(select(Event).where(Event.kind == EventKind.CASE_ASSIGNED))).all()
        spells = (await session.scalars(select(Assignment).order_by(Assignment.id))).all()
    assert [event.data["agent"] for event in events] == ["Maya Okafor", "Tomás Lund"]
    assert [(spell.agent_id, spell.ended_at) for spell in spells] == [(maya.id, clock()), (tomas.id, None)]


async def test_a_team_gets_a_case_without_taking_it_from_anybody(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        agent = await an_agent(session)
        scene = await a_conversation(session, assignee=agent)
        team = await a_team(session, agent)

        await assign_team(session, scene.case, team=team, by=agent)
        await assign(session, scene.case, to=None, by=agent)

    assert (scene.case.team_id, scene.case.assignee_id) == (team.id, None)


async def test_nobody_is_given_work_after_they_have_left(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        scene = await a_conversation(session)
        agent = await an_agent(session)
        agent.deactivated_at = product_clock.now()
        with pytest.raises(Invalid):
            await assign(session, scene.case, to=agent, by=agent)
        assert EventKind.CASE_ASSIGNED not in recorded(session)


async def test_an_assignment_can_be_undone_unless_somebody_took_it_since(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        maya, tomas = await an_agent(session), await an_agent(session, name="Tomás Lund")
        scene = await a_conversation(session, assignee=tomas)
        await assign(session, scene.case, to=maya, by=maya)
        first = await latest(session, by=maya)
        assert first is not None
        await undo(session, first.public_id, by=maya)
        given_back_to = scene.case.assignee_id

        await assign(session, scene.case, to=maya, by=maya)
        second = await latest(session, by=maya)
        await assign(session, scene.case, to=None, by=tomas)
        assert second is not None
        with pytest.raises(Conflict):
            await undo(session, second.public_id, by=maya)

    assert given_back_to == tomas.id and scene.case.assignee_id is None


async def test_whoever_begins_to_answer_first_has_the_case(database: Database) -> None:
    async with database.transaction() as session:
        scene = await a_conversation(session)
        agents = [await an_agent(session, name=f"Agent {number}") for number in range(5)]

    async def begin(agent: Agent) -> bool:
        async with database.transaction() as session:
            return await claim(session, await session.get_one(Case, scene.case.id), by=agent)

    won = await asyncio.gather(*map(begin, agents))
    async with database.transaction() as session:
        case = await session.get_one(Case, scene.case.id)
        winner = agents[won.index(True)]
        holder = case.assignee_id
        spell = (await session.scalars(select(Assignment))).one()
        mine = await latest(session, by=winner)
        assert mine is not None
        await undo(session, mine.public_id, by=winner)

    assert sum(won) == 1 and holder == winner.id and spell.because == Because.WRITING
    assert case.assignee_id is None


async def test_a_case_that_is_done_is_not_claimed(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        scene, maya = await a_conversation(session, status=Status.RESOLVED), await an_agent(session)
        scene.case.status = Status.RESOLVED
        assert not await claim(session, scene.case, by=maya)
        assert scene.case.assignee_id is None
