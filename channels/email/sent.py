"""Lays copies of sent mails into the mailbox's Sent folder, so that its owner finds them in any mail program.

A copy that lies there already is known by its Message-ID, so a try that was cut off leaves none twice. What
goes wrong here never touches the mail itself: it has left.
"""

import asyncio
import imaplib
from collections.abc import Sequence

from imapclient.imapclient import SENT

from channels.email.addresses import reject_controls
from channels.email.connection import (
    ImapSession,
    MailboxTrouble,
    break_off,
    close_session,
    one_line,
    open_session,
)
from channels.email.servers import MailServer, imap_server
from channels.email.smtp_logins import TokenSource
from channels.email.threads import CallThread
from inbox.accounts import account_of
from inbox.actions import sent_copies
from inbox.actions.sent_copies import WaitingCopy
from inbox.blobs import BlobStore
from inbox.db import Database
from inbox.envelopes import Account
from inbox.errors import OnethreadError
from inbox.loggers import get_logger
from inbox.models import Channel
from inbox.secrets import Keys

BATCH = 16
LONGEST_WAIT = 30.0
SHORTEST_WAIT = 1.0
MAILBOX_SECONDS = 120.0
FOLDER = "Sent"
WAITS_IN = ("sent_copies",)  # the tables that say when something is due

log = get_logger(__name__)


class SentCopies:
    """Does what is due until it is cancelled; any number of processes may run it."""

    def __init__(
        self, database: Database, blobs: BlobStore, keys: Keys, tokens: TokenSource | None = None
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._keys = keys
        self._tokens = tokens

    async def run(self) -> None:
        """Wait for mails that have left, and keep a copy of each."""
        with self._database.feed.watch(of=WAITS_IN) as bell:
            while True:
                bell.clear()
                if await self.keep_due():
                    continue
                async with self._database.reading() as session:
                    seconds = await sent_copies.next_copy_due(session)
                await _ring_or_timeout(bell, min(LONGEST_WAIT, LONGEST_WAIT if seconds is None else seconds))

    async def keep_due(self) -> int:
        """Keep the copies of one mailbox that are due; answers how many there were."""
        async with self._database.reading() as session:
            seconds = await sent_copies.next_copy_due(session)
        if seconds is None or seconds > 0:
            return 0
        async with self._database.transaction() as session:
            copies = await sent_copies.claim_copies(session, limit=BATCH)
        if copies:
            await self._keep(copies)
        return len(copies)

    async def _keep(self, copies: Sequence[WaitingCopy]) -> None:
        async with self._database.reading() as session:
            channel = await session.get_one(Channel, copies[0].channel_id)
        ids = [copy.copy_id for copy in copies]
        try:
            account = account_of(channel, self._keys)
            await self._append(account, channel.settings.get("sent_folder"), copies)
        except OnethreadError as trouble:
            log.warning("sent_copies.delayed", channel=channel.name, trouble=str(trouble))
            async with self._database.transaction() as session:
                await sent_copies.delay_copies(session, ids)
        else:
            async with self._database.transaction() as session:
                await sent_copies.copies_kept(session, ids)

    async def _append(self, account: Account, folder: str | None, copies: Sequence[WaitingCopy]) -> None:
        token = None
        if account.sign_in and self._tokens is not None:
            token = await self._tokens.token(account.channel_id)
        writer = _SentFolder(imap_server(account, access_token=token), folder)
        thread = CallThread(f"sent copies {account.channel_id}")
        try:
            async with asyncio.timeout(MAILBOX_SECONDS):
                await thread.run(writer.open)
                for copy in copies:
                    raw = await asyncio.to_thread(self._blobs.read, copy.digest)
                    await thread.run(writer.keep, copy.external_id, raw)
        except TimeoutError as error:
            raise MailboxTrouble("The mail server took too long.") from error
        finally:
            writer.break_off()
            closed = asyncio.ensure_future(thread.run(writer.close))
            thread.stop()
            await closed


class _SentFolder:
    """The Sent folder of one mailbox; everything here blocks."""

    def __init__(self, server: MailServer, folder: str | None) -> None:
        self._server = server
        self._wanted = reject_controls(folder, field="folder") if folder else None
        self._session: ImapSession | None = None
        self._folder = FOLDER

    def open(self) -> None:
        """Log in and find the folder: by its special use (RFC 6154), by a usual name, or made anew."""
        self._session = session = open_session(self._server, None)
        try:
            session.allow()
            found = self._wanted or session.find_special_folder(SENT)
            self._folder = found or FOLDER
            if found is None:
                session.allow()
                session.create_folder(FOLDER)
            session.allow()
            session.select_folder(self._folder, readonly=True)
        except (imaplib.IMAP4.error, OSError, ValueError) as error:
            raise self._trouble(error) from error

    def keep(self, external_id: str, raw: bytes) -> None:
        """Lay the mail into the folder, unless one with its Message-ID lies there."""
        session = self._session
        if session is None:
            raise MailboxTrouble("The mailbox is not connected.")
        try:
            session.allow()
            session.noop()  # so that what others laid there meanwhile is found
            session.allow()
            if not session.search(["HEADER", "Message-ID", reject_controls(external_id, field="id")]):
                session.allow()
                session.append(self._folder, raw, flags=[b"\\Seen"])
        except (imaplib.IMAP4.error, OSError, ValueError) as error:
            raise self._trouble(error) from error

    def break_off(self) -> None:
        """From another thread: end at once what is being waited for."""
        if self._session is not None:
            break_off(self._session)

    def close(self) -> None:
        """Let go of the connection."""
        if self._session is not None:
            close_session(self._session)
            self._session = None

    def _trouble(self, error: BaseException) -> MailboxTrouble:
        return MailboxTrouble(f"The Sent folder on {self._server.host} takes no copies: {one_line(error)}")


async def _ring_or_timeout(bell: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(max(seconds, SHORTEST_WAIT)):
            await bell.wait()
    except TimeoutError:
        return
    await asyncio.sleep(SHORTEST_WAIT)
