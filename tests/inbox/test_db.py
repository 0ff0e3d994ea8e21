"""What is committed is there, what failed is not, and nobody pays for somebody else's mistake."""

import asyncio

import pytest
from sqlalchemy import delete, event, func, select, text
from sqlalchemy.exc import IntegrityError, OperationalError

from inbox.db import Database
from inbox.models import Tag


async def add(database: Database, *names: str, fails: bool = False) -> None:
    async with database.transaction() as session:
        session.add_all(Tag(name=name) for name in names)
        await session.flush()
        if fails:
            raise ZeroDivisionError


async def stored(database: Database) -> set[str]:
    async with database.reading() as session:
        return set(await session.scalars(select(Tag.name)))


async def test_a_body_that_breaks_a_rule_undoes_only_itself(database: Database) -> None:
    await add(database, "taken")

    results = await asyncio.gather(
        add(database, "a"),
        add(database, "b", "taken"),
        add(database, "c"),
        add(database, "d", fails=True),
        add(database, "taken"),
        add(database, "e"),
        return_exceptions=True,
    )

    kinds = [type(result) for result in results]
    assert kinds == [type(None), IntegrityError, type(None), ZeroDivisionError, IntegrityError, type(None)]
    assert await stored(database) == {"taken", "a", "c", "e"}


async def test_after_a_failure_the_next_one_is_kept(database: Database) -> None:
    await add(database, "taken")
    for _ in range(3):
        with pytest.raises(IntegrityError):
            await add(database, "taken")
    await add(database, "kept")

    assert await stored(database) == {"taken", "kept"}


async def test_many_at_once_are_all_kept(database: Database) -> None:
    await asyncio.gather(*(add(database, f"tag {number}") for number in range(150)))

    assert len(await stored(database)) == 150


async def test_one_that_is_cancelled_leaves_nothing_and_stops_nobody(database: Database) -> None:
    begun = asyncio.Event()

    async def slow() -> None:
        async with database.transaction() as session:
            session.add(Tag(name="never"))
            await session.flush()
            begun.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(slow())
    await begun.wait()
    others = [asyncio.create_task(add(database, f"tag {number}")) for number in range(3)]
    task.cancel()
    await asyncio.gather(task, *others, return_exceptions=True)

    assert await stored(database) == {"tag 0", "tag 1", "tag 2"}


async def test_one_that_is_cancelled_at_any_step_costs_nobody_else_theirs(sqlite_database: Database) -> None:
    steps, others = 0, set()
    while True:  # cut off one step later each time, until nothing is left to cut off
        task = asyncio.create_task(add(sqlite_database, f"cut off {steps}"))
        for _ in range(steps):
            await asyncio.sleep(0)
        is_over = task.done()
        task.cancel()
        beside, next_one = f"beside {steps}", f"next {steps}"
        await asyncio.gather(
            asyncio.wait((task,)), add(sqlite_database, beside), add(sqlite_database, next_one)
        )
        others |= {beside, next_one}
        if is_over:
            break
        assert task.cancelled()
        steps += 1

    assert steps > 5
    assert others <= await stored(sqlite_database)


async def test_a_statement_goes_to_its_end_before_its_time_limit_is_told(sqlite_database: Database) -> None:
    count = text(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 300000) SELECT count(*) FROM n"
    )
    async with sqlite_database.reading() as session:
        connection = await session.connection()
        before = (await connection.get_raw_connection()).driver_connection
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.001):
                await session.scalar(count)
                await asyncio.Event().wait()
        assert (await connection.get_raw_connection()).driver_connection is before
        assert await session.scalar(text("SELECT 1")) == 1


async def test_reading_writes_nothing(sqlite_database: Database) -> None:
    async with sqlite_database.reading() as session:
        session.add(Tag(name="never"))
        with pytest.raises(Exception, match="readonly"):
            await session.flush()

    assert await stored(sqlite_database) == set()


async def test_a_page_is_read_from_one_snapshot(database: Database) -> None:
    async with database.viewing() as session:
        before = await session.scalar(select(func.count()).select_from(Tag))
        if database.is_sqlite:
            async with database.transaction() as writer:
                writer.add(Tag(name="later"))
            assert await session.scalar(select(func.count()).select_from(Tag)) == before
            with pytest.raises(Exception, match="readonly"):
                await session.execute(delete(Tag))
    async with database.viewing() as session:
        assert await session.scalar(select(func.count()).select_from(Tag)) == int(database.is_sqlite)


async def test_transactions_that_wait_for_each_other_share_a_commit(sqlite_database: Database) -> None:
    commits = 0

    def counted(_: object) -> None:
        nonlocal commits
        commits += 1

    event.listen(sqlite_database._writer.sync_engine, "commit", counted)
    await asyncio.gather(*(add(sqlite_database, f"tag {number}") for number in range(100)))

    assert commits < 20
    assert len(await stored(sqlite_database)) == 100


async def test_a_commit_that_fails_is_told_to_all_who_shared_it_and_the_next_ones_are_kept(
    sqlite_database: Database,
) -> None:
    def full(_: object) -> None:
        raise OperationalError("COMMIT", None, Exception("database or disk is full"))

    engine = sqlite_database._writer.sync_engine
    event.listen(engine, "commit", full)
    results = await asyncio.gather(
        *(add(sqlite_database, f"lost {number}") for number in range(5)), return_exceptions=True
    )
    event.remove(engine, "commit", full)
    await asyncio.gather(*(add(sqlite_database, f"kept {number}") for number in range(5)))

    assert [type(result) for result in results] == [OperationalError] * 5
    assert await stored(sqlite_database) == {f"kept {number}" for number in range(5)}
