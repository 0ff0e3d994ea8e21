"""The background work of a process: one task group owns all of it."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

from channels.email.grants import AccessTokens
from channels.email.sent import SentCopies
from channels.email.watch import MailboxWatch
from channels.registry import senders
from inbox.alarms import Alarms
from inbox.clearing import Clearing
from inbox.config import Settings
from inbox.continuity import Continuity
from inbox.db import Database
from inbox.digests import Digests
from inbox.loggers import get_logger
from inbox.mailing import AutomaticMailWorker
from inbox.notifier import Notifier
from inbox.outbox import OutboxWorker
from inbox.queries import installations
from inbox.timers import Timers
from web.installation import Installation, open_installation
from web.pushing import PushWorker
from web.revisions import known_revisions
from web.staged_files import sweep_for_ever

RESTART_SECONDS = 5.0

log = get_logger(__name__)

Work = Callable[[], Awaitable[None]]


@asynccontextmanager
async def background_work(installation: Installation) -> AsyncIterator[None]:
    """Run mailboxes, outbox, timers and the sweep of the intake for as long as the block lasts."""
    async with asyncio.TaskGroup() as tasks:
        running = [
            tasks.create_task(_for_ever(name, work), name=name)
            for name, work in works_of(installation).items()
        ]
        try:
            yield
        finally:
            for task in running:
                task.cancel()


@asynccontextmanager
async def mail_door(installation: Installation) -> AsyncIterator[None]:
    """Let mail servers hand mail over by LMTP for as long as the block lasts, where the settings say so."""
    settings = installation.settings
    if not settings.lmtp:
        yield
        return
    from channels.email.lmtp import LmtpAddress, lmtp_door  # few have it: loaded only for them

    address = LmtpAddress.parse(settings.lmtp)
    max_bytes = settings.max_message_bytes
    async with lmtp_door(address, installation.database, installation.intake, max_bytes=max_bytes):
        yield


async def work_until_stopped(settings: Settings) -> None:
    """Do the background work alone, until SIGTERM or SIGINT."""
    stopped, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    async with open_installation(settings) as installation:
        while not await _is_up_to_date(installation.database) and not await _within(RESTART_SECONDS, stopped):
            log.warning("work.waits", reason="the server has not brought the database up to date yet")
        if not stopped.is_set():
            async with background_work(installation):
                await stopped.wait()


async def _is_up_to_date(database: Database) -> bool:
    """Whether the database is as this version makes it, or as a newer one has left it."""
    current, known = await installations.revision(database), known_revisions()
    return current is not None and current not in known[:-1]


async def _within(seconds: float, happened: asyncio.Event) -> bool:
    try:
        async with asyncio.timeout(seconds):
            return await happened.wait()
    except TimeoutError:
        return False


def works_of(installation: Installation) -> dict[str, Work]:
    """Everything that happens without a request, by name."""
    database, blobs, keys = installation.database, installation.blobs, installation.keys
    settings = installation.settings
    tokens = AccessTokens(database, keys, settings)
    ways_out = senders(blobs, tokens)
    outbox = OutboxWorker(database, blobs, keys, ways_out, alone=database.is_sqlite)
    mailboxes = MailboxWatch(
        database,
        blobs,
        keys,
        installation.intake,
        max_bytes=settings.max_message_bytes,
        alone=database.is_sqlite,
        tokens=tokens,
    )
    return {
        "intake": installation.intake.run,
        "outbox": outbox.run,
        "automatic mail": AutomaticMailWorker(database, keys, ways_out).run,
        "timers": Timers(database).run,
        "notifications": Notifier(database).run,
        "pushes": PushWorker(database, keys, subject=settings.base_url, language=settings.language).run,
        "digests": Digests(database, keys, base_url=settings.base_url, language=settings.language).run,
        "alarms": Alarms(database, keys, base_url=settings.base_url, language=settings.language).run,
        "uploads": partial(sweep_for_ever, blobs),
        "clearing": Clearing(database, blobs).run,
        "continuity": Continuity(database, keys.strand_tokens()).run,
        "mailboxes": mailboxes.run,
        "sent copies": SentCopies(database, blobs, keys, tokens).run,
    }


async def _for_ever(name: str, work: Work) -> None:
    """Begin again what has failed: one broken part must not end the others, nor stay broken."""
    while True:
        try:
            await work()
        except Exception:
            log.exception("work.failed", work=name)
        await asyncio.sleep(RESTART_SECONDS)
