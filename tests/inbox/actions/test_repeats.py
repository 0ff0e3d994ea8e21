"""A request that comes twice is done once and answered twice."""

import asyncio

import pytest

from inbox.actions.repeats import LONGEST_KEY, Answer, first_answer, keep_answer
from inbox.clock import FrozenClock
from inbox.db import Database
from inbox.errors import Invalid
from inbox.models import Agent
from tests.builders import an_agent


@pytest.fixture
async def agent(database: Database) -> Agent:
    async with database.transaction() as session:
        return await an_agent(session)


async def ask(database: Database, agent: Agent, key: str, *, request: str = "a", done: list[str]) -> Answer:
    """Do something under a key, unless it was done before."""
    async with database.transaction() as session:
        known = await first_answer(session, agent, key, request)
        if known is not None:
            return known
        done.append(key)
        answer = Answer(201, f"number {len(done)}")
        await keep_answer(session, agent, key, answer)
        return answer


async def test_of_many_equal_requests_at_once_one_acts_and_all_get_its_answer(
    database: Database, agent: Agent
) -> None:
    done: list[str] = []

    answers = await asyncio.gather(*(ask(database, agent, "k", done=done) for _ in range(8)))

    assert done == ["k"]
    assert set(answers) == {Answer(201, "number 1")}


async def test_what_failed_is_not_remembered(database: Database, agent: Agent) -> None:
    done: list[str] = []
    with pytest.raises(ZeroDivisionError):
        async with database.transaction() as session:
            assert await first_answer(session, agent, "k", "a") is None
            raise ZeroDivisionError

    assert (await ask(database, agent, "k", done=done)).body == "number 1"


async def test_another_request_under_the_same_key_is_refused(database: Database, agent: Agent) -> None:
    done: list[str] = []
    await ask(database, agent, "k", done=done)

    with pytest.raises(Invalid):
        await ask(database, agent, "k", request="b", done=done)
    with pytest.raises(Invalid):
        await ask(database, agent, "x" * (LONGEST_KEY + 1), done=done)
    assert done == ["k"]


async def test_keys_belong_to_their_agent_and_last_a_day(
    database: Database, agent: Agent, clock: FrozenClock
) -> None:
    async with database.transaction() as session:
        other = await an_agent(session)
    done: list[str] = []
    await ask(database, agent, "k", done=done)
    await ask(database, other, "k", done=done)
    clock.advance(hours=25)
    await ask(database, agent, "k", done=done)

    assert done == ["k", "k", "k"]
