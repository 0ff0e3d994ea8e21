"""SQLite by one hop into its thread for each statement.

aiosqlite hops for the cursor, the statement, its rows and the end of the cursor: four times between two
threads, which costs more than most statements do. Here one hop does all of it. Rows are always fetched whole,
as SQLAlchemy does anyway.
"""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import Any, Self

import aiosqlite

Run = tuple[list[Any], Any, int, int | None]


class OneHopConnection(aiosqlite.Connection):
    """An aiosqlite connection whose cursors do a statement in one go."""

    def cursor(self) -> "OneHopCursor":  # type: ignore[override]
        return OneHopCursor(self)

    async def run(self, statement: Callable[[sqlite3.Cursor], object]) -> Run:
        """Do *statement* with a cursor in the thread: rows, description, row count, last row id."""

        def whole() -> Run:
            cursor = self._conn.cursor()
            try:
                statement(cursor)
                rows = cursor.fetchall() if cursor.description is not None else []
                return rows, cursor.description, cursor.rowcount, cursor.lastrowid
            finally:
                cursor.close()

        done: Run = await self._execute(whole)  # type: ignore[no-untyped-call]
        return done


class OneHopCursor:
    """What SQLAlchemy asks of a cursor; after a statement everything it has to say is here already."""

    def __init__(self, connection: OneHopConnection) -> None:
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
