"""One action on many cases: each as it can, and one undo that restores each one's own earlier state."""

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actions import cases, resolutions, undos
from inbox.bulk import MOST, change_each
from inbox.db import Database
from inbox.errors import Conflict, Invalid
from inbox.models import Agent, Case, Status
from tests.builders import a_conversation, a_customer, an_agent


async def resolve(session: AsyncSession, case: Case, by: Agent) -> None:
    await resolutions.resolve(session, case, by=by)


async def some_cases(database: Database, count: int) -> tuple[Agent, list[Case]]:
    async with database.transaction() as session:
        maya = await an_agent(session)
        scenes = [await a_conversation(session, customer=await a_customer(session)) for _ in range(count)]
    return maya, [scene.case for scene in scenes]


async def statuses(database: Database, cases: list[Case]) -> list[str]:
    async with database.reading() as session:
        return [(await session.get_one(Case, case.id)).status for case in cases]


async def test_each_is_changed_and_one_undo_restores_each_as_it_was(database: Database) -> None:
    maya, found = await some_cases(database, 23)  # more than one transaction
    async with database.transaction() as session:
        await resolutions.set_pending(session, await session.get_one(Case, found[0].id), by=maya)

    outcome = await change_each(database, [case.number for case in found], resolve, by=maya)

    assert (outcome.done, outcome.refused) == (23, [])
    assert set(await statuses(database, found)) == {Status.RESOLVED}
    async with database.transaction() as session:
        await undos.undo(session, outcome.undo_id or "", by=maya)
    assert await statuses(database, found) == [Status.PENDING, *[Status.OPEN] * 22]
    async with database.transaction() as session:
        with pytest.raises(Conflict, match="already undone"):
            await undos.undo(session, outcome.undo_id or "", by=maya)


async def test_one_that_cannot_is_told_and_leaves_nothing_behind(database: Database) -> None:
    maya, found = await some_cases(database, 2)
    async with database.transaction() as session:
        await resolutions.mark_spam(session, await session.get_one(Case, found[0].id), by=maya)

    outcome = await change_each(database, [case.number for case in found], resolve, by=maya)

    assert outcome.done == 1 and len(outcome.refused) == 1
    assert str(outcome.refused[0]).startswith(f"#{found[0].number}: This case is marked as spam")
    assert await statuses(database, found) == [Status.SPAM, Status.RESOLVED]


async def test_what_somebody_changed_since_stays_when_the_rest_is_undone(sqlite_database: Database) -> None:
    maya, found = await some_cases(sqlite_database, 2)
    outcome = await change_each(sqlite_database, [case.number for case in found], resolve, by=maya)
    async with sqlite_database.transaction() as session:
        await resolutions.reopen(
            session, await session.get_one(Case, found[0].id), by=await an_agent(session)
        )
        await resolutions.snooze(session, await session.get_one(Case, found[0].id), until=None, by=maya)
    async with sqlite_database.transaction() as session:
        undone = await undos.undo(session, outcome.undo_id or "", by=maya)

    assert undone.journal["kept"] == 1
    assert await statuses(sqlite_database, found) == [Status.SNOOZED, Status.OPEN]


async def test_a_refused_part_takes_its_events_along(sqlite_database: Database) -> None:
    maya, found = await some_cases(sqlite_database, 1)

    async def half(session: AsyncSession, case: Case, by: Agent) -> None:
        await cases.change(session, case, by=by, subject="Half done")
        raise Conflict("Not this one.")

    outcome = await change_each(sqlite_database, [found[0].number], half, by=maya)

    assert outcome.done == 0 and outcome.undo_id is None
    async with sqlite_database.reading() as session:
        assert (await session.get_one(Case, found[0].id)).subject != "Half done"


async def test_too_many_at_once_are_refused(sqlite_database: Database) -> None:
    maya, _ = await some_cases(sqlite_database, 0)
    with pytest.raises(Invalid, match="Choose fewer"):
        await change_each(sqlite_database, list(range(MOST + 1)), resolve, by=maya)


async def test_subject_priority_and_tags_can_be_taken_back(sqlite_database: Database) -> None:
    maya, (case,) = await some_cases(sqlite_database, 1)
    async with sqlite_database.transaction() as session:
        own = await session.get_one(Case, case.id)
        await cases.change(session, own, by=maya, tags=["damaged"])
        await cases.change(session, own, by=maya, subject="Cracked", tags=["refund"])
        done = await undos.latest(session, by=maya)
        assert done is not None
        await undos.undo(session, done.public_id, by=maya)
        await session.refresh(own, ["tags"])
        assert [tag.name for tag in own.tags] == ["damaged"] and own.subject == case.subject
