"""Handoffs cannot be dropped: somebody is responsible at every moment."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from inbox.actions.assignments import assign
from inbox.actions.events import recorded
from inbox.actions.handoffs import accept, decline, expire_due, offer, withdraw
from inbox.actions.hours import set_hours
from inbox.actions.replies import ReplySettings, reply
from inbox.actions.resolutions import resolve
from inbox.actions.undos import latest, undo
from inbox.actors import Actor
from inbox.clock import FrozenClock
from inbox.db import Database
from inbox.errors import Conflict, Invalid, NotPermitted
from inbox.models import Agent, Case, Event, EventKind, Follower, Handoff, HandoffState, Role, TimelineEntry
from tests.builders import KEYS, a_conversation, a_team, a_webchat_channel, an_agent


async def test_offering_an_unassigned_case_makes_it_the_offerers_until_it_is_accepted(
    database: Database, clock: FrozenClock
) -> None:
    async with database.transaction() as session:
        scene = await a_conversation(session)
        maya, priya = await an_agent(session), await an_agent(session, name="Priya Nair")
        handoff = await offer(session, scene.case, to=priya, by=maya, reason="Over  my limit")
        assignee_before = scene.case.assignee_id
    async with database.transaction() as session:
        await accept(session, await session.get_one(Handoff, handoff.id), by=priya, answer="On it")

    async with database.reading() as session:
        case = await session.get_one(Case, scene.case.id)
        accepted = await session.get_one(Handoff, handoff.id)
        kinds = (await session.scalars(select(Event.kind).order_by(Event.position))).all()
        placed = (await session.scalars(select(TimelineEntry.kind).order_by(TimelineEntry.position))).all()
    assert (assignee_before, case.assignee_id) == (maya.id, priya.id)
    assert (accepted.state, accepted.answer, accepted.reason) == ("accepted", "On it", "Over my limit")
    assert accepted.expires_at == clock() + timedelta(hours=4)
    assert kinds[2:] == ["handoff.offered", "case.assigned", "handoff.accepted", "case.assigned"]
    assert placed == ["change", "message", "handoff", "change", "change"]


async def test_of_many_who_accept_at_once_one_gets_it(database: Database, clock: FrozenClock) -> None:
    async with database.transaction() as session:
        scene = await a_conversation(session)
        maya = await an_agent(session)
        team = await a_team(session, maya)
        agents = [await an_agent(session, name=f"Agent {number}") for number in range(10)]
        handoff = await offer(session, scene.case, to=team, by=maya, reason="Refund")

    async def try_to_accept(agent: Agent) -> bool:
        try:
            async with database.transaction() as session:
                await accept(session, await session.get_one(Handoff, handoff.id), by=agent)
        except Conflict:
            return False
        return True

    won = await asyncio.gather(*map(try_to_accept, agents))

    async with database.reading() as session:
        case = await session.get_one(Case, scene.case.id)
    assert sum(won) == 1 and case.assignee_id == agents[won.index(True)].id


async def test_declining_leaves_the_case_where_it_is(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        maya, priya = await an_agent(session), await an_agent(session, name="Priya Nair")
        scene = await a_conversation(session, assignee=maya)
        handoff = await offer(session, scene.case, to=priya, by=maya, reason="Bespoke")
        with pytest.raises(NotPermitted):
            await accept(session, handoff, by=maya)
        with pytest.raises(NotPermitted):
            await decline(session, handoff, by=maya)
        await decline(session, handoff, by=priya, answer="Away today")
        with pytest.raises(Conflict):
            await accept(session, handoff, by=priya)

    assert (handoff.state, handoff.answer, scene.case.assignee_id) == ("declined", "Away today", maya.id)


async def test_reassigning_or_resolving_withdraws_what_was_offered(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        maya, priya = await an_agent(session), await an_agent(session, name="Priya Nair")
        tomas = await an_agent(session, name="Tomás Lund")
        scene = await a_conversation(session, assignee=maya)
        first = await offer(session, scene.case, to=priya, by=maya, reason="One")
        second = await offer(session, scene.case, to=priya, by=maya, reason="Two")
        await assign(session, scene.case, to=tomas, by=tomas)
        third = await offer(session, scene.case, to=priya, by=tomas, reason="Three")
        await resolve(session, scene.case, by=tomas)
        fourth_is_refused = pytest.raises(Conflict)
        with fourth_is_refused:
            await offer(session, scene.case, to=priya, by=tomas, reason="Four")

    assert {handoff.state for handoff in (first, second, third)} == {HandoffState.WITHDRAWN}


async def test_a_team_has_it_at_once_and_the_offerer_follows_until_somebody_takes_it(
    sqlite_database: Database, clock: FrozenClock
) -> None:
    async with sqlite_database.transaction() as session:
        maya, priya = await an_agent(session), await an_agent(session, name="Priya Nair")
        team = await a_team(session, priya)
        scene = await a_conversation(session, assignee=maya)

        handoff = await offer(session, scene.case, to=team, by=maya, reason="Refund")
        queue = (scene.case.assignee_id, scene.case.team_id)
        following = (await session.scalars(select(Follower.agent_id))).all()
        settings = ReplySettings(tokens=KEYS.strand_tokens())
        await reply(session, scene.conversation, by=priya, text="I have it.", settings=settings)
        following_after = (await session.scalars(select(Follower.agent_id))).all()

    assert queue == (None, team.id) and handoff.expires_at is None
    assert (following, following_after) == ([maya.id], [])
    assert (handoff.state, scene.case.assignee_id) == (HandoffState.ACCEPTED, priya.id)


async def test_an_unanswered_offer_expires_and_stays_with_the_offerer(
    database: Database, clock: FrozenClock
) -> None:
    async with database.transaction() as session:
        maya, priya = await an_agent(session), await an_agent(session, name="Priya Nair")
        mail = await a_conversation(session, assignee=maya)
        chat = await a_conversation(session, channel=await a_webchat_channel(session), assignee=maya)
        by_mail = await offer(session, mail.case, to=priya, by=maya, reason="Slow")
        by_chat = await offer(session, chat.case, to=priya, by=maya, reason="Quick")

    clock.advance(minutes=5)
    async with database.transaction() as session:
        expired = await expire_due(session, clock())
        kinds = recorded(session)
    async with database.transaction() as session:
        again = await expire_due(session, clock())

    async with database.reading() as session:
        states = dict.fromkeys((by_mail.id, by_chat.id), "")
        for handoff in await session.scalars(select(Handoff)):
            states[handoff.id] = handoff.state
        case = await session.get_one(Case, chat.case.id)
    assert (expired, again, kinds) == (1, 0, [EventKind.HANDOFF_EXPIRED])
    assert states == {by_mail.id: "offered", by_chat.id: "expired"} and case.assignee_id == maya.id


async def test_an_offer_can_be_withdrawn_or_undone_by_whoever_made_it(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        maya, priya = await an_agent(session), await an_agent(session, name="Priya Nair")
        scene = await a_conversation(session)
        team = await a_team(session, priya)
        handoff = await offer(session, scene.case, to=priya, by=maya, reason="One")
        with pytest.raises(NotPermitted):
            await withdraw(session, handoff, by=priya)
        await withdraw(session, handoff, by=maya)
        to_team = await offer(session, scene.case, to=team, by=maya, reason="Two")
        remembered = await latest(session, by=maya)
        assert remembered is not None
        await undo(session, remembered.public_id, by=maya)

    assert (handoff.state, to_team.state) == ("withdrawn", "withdrawn")
    assert (scene.case.assignee_id, scene.case.team_id) == (maya.id, None)


@pytest.mark.parametrize("reason", ["", " \n ", "x" * 501])
async def test_a_handoff_needs_a_reason_of_one_line(sqlite_database: Database, reason: str) -> None:
    async with sqlite_database.transaction() as session:
        scene = await a_conversation(session)
        maya, priya = await an_agent(session), await an_agent(session, name="Priya Nair")
        with pytest.raises(Invalid):
            await offer(session, scene.case, to=priya, by=maya, reason=reason)
        with pytest.raises(Invalid):
            await offer(session, scene.case, to=maya, by=maya, reason="To myself")


async def test_an_offer_stands_for_half_a_working_day_of_whoever_is_asked(
    sqlite_database: Database, clock: FrozenClock
) -> None:
    """Friday at ten in London; Priya's team works on weekdays from nine to eleven."""
    async with sqlite_database.transaction() as session:
        admin = Actor.agent(await an_agent(session, name="Ada", role=Role.ADMIN))
        maya, priya = await an_agent(session), await an_agent(session, name="Priya Nair")
        team = await a_team(session, priya)
        short, long = [[["09:00", "11:00"]]] * 5 + [[], []], [[["00:00", "24:00"]]] * 7
        await set_hours(session, None, time_zone="Europe/London", week=long, by=admin)
        await set_hours(session, team, time_zone="Europe/London", week=short, by=admin)
        asked = await offer(session, (await a_conversation(session)).case, to=priya, by=maya, reason="Refund")
        other = await offer(session, (await a_conversation(session)).case, to=maya, by=priya, reason="Refund")
    assert asked.expires_at == datetime(2026, 11, 24, 10, tzinfo=UTC), "one hour today, two on Monday"
    assert other.expires_at == clock() + timedelta(hours=4)
