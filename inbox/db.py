"""The database: `transaction()` commits and then rings the feed for the tables it wrote to; `reading()` and
`glancing()` never commit.

On SQLite the bodies of transactions run one after another on one writer connection, each inside a SAVEPOINT,
and share a COMMIT (group commit): with synchronous=FULL a COMMIT costs an fsync, and one fsync carries up to
64 bodies. Inside `transaction()` only the session may be awaited, since others wait for their turn. On
PostgreSQL every transaction has a connection of its own.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Self

from sqlalchemy import event, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import (
    AsyncConnection,
    AsyncEngine,
    AsyncSession,
    create_async_engine,
)

from inbox.actions.events import write_events
from inbox.errors import SettingsInvalid
from inbox.feed import Feed
from inbox.group_commit import GroupCommit
from inbox.kept import Kept
from inbox.sqlite import open_connection, open_glancing
from inbox.written import note_writes, take_written

BUSY_MILLISECONDS = 30_000
GLANCES = ("query_only=ON", "busy_timeout=1000")  # readers wait for nobody in WAL mode; the loop must not


class Database:
    """One database and the feed that it wakes. `async with Database(url) as database:` opens and closes
    it."""

    def __init__(self, url: str, *, feed: Feed | None = None) -> None:
        self.url = driver_url(url)
        self.feed = feed or Feed()
        self.kept = Kept()
        self.is_sqlite = self.url.startswith("sqlite")
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        if self.is_sqlite:
            self._writer = _sqlite_engine(self.url, pool_size=1, begin="BEGIN IMMEDIATE")
            self._readers = _sqlite_engine(self.url, pool_size=4, begin="BEGIN", pragmas=("query_only=ON",))
            self._glancers = _sqlite_engine(
                self.url, pool_size=2, begin="", pragmas=GLANCES, opening=open_glancing
            )
            self._groups = GroupCommit(await self._writer.connect(), self.feed, self.kept)
            self._stack.push_async_callback(self._glancers.dispose)
            self._stack.push_async_callback(self._readers.dispose)
            self._stack.push_async_callback(self._writer.dispose)
            self._stack.push_async_callback(self._groups.close)
        else:
            self._writer = self._readers = self._glancers = create_async_engine(
                self.url, pool_size=16, max_overflow=8, pool_pre_ping=True, hide_parameters=True
            )
            self._stack.push_async_callback(self._writer.dispose)
        note_writes(self._writer.sync_engine)
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._stack.aclose()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """Commit what the block did, durably, then wake whoever watches. An exception in the block undoes
        only the block."""
        if self.is_sqlite:
            async with self._groups.transaction() as session:
                yield session
            return
        async with AsyncSession(self._writer, expire_on_commit=False) as session, session.begin():
            yield session
            await write_events(session)
            await session.flush()  # the commit would, too late to be noticed: its connection goes back
            connection = await session.connection()
            tables = take_written(connection.sync_connection)
        self.kept.committed(tables)
        self.feed.wake(tables)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A session over one snapshot (SQLite) or over committed rows (PostgreSQL); nothing it does is
        kept."""
        async with self._looking(self._readers) as session:
            yield session

    @asynccontextmanager
    async def glancing(self) -> AsyncIterator[AsyncSession]:
        """A session for a few statements, each by an index, over rows that were committed just now.

        On SQLite they run in the loop's own thread, each for itself (docs/decisions/0013): nothing that may
        read far belongs here.
        """
        if not self.is_sqlite:
            async with self.reading() as session:
                yield session
            return
        session = self._looking(self._glancers)
        try:
            yield session
        finally:
            # `async with session` would close it in a task of its own, which keeps the connection from others
            # until the loop comes to it; here closing waits for nothing, so that nothing can cut it short.
            await session.close()

    @asynccontextmanager
    async def viewing(self) -> AsyncIterator[AsyncSession]:
        """As `glancing()`, over one snapshot: for a page of some dozen statements, each by an index, which
        another thread's hops would keep longer than SQLite does. Only the session may be awaited."""
        async with self.glancing() as session:
            if self.is_sqlite:
                await (await session.connection()).exec_driver_sql("BEGIN")
            yield session

    def _looking(self, engine: AsyncEngine) -> AsyncSession:
        return AsyncSession(engine, expire_on_commit=False, autoflush=False, info=self.kept.info)

    async def data_version(self, connection: AsyncConnection) -> int:
        """SQLite's number that grows when another connection has committed; ask it on one connection kept for
        that."""
        return int((await connection.exec_driver_sql("PRAGMA data_version")).scalar_one())

    def watching_connection(self) -> Any:
        """A connection of its own for `data_version()`, as an async context manager."""
        return self._readers.execution_options(isolation_level="AUTOCOMMIT").connect()


def driver_url(url: str) -> str:
    """The URL with the asynchronous driver named; raises SettingsInvalid for databases we do not speak to."""
    try:
        parsed = make_url(url)
    except Exception as error:
        raise SettingsInvalid("ONETHREAD_DATABASE_URL is no database URL.") from error
    drivers = {
        "sqlite": "sqlite+aiosqlite",
        "postgresql": "postgresql+asyncpg",
        "postgres": "postgresql+asyncpg",
    }
    backend = parsed.drivername.split("+")[0]
    if backend not in drivers:
        raise SettingsInvalid("ONETHREAD_DATABASE_URL must start with sqlite:// or postgresql://.")
    return parsed.set(drivername=drivers[backend]).render_as_string(hide_password=False)


def _sqlite_engine(
    url: str,
    *,
    pool_size: int,
    begin: str,
    pragmas: tuple[str, ...] = (),
    opening: Callable[..., object] = open_connection,
) -> AsyncEngine:
    # An error's text must not quote the rows that it failed on: it ends in a log.
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=0 if pool_size == 1 else 4,
        hide_parameters=True,
        # We say BEGIN ourselves, so that SAVEPOINT means what it says.
        connect_args={"async_creator_fn": opening, "isolation_level": None},
    )

    @event.listens_for(engine.sync_engine, "connect")
    def connected(connection: Any, _: object) -> None:
        cursor = connection.cursor()
        fixed = (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "secure_delete=ON",
            f"busy_timeout={BUSY_MILLISECONDS}",
        )
        for pragma in fixed + pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begun(connection: Any) -> None:
        if begin and connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
            connection.exec_driver_sql(begin)

    return engine


async def ping(database: Database) -> None:
    """Raise where the database does not answer."""
    async with database.reading() as session:
        await session.execute(text("SELECT 1"))
