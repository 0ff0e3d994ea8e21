"""Transactions that share a COMMIT: none waits for one that is gone, and none is told more than is true."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event, select, text

from inbox.db import Database
from inbox.models import Tag
from inbox.outages import is_outage

ROOM = 3  # pages


async def add(database: Database, name: str) -> None:
    async with database.transaction() as session:
        session.add(Tag(name=name))


async def add_without_room(database: Database, name: str) -> None:
    async with database.transaction() as session:
        pages = await session.scalar(text("PRAGMA page_count"))
        await session.execute(text(f"PRAGMA max_page_count={pages + ROOM}"))
        session.add(Tag(name=name))


async def stored(database: Database) -> set[str]:
    async with database.reading() as session:
        return set(await session.scalars(select(Tag.name)))


@contextmanager
def told_of_releases(database: Database, bell: asyncio.Event) -> Iterator[None]:
    def released(*_: object) -> None:
        bell.set()

    event.listen(database._writer.sync_engine, "release_savepoint", released)
    yield
    event.remove(database._writer.sync_engine, "release_savepoint", released)


@pytest.mark.parametrize("moments", range(3))
async def test_who_was_last_waits_for_nobody_who_gave_up(sqlite_database: Database, moments: int) -> None:
    released = asyncio.Event()
    with told_of_releases(sqlite_database, released):
        first = asyncio.create_task(add(sqlite_database, "first"))
        gives_up = asyncio.create_task(add(sqlite_database, "gives up"))
        await released.wait()
        while not sqlite_database._groups._members and not first.done():  # noqa: ASYNC110 - each turn counts
            await asyncio.sleep(0)
        for _ in range(moments):
            await asyncio.sleep(0)
        gives_up.cancel()
        done, _ = await asyncio.wait((first,), timeout=10)

    assert first in done
    assert "first" in await stored(sqlite_database)


async def test_what_a_full_disk_takes_away_is_told_to_all_whose_it_was(sqlite_database: Database) -> None:
    too_long = "long" * 50_000
    before, full, after = await asyncio.gather(
        add(sqlite_database, "before"),
        add_without_room(sqlite_database, too_long),
        add(sqlite_database, "after"),
        return_exceptions=True,
    )

    assert await stored(sqlite_database) == {"after"}
    assert after is None
    for undone in (before, full):
        assert isinstance(undone, Exception)
        assert is_outage(undone)  # nobody's mistake: it may come again
        assert "disk is full" in str(undone)
