"""The ends of a case and its rests, and their undo."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actions.cases import open_case
from inbox.actions.events import recorded
from inbox.actions.resolutions import (
    mark_message_spam,
    mark_spam,
    reopen,
    resolve,
    set_pending,
    snooze,
    unmark_message_spam,
    unmark_spam,
    wake_due,
)
from inbox.actions.undos import latest, undo
from inbox.clock import FrozenClock
from inbox.db import Database
from inbox.errors import Conflict, Invalid, NotFound
from inbox.models import Agent, Case, EventKind, Status
from tests.builders import Scene, a_conversation, a_strand, an_agent, an_inbound_message


async def test_resolving_answers_every_strand_with_one_event(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        scene = await a_conversation(session, with_messages=2)
        other = await a_strand(session, scene.conversation, scene.channel, case=scene.case)
        await an_inbound_message(session, scene, strand=other)
        before = len(recorded(session))
        agent = await an_agent(session)

        await resolve(session, scene.case, by=agent)
        await resolve(session, scene.case, by=agent)

        assert recorded(session)[before:] == [EventKind.CASE_RESOLVED]
    assert (scene.case.status, scene.case.waiting_since) == (Status.RESOLVED, None)
    assert scene.strand.waiting_since is None and other.waiting_since is None


async def test_resolving_one_case_leaves_what_waits_in_another(
    sqlite_database: Database, clock: FrozenClock
) -> None:
    async with sqlite_database.transaction() as session:
        scene = await a_conversation(session)
        later = await open_case(session, scene.conversation, subject="Refund")
        scene.strand.case_id = later.id  # as a split from a message does
        asked = await an_inbound_message(session, scene, case=later)

        await resolve(session, scene.case, by=await an_agent(session))

    assert scene.case.waiting_since is None
    assert (later.waiting_since, scene.strand.waiting_since) == (asked.created_at, asked.created_at)


Change = Callable[[AsyncSession, Case, Agent], Awaitable[None]]


@pytest.mark.parametrize(
    ("change", "status", "kind"),
    [
        (lambda session, case, by: resolve(session, case, by=by), "resolved", "case.resolved"),
        (lambda session, case, by: set_pending(session, case, by=by), "pending", "case.pending"),
        (lambda session, case, by: snooze(session, case, until=None, by=by), "snoozed", "case.snoozed"),
        (lambda session, case, by: mark_spam(session, case, by=by), "spam", "case.marked_spam"),
    ],
)
async def test_every_change_of_status_is_undone_exactly(
    database: Database, clock: FrozenClock, change: Change, status: str, kind: str
) -> None:
    async with database.transaction() as session:
        scene = await a_conversation(session)
        agent, other = await an_agent(session), await an_agent(session)
    before = _standing(scene)
    clock.advance(minutes=1)
    async with database.transaction() as session:
        case = await session.get_one(Case, scene.case.id)
        await change(session, case, agent)
        kinds, changed = recorded(session), case.status
        remembered = await latest(session, by=agent)
    assert remembered is not None
    with pytest.raises(NotFound):
        async with database.transaction() as session:
            await undo(session, remembered.public_id, by=other)
    async with database.transaction() as session:
        await undo(session, remembered.public_id, by=agent)
        undone = recorded(session)
    with pytest.raises(Conflict):
        async with database.transaction() as session:
            await undo(session, remembered.public_id, by=agent)

    async with database.reading() as session:
        scene.case = await session.get_one(Case, scene.case.id)
    assert (changed, kinds, len(undone)) == (status, [kind], 1)
    assert _standing(scene) == before


def _standing(scene: Scene) -> tuple[object, ...]:
    case = scene.case
    return case.status, case.waiting_since, case.snoozed_until, case.resolved_at, case.before_spam


async def test_an_undo_is_refused_when_too_late_or_overtaken(
    sqlite_database: Database, clock: FrozenClock
) -> None:
    async with sqlite_database.transaction() as session:
        scene = await a_conversation(session)
        agent, other = await an_agent(session), await an_agent(session)
        await resolve(session, scene.case, by=agent)
        overtaken = await latest(session, by=agent)
        await reopen(session, scene.case, by=other)
        late = await latest(session, by=other)
        assert overtaken is not None and late is not None

        with pytest.raises(Conflict, match="since"):
            await undo(session, overtaken.public_id, by=agent)
        clock.advance(minutes=11)
        with pytest.raises(Conflict, match="too long"):
            await undo(session, late.public_id, by=other)

    assert scene.case.status == Status.OPEN


async def test_a_snoozed_case_wakes_at_its_time_and_not_before(
    database: Database, clock: FrozenClock
) -> None:
    async with database.transaction() as session:
        agent = await an_agent(session)
        by_time, by_reply = await a_conversation(session), await a_conversation(session)
        await snooze(session, by_time.case, until=clock() + timedelta(hours=1), by=agent)
        await snooze(session, by_reply.case, until=None, by=agent)
        with pytest.raises(Invalid):
            await snooze(session, by_time.case, until=clock(), by=agent)

    woken = []
    for _ in range(3):
        clock.advance(minutes=30)
        async with database.transaction() as session:
            woken.append((await wake_due(session, clock()), recorded(session)))

    async with database.reading() as session:
        statuses = {case.id: case.status for case in await session.scalars(select(Case))}
    assert woken == [(0, []), (1, [EventKind.CASE_WOKEN]), (0, [])]
    assert statuses == {by_time.case.id: Status.OPEN, by_reply.case.id: Status.SNOOZED}


async def test_the_verdict_of_spam_is_taken_back_to_what_the_case_was(
    sqlite_database: Database, clock: FrozenClock
) -> None:
    async with sqlite_database.transaction() as session:
        agent = await an_agent(session)
        scene = await a_conversation(session, assignee=agent)
        until = clock() + timedelta(hours=1)
        await snooze(session, scene.case, until=until, by=agent)
        await mark_spam(session, scene.case, by=agent)
        waiting_as_spam = scene.case.waiting_since
        for refused in (resolve, set_pending):
            with pytest.raises(Conflict):
                await refused(session, scene.case, by=agent)
        await unmark_spam(session, scene.case, by=agent)

    assert waiting_as_spam is None
    assert (scene.case.status, scene.case.snoozed_until) == (Status.SNOOZED, until)
    assert scene.case.waiting_since == scene.messages[0].created_at
    assert scene.case.assignee_id == agent.id and scene.case.before_spam is None


async def test_a_spam_message_waits_for_nothing_until_it_is_none(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        scene = await a_conversation(session)
        agent = await an_agent(session)

        await mark_message_spam(session, scene.messages[0], by=agent)
        as_spam = scene.case.waiting_since
        await unmark_message_spam(session, scene.messages[0], by=agent)

        assert recorded(session)[-2:] == [
            EventKind.MESSAGE_MARKED_SPAM,
            EventKind.MESSAGE_UNMARKED_SPAM,
        ]
    assert (as_spam, scene.case.waiting_since) == (None, scene.messages[0].created_at)
