"""A wave of submissions is judged at once."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event, select

from inbox import clock
from inbox.actions import handoffs, sweeps
from inbox.actions.replies import ReplySettings, reply
from inbox.db import Database
from inbox.models import Agent, Case, Event, EventKind, Message, Role, Status, Strand, Submission
from tests.builders import (
    KEYS,
    Scene,
    a_conversation,
    a_customer,
    a_form_channel,
    a_mailbox_channel,
    an_agent,
)


async def a_wave(database: Database, number: int) -> list[Scene]:
    async with database.transaction() as session:
        await a_mailbox_channel(session)
        form = await a_form_channel(session)
        scenes = []
        for _ in range(number):
            scene = await a_conversation(session, customer=await a_customer(session), channel=form)
            message = scene.messages[0]
            sent = {"network": "203.0.113.0/24", "created_at": message.created_at}
            session.add(Submission(message_id=message.id, channel_id=form.id, **sent))
            scenes.append(scene)
    return scenes


@contextmanager
def counted_statements() -> Iterator[list[str]]:
    """What is said to any database while the block lasts."""
    said: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        said.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield said
    event.remove(Engine, "before_cursor_execute", note)


async def swept(database: Database, scenes: list[Scene], by: Agent) -> list[int]:
    """How many each batch has judged."""
    async with database.transaction() as session:
        since = clock.now() - timedelta(hours=1)
        begun = await sweeps.begin(session, scenes[0].channel, network="", since=since, by=by)
    batches = [1]
    while batches[-1]:
        async with database.transaction() as session:
            batches.append(await sweeps.sweep_some(session, begun.id, by=by))
    return batches[1:-1]


@pytest.fixture
async def ada(sqlite_database: Database) -> AsyncIterator[Agent]:
    async with sqlite_database.transaction() as session:
        ada = await an_agent(session, name="Ada", role=Role.ADMIN)
    yield ada


async def test_a_wave_nobody_has_touched_costs_a_few_statements(
    sqlite_database: Database, ada: Agent
) -> None:
    scenes = await a_wave(sqlite_database, 60)
    with counted_statements() as said:
        assert await swept(sqlite_database, scenes, ada) == [60]
    assert len([each for each in said if "INTO events" not in each]) < 50
    async with sqlite_database.reading() as session:
        cases = (await session.scalars(select(Case))).all()
        assert {case.status for case in cases} == {Status.SPAM}
        assert {case.waiting_since for case in cases} == {None} and all(case.before_spam for case in cases)
        assert set(await session.scalars(select(Strand.waiting_since))) == {None}
        assert set(await session.scalars(select(Message.is_spam))) == {True}
        kinds = list(await session.scalars(select(Event.kind)))
    assert kinds.count(EventKind.MESSAGE_MARKED_SPAM) == kinds.count(EventKind.CASE_MARKED_SPAM) == 60


async def test_what_somebody_has_touched_is_judged_with_care_and_all_of_it_comes_back(
    sqlite_database: Database, ada: Agent
) -> None:
    scenes = await a_wave(sqlite_database, 4)
    answered, offered = scenes[0], scenes[1]
    async with sqlite_database.transaction() as session:
        settings = ReplySettings(tokens=KEYS.strand_tokens())
        conversation = await session.merge(answered.conversation)
        await reply(session, conversation, by=ada, text="We look into it", anyway=True, settings=settings)
        tom, case = await an_agent(session, name="Tom"), await session.get_one(Case, offered.case.id)
        await handoffs.offer(session, case, to=tom, by=ada, reason="Yours")
    before = await standing(sqlite_database)
    assert sum(await swept(sqlite_database, scenes, ada)) == 4
    async with sqlite_database.reading() as session:
        kept = await session.get_one(Case, answered.case.id)
        gone = await session.get_one(Case, offered.case.id)
        assert kept.status == Status.PENDING and gone.status == Status.SPAM
    more = 1
    while more:
        async with sqlite_database.transaction() as session:
            more = await sweeps.restore_some(session, 1, by=ada)
    assert await standing(sqlite_database) == before


async def standing(database: Database) -> list[Any]:
    async with database.reading() as session:
        cases = select(Case.id, Case.status, Case.waiting_since).order_by(Case.id)
        spam = select(Message.id, Message.is_spam).order_by(Message.id)
        return [*await session.execute(cases), *await session.execute(spam)]
