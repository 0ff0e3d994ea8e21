"""Who shows commits hears of them first; who does work hears of them too."""

import asyncio
from types import ModuleType

import pytest
from sqlalchemy import select

from channels.email import sent
from inbox import clearing, continuity, digests, mailing, notifier, outbox, timers
from inbox.db import Database
from inbox.feed import Feed
from inbox.models import Case, Model, Tag
from web import pushing


async def test_whoever_shows_commits_is_rung_at_once_and_the_others_soon() -> None:
    feed = Feed()
    with feed.watch(first=True) as shows, feed.watch() as works:
        shows.clear()
        works.clear()

        feed.wake()

        assert (shows.is_set(), works.is_set()) == (True, False)
        async with asyncio.timeout(5):
            await works.wait()


async def test_a_later_commit_rings_again() -> None:
    feed = Feed()
    with feed.watch() as works:
        for _ in range(3):
            works.clear()
            feed.wake()
            feed.wake()
            async with asyncio.timeout(5):
                assert await works.wait()


async def test_everybody_catches_up_at_the_beginning() -> None:
    feed = Feed()
    with feed.watch(first=True) as shows, feed.watch() as works:
        assert shows.is_set() and works.is_set()


async def test_a_bell_rings_for_its_tables_only_and_for_what_nobody_knows() -> None:
    feed = Feed()
    with feed.watch(first=True, of=("events",)) as events, feed.watch(first=True) as everything:
        heard = []
        for tables in (frozenset({"intake_records"}), frozenset({"cases", "events"}), None):
            events.clear()
            everything.clear()
            feed.wake(tables)
            heard.append((events.is_set(), everything.is_set()))

    assert heard == [(False, True), (True, True), (True, True)]


async def test_a_transaction_rings_for_the_tables_it_wrote_to(database: Database) -> None:
    with (
        database.feed.watch(first=True, of=("tags",)) as tags,
        database.feed.watch(first=True, of=("cases",)) as cases,
    ):
        tags.clear()
        cases.clear()
        async with database.transaction() as session:
            await session.scalar(select(Case.id).limit(1))
            session.add(Tag(name="refund"))

        assert (tags.is_set(), cases.is_set()) == (True, False)


@pytest.mark.parametrize(
    "worker",
    [clearing, continuity, digests, mailing, notifier, outbox, pushing, sent, timers],
    ids=lambda worker: worker.__name__,
)
def test_workers_wait_for_tables_that_there_are(worker: ModuleType) -> None:
    assert worker.WAITS_IN and set(worker.WAITS_IN) <= set(Model.metadata.tables)
