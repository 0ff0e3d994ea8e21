"""Group commit on SQLite: transactions one after another on one connection, each inside a SAVEPOINT, share a
COMMIT, since with synchronous=FULL every COMMIT costs an fsync."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, AsyncTransaction

from inbox.actions.events import write_events
from inbox.feed import Feed
from inbox.kept import Kept
from inbox.written import take_written

GROUP = 64


class GroupCommit:
    """Bodies one after another on one connection; a COMMIT when nobody else waits or the group is full."""

    def __init__(self, connection: AsyncConnection, feed: Feed, kept: Kept) -> None:
        self._connection = connection
        self._feed = feed
        self._kept = kept
        self._turn = asyncio.Lock()  # fair: bodies run in the order they came
        self._waiting = 0
        self._outer: AsyncTransaction | None = None
        self._members: list[asyncio.Future[None]] = []

    async def close(self) -> None:
        async with self._turn:
            await self._commit()
            await self._connection.close()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        await self._take_turn()
        try:
            if self._outer is None:
                self._outer = await self._connection.begin()
            savepoint = await self._connection.begin_nested()
            session = AsyncSession(
                self._connection, expire_on_commit=False, join_transaction_mode="control_fully"
            )
            try:
                yield session
                await session.flush()
                await write_events(session)
                await savepoint.commit()
            except BaseException as error:
                await _to_its_end(self._undo(savepoint, error))
                raise
            done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._members.append(done)
        finally:
            await self._end_turn()
        await done  # others may take their turn while we wait for the COMMIT

    async def _take_turn(self) -> None:
        self._waiting += 1
        try:
            await self._turn.acquire()
        except BaseException:  # cancelled while waiting: the group must not wait for us
            self._waiting -= 1
            if not self._turn.locked():
                await self._turn.acquire()
                await self._end_turn()
            raise
        self._waiting -= 1

    async def _end_turn(self) -> None:
        """COMMIT where nobody else waits. Nothing may come between that question and the next one's turn:
        whoever was cancelled in between would be waited for in vain."""
        try:
            if self._waiting == 0 or len(self._members) >= GROUP:
                await _to_its_end(self._commit())
        finally:
            self._turn.release()

    async def _undo(self, savepoint: AsyncTransaction, cause: BaseException) -> None:
        try:
            if savepoint.is_active:  # a statement that failed has rolled it back already
                await savepoint.rollback()
            is_open = await self._is_open()
        except BaseException as error:  # the connection cannot be trusted: nobody of this group is committed
            self._fail(error)
            await self._abandon()
            raise
        if not is_open:  # no room, or no disk: SQLite has undone what the others of this group wrote too
            why = _what_came_first(cause)
            self._fail(why)
            await self._abandon()
            if isinstance(cause, Exception):  # whoever was cancelled stays so
                raise why

    async def _commit(self) -> None:
        if self._outer is None:
            return
        outer, self._outer = self._outer, None
        members, self._members = self._members, []
        tables = take_written(self._connection.sync_connection)
        try:
            await outer.commit()
        except BaseException as error:
            _tell(members, error)
            await self._abandon()
            return
        self._kept.committed(tables)
        _tell(members, None)
        self._feed.wake(tables)

    async def _abandon(self) -> None:
        """Leave whatever transaction the connection is still in, so that it can begin anew.

        After a COMMIT that failed SQLAlchemy holds the transaction for ended; SQLite does not.
        """
        await self._connection.rollback()
        driver = (await self._connection.get_raw_connection()).driver_connection
        if driver is not None and driver.in_transaction:
            await driver.rollback()

    async def _is_open(self) -> bool:
        """Whether SQLite is still in the transaction that SQLAlchemy thinks of."""
        driver = (await self._connection.get_raw_connection()).driver_connection
        return driver is not None and bool(driver.in_transaction)

    def _fail(self, error: BaseException) -> None:
        members, self._members, self._outer = self._members, [], None
        _tell(members, error)


def _tell(members: list[asyncio.Future[None]], error: BaseException | None) -> None:
    for member in members:
        if member.done():
            continue
        if error is None:
            member.set_result(None)
        else:
            member.set_exception(error)


def _what_came_first(error: BaseException) -> Exception:
    """Why SQLite has undone a transaction, rather than that its savepoint was gone afterwards."""
    while isinstance(error, DBAPIError) and isinstance(error.__context__, DBAPIError):
        error = error.__context__
    return error if isinstance(error, DBAPIError) else ConnectionError("The database has undone everything.")


async def _to_its_end(work: Coroutine[Any, Any, None]) -> None:
    """Do it, and tell whoever was cancelled meanwhile only then: nobody else may have the connection while a
    COMMIT or a ROLLBACK is under way on it."""
    task = asyncio.create_task(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait((task,))
        except asyncio.CancelledError as error:
            cancelled = error
    task.result()
    if cancelled is not None:
        raise cancelled
