"""SQLite by one hop into its thread for each statement, or by none.

aiosqlite hops for the cursor, the statement, its rows and the end of the cursor: four times between two
threads, which costs more than most statements do. `OneHopConnection` does all of it in one. Rows are always
fetched whole, as SQLAlchemy does anyway.

`GlancingConnection` does it in the thread that asks: for looking at rows that were written just now, which
lie in memory still, so that the statement takes less than the hop would.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Generator, Iterable, Sequence
from functools import partial
from types import TracebackType
from typing import Any, Protocol, Self

import aiosqlite

Run = tuple[list[Any], Any, int, int | None]


Statement = Callable[[sqlite3.Cursor], object]


class Running(Protocol):
    """A connection that does statements whole."""

    async def run(self, statement: Statement) -> Run:
        """Do *statement* with a cursor: rows, description, row count, last row id."""
        ...


class OneHopConnection(aiosqlite.Connection):
    """An aiosqlite connection whose cursors do a statement in one go."""

    def cursor(self) -> "WholeCursor":  # type: ignore[override]
        return WholeCursor(self)

    async def run(self, statement: Statement) -> Run:
        """Do *statement* with a cursor in the thread: rows, description, row count, last row id.

        Whoever is cancelled meanwhile is so at their next wait: SQLAlchemy gives a connection up whose
        statement was cut short, and all who share the writer's transaction would lose what they wrote.
        """
        if not self._running:
            raise ValueError("no active connection")  # as aiosqlite says it; nobody would answer
        done = _Uncut()
        self._tx.put_nowait((done, partial(_whole, self._conn, statement)))
        try:
            return await done
        except asyncio.CancelledError:
            if (task := asyncio.current_task()) is not None:
                task.uncancel()  # as many cancellations as before: a time limit counts its own
                task.cancel()
            return done.result()


class _Uncut(asyncio.Future[Run]):
    """What the thread will have done; a task that waits for it is not cancelled before."""

    def cancel(self, msg: object = None) -> bool:
        return False


class GlancingConnection:
    """A connection as aiosqlite's, without its thread. Never write with it: that waits for the disk."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._conn = self._connection = connection  # as aiosqlite calls them, for SQLAlchemy

    def __await__(self) -> Generator[Any, None, Self]:
        return self._opened().__await__()

    async def _opened(self) -> Self:
        return self

    def cursor(self) -> "WholeCursor":
        return WholeCursor(self)

    async def run(self, statement: Statement) -> Run:
        """Do *statement* here and now: rows, description, row count, last row id."""
        return _whole(self._conn, statement)

    async def create_function(self, name: str, arguments: int, function: Any, **how: Any) -> None:
        self._conn.create_function(name, arguments, function, **how)

    async def commit(self) -> None:
        self._conn.commit()

    async def rollback(self) -> None:
        self._conn.rollback()

    async def close(self) -> None:
        self._conn.close()

    def stop(self) -> None:
        """Close without an event loop, as SQLAlchemy does with what nobody returned."""
        self._conn.close()


def _whole(connection: sqlite3.Connection, statement: Statement) -> Run:
    cursor = connection.cursor()
    try:
        statement(cursor)
        rows = cursor.fetchall() if cursor.description is not None else []
        return rows, cursor.description, cursor.rowcount, cursor.lastrowid
    finally:
        cursor.close()


class WholeCursor:
    """What SQLAlchemy asks of a cursor; after a statement everything it has to say is here already."""

    def __init__(self, connection: Running) -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    async def execute(self, statement: str, parameters: Sequence[Any] = ()) -> Self:
        self._keep(await self._connection.run(lambda cursor: cursor.execute(statement, parameters)))
        return self

    async def executemany(self, statement: str, several: Iterable[Sequence[Any]]) -> Self:
        self._keep(await self._connection.run(lambda cursor: cursor.executemany(statement, several)))
        return self

    async def fetchall(self) -> list[Any]:
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        self._rows = []

    def _keep(self, run: Run) -> None:
        self._rows, self.description, self.rowcount, self.lastrowid = run


def open_connection(database: str, **options: Any) -> OneHopConnection:
    """What `aiosqlite.connect()` makes, with cursors of one hop: SQLAlchemy's `async_creator_fn`."""
    connection = OneHopConnection(lambda: sqlite3.connect(database, **options), iter_chunk_size=64)
    connection._thread.daemon = True
    return connection


def open_glancing(database: str, **options: Any) -> GlancingConnection:
    """The same without a thread."""
    return GlancingConnection(sqlite3.connect(database, **options))
