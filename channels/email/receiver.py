"""Mail on its way in: one task for each mailbox, which hands over what arrives and never gives up.

Nothing is acknowledged before `accept` has stored it together with the position; what is handed over twice
after a crash is known by its content further in.
"""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from ssl import SSLContext
from typing import Protocol, Self

from channels.email.connection import LoginRefused, MailboxTrouble, MailboxUnreachable
from channels.email.mailbox import FetchedMail, FolderStatus, Mailbox, Position
from channels.email.servers import imap_server
from channels.email.threads import CallThread
from inbox import clock
from inbox.envelopes import Account
from inbox.errors import Invalid

BATCH_MAILS = 64
# IDLE is given up and the folder looked at so often: far within the 29 minutes of RFC 2177, because it is
# also how a connection is found out that only seems to stand (one more READ_SECONDS, and it is a minute).
LOOK_SECONDS = 28.0
GOOD_SECONDS = 20.0  # some networks cut what is silent for half a minute; that is no reason to stay away
LOGIN_RETRY_SECONDS = 600.0
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 300.0
# Knocking at a door that nobody opens costs nobody anything; and a server that let us read, however badly it
# goes, has mail that people wait for.
LONGEST_HOPEFUL_SECONDS = 45.0
GOODBYE_SECONDS = 1.0
CHECK_SECONDS = 60.0
RESCAN_DAYS = 14  # where it is not known when the mailbox was connected

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FirstConnection:
    """What becomes of mail that is there: 0 `days` leave it, N take the last N days, None takes all."""

    days: int | None = 0

    @classmethod
    def parse(cls, text: str) -> Self:
        """From "now", "all" or a number of days; raises Invalid."""
        if text == "all":
            return cls(None)
        if text == "now":
            return cls(0)
        if text.isascii() and text.isdecimal() and len(text) < 6:
            return cls(int(text))
        raise Invalid(
            'The first connection takes "now", "all" or a number of days.', field="first_connection"
        )

    def since(self, moment: datetime) -> date | None:
        """The first day to read after connecting at *moment*; one earlier, as servers live elsewhere."""
        return None if self.days is None else (moment - timedelta(days=self.days + 1)).date()


class MailboxStateKind(StrEnum):
    CONNECTED = "connected"  # logged in and reading
    IDLE = "idle"  # everything is read; waiting for more
    ERROR = "error"  # trying again
    AUTH_FAILED = "auth_failed"  # waiting for another password


@dataclass(frozen=True, slots=True)
class MailboxState:
    """How a mailbox is doing, for people; `text` is a sentence where something is wrong."""

    kind: MailboxStateKind
    text: str
    at: datetime


class Accept(Protocol):
    """Stores mails and position in one transaction; returns once both are safe. There may be no mails."""

    def __call__(self, batch: Sequence[FetchedMail], position: Position) -> Awaitable[None]: ...


class AccessToken(Protocol):
    """Gets a token for the mailbox, another one than *refused*; raises MailboxTrouble."""

    def __call__(self, refused: str | None) -> Awaitable[str]: ...


class MailboxReceiver:
    """Reads one mailbox for as long as `run()` is not cancelled."""

    def __init__(
        self,
        account: Account,
        *,
        accept: Accept,
        load_position: Callable[[], Awaitable[Position | None]],
        report: Callable[[MailboxState], None],
        first_connection: FirstConnection | None = None,
        max_bytes: int = 52_428_800,
        mark_seen: bool = True,
        poll_seconds: float = 1.0,
        directory: Path | None = None,
        tls: SSLContext | None = None,
        token: AccessToken | None = None,
    ) -> None:
        """Raises Invalid where the account's IMAP URL cannot be used.

        *directory* is where large mails lie until they are accepted; *tls* trusts what the system does not.
        *token* gets what takes the place of a password.
        """
        self._accept = accept
        self._load_position = load_position
        self._report_state = report
        self._first_connection = first_connection or FirstConnection()
        self._max_bytes = max_bytes
        self._name = account.name
        self._mailbox = Mailbox(
            imap_server(account),
            read_only=not mark_seen,
            poll_seconds=poll_seconds,
            directory=directory,
            tls=tls,
        )
        self._token = token
        self._thread = CallThread(f"mailbox {account.channel_id}")
        self._told_to_reconnect = asyncio.Event()
        self._pauses = _Pauses()

    async def run(self) -> None:
        """Connect, read, wait, and begin again after any trouble."""
        try:
            while True:
                pause = await self._watch_until_trouble()
                await self._thread.run(self._mailbox.close)
                await self._rest(pause)
        finally:
            await self._let_go()

    def reconnect(self) -> None:
        """Begin again at once, for example with the network back; from the event loop's thread."""
        self._told_to_reconnect.set()
        self._mailbox.break_off()

    async def _watch_until_trouble(self) -> float:
        """How long to pause then."""
        try:
            await self._watch()
        except LoginRefused as refusal:
            self._report(MailboxStateKind.AUTH_FAILED, str(refusal))
            return LOGIN_RETRY_SECONDS
        except MailboxUnreachable as trouble:
            self._report(MailboxStateKind.ERROR, str(trouble))
            return self._pauses.next(longest=LONGEST_HOPEFUL_SECONDS)
        except (MailboxTrouble, Invalid) as trouble:
            self._report(MailboxStateKind.ERROR, str(trouble))
        except Exception:
            logger.exception("what arrived in the mailbox %s could not be stored", self._name)
            self._report(
                MailboxStateKind.ERROR, "What arrived could not be stored; it stays on the mail server."
            )
        return self._pauses.next(longest=self._pauses.longest)

    async def _watch(self) -> None:
        status = await self._connect()
        self._pauses.begin()
        self._report(MailboxStateKind.CONNECTED, "")
        position = await self._position(status)
        while True:
            position, found = await self._take(position)
            self._pauses.hope()
            if not found:
                self._report(MailboxStateKind.IDLE, "")
                await self._thread.run(self._mailbox.idle, LOOK_SECONDS)

    async def _connect(self) -> FolderStatus:
        if self._token is None:
            return await self._thread.run(self._mailbox.connect)
        token = await self._token(None)
        try:
            return await self._thread.run(self._mailbox.connect, token)
        except LoginRefused:  # a token may be void before its time: another one is worth one more try
            token = await self._token(token)
            return await self._thread.run(self._mailbox.connect, token)

    async def _take(self, position: Position) -> tuple[Position, bool]:
        batch = await self._thread.run(
            self._mailbox.fetch_after, position, limit=BATCH_MAILS, max_bytes=self._max_bytes
        )
        if batch.last_uid == position.last_uid:
            return position, False
        reached = replace(position, last_uid=batch.last_uid)
        try:
            await self._accept(batch.mails, reached)
        finally:
            for mail in batch.mails:
                if mail.path is not None:
                    mail.path.unlink(missing_ok=True)
        fresh = [mail.uid for mail in batch.mails if not mail.history]
        await self._thread.run(self._mailbox.mark_seen, fresh)
        return reached, True

    async def _position(self, status: FolderStatus) -> Position:
        """Where to go on. Stored at once where it is new: "from now on" must outlive a restart."""
        stored = await self._load_position()
        # A server that lost its index may keep UIDVALIDITY and count anew all the same.
        if stored and stored.uid_validity == status.uid_validity and stored.last_uid < status.uid_next:
            return stored
        find = self._first_position if stored is None else self._position_anew
        position = await self._thread.run(find, status, stored)
        await self._accept((), position)
        return position

    def _first_position(self, status: FolderStatus, stored: Position | None) -> Position:
        moment = clock.now()
        last = status.uid_next - 1
        start = last if self._first_connection.days == 0 else self._before_window(moment, status)
        return Position(status.uid_validity, start, last, connected_at=moment, history_from=start)

    def _position_anew(self, status: FolderStatus, stored: Position | None) -> Position:
        """All UIDs are void (RFC 9051 §2.3.1.1): what may not have been read yet is read again."""
        known = stored.connected_at if stored else None
        moment = known or clock.now() - timedelta(days=RESCAN_DAYS)
        history = self._mailbox.last_uid_before(moment.date()) if known else 0
        start = self._before_window(moment, status)
        return Position(status.uid_validity, start, history, moment, history_from=min(start, history))

    def _before_window(self, moment: datetime, status: FolderStatus) -> int:
        since = self._first_connection.since(moment)
        first = 1 if since is None else self._mailbox.first_uid_since(since)
        return status.uid_next - 1 if first is None else first - 1

    async def _rest(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._told_to_reconnect.wait()
        self._told_to_reconnect.clear()

    async def _let_go(self) -> None:
        self._mailbox.break_off()
        closed = asyncio.ensure_future(self._thread.run(self._mailbox.close))
        self._thread.stop()
        await asyncio.wait([closed], timeout=GOODBYE_SECONDS)
        closed.cancel()

    def _report(self, kind: MailboxStateKind, text: str) -> None:
        self._report_state(MailboxState(kind, text, clock.now()))


class _Pauses:
    """Pauses that double with full jitter, and begin anew after a connection that was good for a while.
    `longest` is what they may be after a connection: shorter where something could be read by it."""

    def __init__(self) -> None:
        self._ceiling = FIRST_PAUSE_SECONDS
        self._connected_at: float | None = None
        self.longest = LONGEST_PAUSE_SECONDS

    def begin(self) -> None:
        self._connected_at = time.monotonic()

    def hope(self) -> None:
        """The folder could be read, and what it held could be stored."""
        self.longest = min(LONGEST_HOPEFUL_SECONDS, LONGEST_PAUSE_SECONDS)

    def next(self, *, longest: float) -> float:
        if self._connected_at is not None and time.monotonic() - self._connected_at > GOOD_SECONDS:
            self._ceiling = FIRST_PAUSE_SECONDS
        self._connected_at = None
        self.longest = LONGEST_PAUSE_SECONDS
        ceiling = min(self._ceiling, longest)
        self._ceiling = min(2 * self._ceiling, LONGEST_PAUSE_SECONDS)
        return random.uniform(0, ceiling)


async def check_mailbox(account: Account, *, token: AccessToken | None = None) -> str | None:
    """Log in to the account's IMAP server; None where all is well, else one sentence about what is wrong."""
    try:
        mailbox = Mailbox(imap_server(account), read_only=True)
    except Invalid as error:
        return str(error)
    thread = CallThread("mailbox check")
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            return await thread.run(mailbox.check, await token(None) if token else None)
    except MailboxTrouble as trouble:  # there is no token
        return str(trouble)
    except TimeoutError:
        return f"The mail server did not answer within {CHECK_SECONDS:.0f} seconds."
    finally:
        thread.stop()
