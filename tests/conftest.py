"""Fixtures for every test: databases, time, files, and real servers that start when first asked for.

**Databases.** A test that takes `database` runs twice, on SQLite and on PostgreSQL; one that takes
`sqlite_database` runs once. Each has a database of its own, migrated by the real migrations and copied (on
PostgreSQL: swept), so commits are real. `database_url` (or `sqlite_url`, `postgres_url`) is the same without
opening it.

**One loop.** All tests and fixtures share one event loop (see `asyncio_default_*_loop_scope` in
pyproject.toml), because the browser lives for the whole run. What a test leaves running is then cancelled.

**Servers** are real and listen on 127.0.0.1 on ports of their own: `postgres_server`, `redis_server`,
`dovecot`, `smtp_sink`, `browser`. Where a program is missing the test is skipped; with `CI=true` it fails.
A keeper process stops them when the run ends, even if it is killed.
"""

import asyncio
import gc
import os
import shutil
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from operator import itemgetter
from pathlib import Path

import hypothesis
import pytest
import structlog
from playwright.async_api import Browser, BrowserContext, Page

import migrations
from inbox import clock as product_clock
from inbox.blobs import BlobStore
from inbox.config import PREFIX, Settings
from inbox.db import Database
from tests.services.browser import launched_browser
from tests.services.certificates import Certificate
from tests.services.dovecot import DovecotServer
from tests.services.launch import free_port
from tests.services.postgres import PostgresServer
from tests.services.proxy import TcpProxy
from tests.services.redis import RedisServer
from tests.services.smtp import SmtpSink
from tests.services.statements import share_compiled_statements

SECRET_KEY = "a key for tests only, long enough for everybody"

LONGEST = 12

# Begun last it would keep one process busy long after the others are done.
LONGEST_TEST = "test_every_screen_is_for_everybody"

# Fixtures that need a server give their tests the marker of its name: `-m "not browser"` leaves them out.
SERVER_MARKERS = {
    "browser": "browser",
    "dovecot": "dovecot",
    "postgres_server": "postgres",
    "redis_server": "redis",
}

# The machine of a test run is shared, so a slow example is no failure.
hypothesis.settings.register_profile("shared", deadline=None, database=None, print_blob=True)
hypothesis.settings.load_profile("shared")

share_compiled_statements()

gc.disable()  # until everything is imported, of which hardly anything goes again

# The usual renderer draws every local variable of a traceback in colour, which takes up to a minute.
structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by the servers that their fixtures start, and begin with the one that takes longest."""
    items.sort(key=lambda item: item.name != LONGEST_TEST)
    for item in items:
        for fixture, marker in SERVER_MARKERS.items():
            if fixture in getattr(item, "fixturenames", ()):
                item.add_marker(marker)


def pytest_collection_finish() -> None:
    """What was imported stays until the end: the garbage collector need not look through it."""
    gc.freeze()
    gc.enable()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the files that take longest, so that somebody sees it when the whole grows slow."""
    seconds: dict[str, float] = defaultdict(float)
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                seconds[report.location[0]] += report.duration
    if len(seconds) > LONGEST:
        whole = sum(seconds.values())
        terminalreporter.section(f"the {LONGEST} longest of {len(seconds)} files and {whole:.0f} s")
        for path, took in sorted(seconds.items(), key=itemgetter(1), reverse=True)[:LONGEST]:
            terminalreporter.write_line(f"{took:6.1f} s  {path}")


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """The developer's own ONETHREAD_* variables must not decide a test."""
    for name in os.environ:
        if name.startswith(PREFIX):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
async def _nothing_is_left_running() -> AsyncIterator[None]:
    """Cancel the tasks that a test started and forgot: in a shared loop they would trouble the next one."""
    before = asyncio.all_tasks()
    yield
    left = {task for task in asyncio.all_tasks() - before if not _belongs_to_the_run(task)}
    for task in left:
        if not _gives_a_connection_back(task):
            task.cancel()
    await asyncio.wait_for(asyncio.gather(*left, return_exceptions=True), 60)


def _belongs_to_the_run(task: asyncio.Task[object]) -> bool:
    return task is asyncio.current_task() or "playwright" in repr(task.get_coro())


def _gives_a_connection_back(task: asyncio.Task[object]) -> bool:
    # SQLAlchemy shields this from whoever is cancelled; cancelled itself it leaves an open connection behind,
    # which the garbage collector finds in the middle of another test.
    return "sqlalchemy" in getattr(getattr(task.get_coro(), "cr_code", None), "co_filename", "")


# Time, settings, files


@pytest.fixture
def clock() -> Iterator[product_clock.FrozenClock]:
    """Time stands still at 2026-11-20 10:00 UTC; `clock.advance(minutes=5)` moves it."""
    frozen = product_clock.FrozenClock()
    with product_clock.using(frozen):
        yield frozen


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with a data folder of the test's own; `settings.model_copy(update={…})` for others."""
    return Settings(data_dir=tmp_path / "data", secret_key=SECRET_KEY)


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    """An empty blob store."""
    return BlobStore(tmp_path / "blobs")


# Databases


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file, to be copied."""
    path = tmp_path_factory.mktemp("template") / "template.db"
    migrations.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: PostgresServer) -> str:
    """The name of a migrated PostgreSQL database, to be swept before each test."""
    name = postgres_server.create_database()
    migrations.upgrade(postgres_server.url(name))
    postgres_server.make_sweepable(name)
    return name


@pytest.fixture
def sqlite_url(migrated_sqlite: Path, tmp_path: Path) -> str:
    """The URL of a migrated SQLite file of the test's own."""
    copy = shutil.copy(migrated_sqlite, tmp_path / "test.db")
    return f"sqlite:///{copy}"


@pytest.fixture
def postgres_url(postgres_server: PostgresServer, migrated_postgres: str) -> str:
    """The URL of a migrated PostgreSQL database that holds nothing else."""
    postgres_server.sweep(migrated_postgres)
    return postgres_server.url(migrated_postgres)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of a migrated database; the test runs once on SQLite and once on PostgreSQL."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """An open, migrated database; the test runs once on SQLite and once on PostgreSQL."""
    async with Database(database_url) as opened:
        yield opened


@pytest.fixture
async def sqlite_database(sqlite_url: str) -> AsyncIterator[Database]:
    """An open, migrated SQLite database, for what does not depend on the engine."""
    async with Database(sqlite_url) as opened:
        yield opened


# Servers


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One PostgreSQL cluster for the run. It forgets in a crash; `PostgresServer(durable=True)` does not."""
    server = PostgresServer()
    yield server
    server.close()


@pytest.fixture(scope="session")
def running_redis() -> Iterator[RedisServer]:
    """One Redis for the run."""
    server = RedisServer()
    yield server
    server.close()


@pytest.fixture
def redis_server(running_redis: RedisServer) -> RedisServer:
    """A Redis that knows nothing yet."""
    running_redis.flush()
    return running_redis


@pytest.fixture(scope="session")
def dovecot() -> Iterator[DovecotServer]:
    """One IMAP server for the run; take a `new_user()` for each test."""
    server = DovecotServer()
    yield server
    server.close()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """A certificate for 127.0.0.1, for servers that a test starts itself."""
    return Certificate.self_signed(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def smtp_sink() -> Iterator[SmtpSink]:
    """An SMTP server with an empty ledger and no faults."""
    sink = SmtpSink()
    yield sink
    sink.close()


@pytest.fixture
async def tcp_proxy() -> AsyncIterator[Callable[[int], Awaitable[TcpProxy]]]:
    """`proxy = await tcp_proxy(server.port)`: a network in between that can be cut and stalled."""
    async with AsyncExitStack() as proxies:
        yield lambda target_port: proxies.enter_async_context(TcpProxy(target_port))


@pytest.fixture
def port() -> int:
    """A port that nobody listens on."""
    return free_port()


# Browsers


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Chromium, one for the run."""
    async with launched_browser() as launched:
        yield launched


@pytest.fixture
async def new_context(browser: Browser) -> AsyncIterator[Callable[..., Awaitable[BrowserContext]]]:
    """`context = await new_context(**options)`: another person; options as for Playwright's `new_context`."""
    contexts: list[BrowserContext] = []

    async def opened(**options: object) -> BrowserContext:
        contexts.append(await browser.new_context(**options))  # type: ignore[arg-type]
        return contexts[-1]

    yield opened
    for context in contexts:
        await context.close()


@pytest.fixture
async def page(new_context: Callable[..., Awaitable[BrowserContext]]) -> Page:
    """A page of a person of its own."""
    return await (await new_context()).new_page()
