"""Starting the server: what must be so before it may listen, and how it listens."""

import asyncio
import fcntl
import gc
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager

import uvicorn

from inbox.actions import agents
from inbox.config import PREFIX, Settings
from inbox.errors import Conflict, Invalid, SettingsInvalid
from inbox.loggers import get_logger
from inbox.queries import installations
from inbox.revisions import sqlite_revision
from web.app import Beside, create_app
from web.installation import open_installation
from web.revisions import known_revisions

GRACE_SECONDS = 10
SEND_BUFFER_BYTES = 128 * 1024  # the kernel would hold megabytes for each client that does not read
log = get_logger("onethread")


def serve_installation(
    settings: Settings,
    *,
    host: str,
    port: int,
    workers: int,
    prepare: Callable[[Settings], Coroutine[None, None, None]] | None = None,
    beside: Beside | None = None,
) -> None:
    """Bring the database up to date, print the set-up link where nobody can sign in yet, and serve.

    *prepare* is awaited before that, *beside* held open for as long as the one process serves.
    Raises SettingsInvalid, Conflict or Invalid with one clear line where that cannot be.
    """
    if "base_url" not in settings.model_fields_set:
        shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host
        settings = settings.model_copy(update={"base_url": f"http://{shown}:{port}"})
    is_sqlite = settings.database.startswith("sqlite")
    if workers > 1 and is_sqlite:
        raise SettingsInvalid(
            "SQLite has one writer, so one server process serves it. Use --workers 1, or PostgreSQL: "
            "ONETHREAD_DATABASE_URL=postgresql://…"
        )
    _check_lmtp(settings, workers)
    with _only_server(settings, is_exclusive=is_sqlite):
        listener = _listen(host, port)
        _migrate_where_due(settings)
        if prepare is not None:
            asyncio.run(prepare(settings))
        if link := asyncio.run(_setup_link(settings)):
            sys.stdout.write(f"\nOpen this link once to set up Onethread:\n\n    {link}\n\n")
            sys.stdout.flush()
        if workers == 1:
            config = server_config(settings, create_app(settings, beside=beside))
            gc.freeze()  # what was imported stays: a collection that looks through it stops everybody
            uvicorn.Server(config).run(sockets=[listener])
        else:
            _serve_in_many(settings, listener, workers)


def _check_lmtp(settings: Settings, workers: int) -> None:
    if not settings.lmtp:
        return
    from channels.email.lmtp import LmtpAddress

    address = LmtpAddress.parse(settings.lmtp)
    if workers > 1 and address.path is not None:
        raise SettingsInvalid("Several workers share an LMTP port, but no socket. Use --lmtp 127.0.0.1:24.")
    address.check()


@contextmanager
def _only_server(settings: Settings, *, is_exclusive: bool) -> Iterator[None]:
    """Hold DATA_DIR/server.lock; the kernel lets go of it however the process ends."""
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = settings.data_dir / "server.lock"
    with path.open("a") as file:
        try:
            fcntl.flock(file, (fcntl.LOCK_EX if is_exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Conflict(
                f"Another server is running on {settings.data_dir.absolute()}. "
                "SQLite is served by one process: stop the other one, or use PostgreSQL."
            ) from error
        yield


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)  # accepted sockets inherit it
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise Invalid(f"Cannot listen on {host}:{port}: {error.strerror}.") from error
    listener.listen(2048)
    listener.setblocking(False)
    listener.set_inheritable(True)
    return listener


def _migrate_where_due(settings: Settings) -> None:
    """Migrate in a process of its own, so that the tool for it does not stay in the server's memory."""
    known = known_revisions()
    current = sqlite_revision(settings.database) or asyncio.run(_revision(settings))
    if current == known[-1]:
        return
    if current is not None and current not in known:
        raise SettingsInvalid(
            f"The database is at revision {current}, which this version does not know: "
            "it was used by a newer one. Install that version again, "
            "or restore the backup that was made before the upgrade."
        )
    done = subprocess.run([sys.executable, "-m", "web", "migrate"], stdout=subprocess.DEVNULL, check=False)
    if done.returncode:
        raise SettingsInvalid("The database could not be brought up to date; the reason stands above.")


async def _revision(settings: Settings) -> str | None:
    async with open_installation(settings) as installation:
        return await installations.revision(installation.database)


async def _setup_link(settings: Settings) -> str | None:
    """A one-time link that makes the first admin; None once there is anybody."""
    async with open_installation(settings) as installation:
        async with installation.database.reading() as session:
            if await installations.has_agent(session):
                return None
        async with installation.database.transaction() as session:
            token = await agents.begin_setup(session)
    return f"{settings.base_url}/setup?token={token}"


def server_config(settings: Settings, app: object) -> uvicorn.Config:
    """How uvicorn serves an application of ours."""
    return uvicorn.Config(
        app,  # type: ignore[arg-type]
        loop="uvloop" if _has("uvloop") else "asyncio",
        http="httptools" if _has("httptools") else "h11",
        ws="websockets-sansio",
        ws_max_size=64 * 1024,
        ws_per_message_deflate=False,
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=settings.trusted_proxies,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


def _serve_in_many(settings: Settings, listener: socket.socket, workers: int) -> None:
    from uvicorn.supervisors import Multiprocess

    os.environ[f"{PREFIX}BASE_URL"] = settings.base_url  # the processes read their settings there
    config = server_config(settings, "web.app:from_environment")
    config.factory, config.workers = True, workers
    Multiprocess(config, sockets=[listener]).run()


def _has(module: str) -> bool:
    from importlib.util import find_spec

    return os.name == "posix" and find_spec(module) is not None
