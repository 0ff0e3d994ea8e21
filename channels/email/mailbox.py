"""A mailbox on an IMAP server (RFC 3501, RFC 9051), read without changing anything that we depend on.

What has been read is known by UIDVALIDITY and UID alone: other programs set flags in the same mailbox.
Everything here blocks and belongs into one thread, except `break_off()`, by which another thread ends a
wait.
"""

import imaplib
import select
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from ssl import SSLContext

from channels.email.addresses import reject_controls
from channels.email.connection import (
    ImapSession,
    MailboxTrouble,
    break_off,
    close_session,
    one_line,
    open_session,
)
from channels.email.fetching import FetchedBatch, FetchedMail, MailFetcher, Trials
from channels.email.servers import MailServer
from inbox.errors import Invalid

__all__ = ["FetchedBatch", "FetchedMail", "FolderStatus", "Mailbox", "Position"]

UID_WINDOW = 500_000  # what one SEARCH may ask for: its answer is one line


@dataclass(frozen=True, slots=True)
class FolderStatus:
    """The folder now. `uid_next` is larger than every UID in it (RFC 9051 §2.3.1.1)."""

    uid_validity: int
    uid_next: int
    messages: int


@dataclass(frozen=True, slots=True)
class Position:
    """How far a folder has been read, to be stored as a whole with every batch.

    Mails up to `history_until` lay there when the mailbox was connected, at `connected_at`; those after
    `history_from` are read.
    """

    uid_validity: int
    last_uid: int
    history_until: int = 0
    connected_at: datetime | None = None
    history_from: int = 0


class Mailbox:
    """One folder of one account. Every method raises MailboxTrouble where connection or server fail."""

    def __init__(
        self,
        server: MailServer,
        *,
        folder: str = "INBOX",
        read_only: bool = False,
        poll_seconds: float = 1.0,
        directory: Path | None = None,
        tls: SSLContext | None = None,
    ) -> None:
        """*poll_seconds* counts where there is no IDLE; *directory* takes large mails while they are read."""
        self._server = server
        self._folder = reject_controls(folder, field="folder")
        self._read_only = read_only
        self._poll_seconds = poll_seconds
        self._parent = directory
        self._tls = tls
        self._session: ImapSession | None = None
        self._directory: Path | None = None
        self._status = FolderStatus(0, 1, 0)
        self._empty_up_to = 0
        self._trials = Trials()

    def connect(self, access_token: str | None = None) -> FolderStatus:
        """Log in, with *access_token* instead of a password where there is one, and open the folder.

        Raises LoginRefused where the name, the password or the token is wrong.
        """
        self.close()
        self._server = replace(self._server, access_token=access_token)
        self._session = open_session(self._server, self._tls)
        self._empty_up_to = 0
        self._status = self._select()
        return self._status

    def folder_status(self) -> FolderStatus:
        """The folder as it is now, with what others did to it; raises where it was made anew meanwhile."""
        before, now = self._status, self._select()
        if now.uid_validity != before.uid_validity or now.uid_next < before.uid_next:
            raise MailboxTrouble(f"The folder {self._folder} was made anew on the server.")
        self._status = now
        return now

    def fetch_after(self, position: Position, *, limit: int, max_bytes: int) -> FetchedBatch:
        """The next mails past *position*: at most *limit*, and about 16 MB unless one alone is larger.

        A mail that is deleted meanwhile is left out; one that the server refuses three times comes as
        unreadable.
        """
        uids = self._uids_after(position.last_uid)[:limit]
        if not uids:
            return FetchedBatch((), position.last_uid)
        with self._translated("read"):
            fetcher = MailFetcher(self._open, self._files(), self._trials)
            return fetcher.fetch(uids, max_bytes=max_bytes, history_until=position.history_until)

    def first_uid_since(self, day: date) -> int | None:
        """The lowest UID of what arrived on *day* or later by the server's calendar; None for nothing."""
        return min(self._search(["SINCE", day]), default=None)

    def last_uid_before(self, day: date) -> int:
        """The highest UID of what arrived before *day*; 0 where there is nothing."""
        return max(self._search(["BEFORE", day]), default=0)

    def mark_seen(self, uids: Sequence[int]) -> None:
        """Set \\Seen, as a courtesy to people who look into the same mailbox."""
        if uids and not self._read_only:
            with self._translated("marked"):
                self._open.allow()
                self._open.add_flags(list(uids), [b"\\Seen"], silent=True)

    def idle(self, seconds: float) -> None:
        """Wait for something to happen in the folder, at most *seconds*; by IDLE (RFC 2177) if possible."""
        with self._translated("watched"):
            if not self._open.has_capability("IDLE"):
                return self._poll(seconds)
            self._open.allow()
            self._open.idle()
            if not self._open.has_unread_answer():
                _wait_readable(self._open, seconds)
            self._open.idle_done()

    def break_off(self) -> None:
        """From another thread: end at once what this mailbox waits for; its method raises MailboxTrouble."""
        if session := self._session:
            break_off(session)

    def close(self) -> None:
        """Let go of the connection and of the files that large mails were read into."""
        if self._session is not None:
            close_session(self._session)
            self._session = None
        if self._directory is not None:
            shutil.rmtree(self._directory, ignore_errors=True)
            self._directory = None

    def check(self, access_token: str | None = None) -> str | None:
        """Log in and open the folder; None where all is well, else one sentence that says what is wrong."""
        try:
            self.connect(access_token)
        except (MailboxTrouble, Invalid) as trouble:
            return str(trouble)
        finally:
            self.close()
        return None

    @property
    def _open(self) -> ImapSession:
        if self._session is None:
            raise MailboxTrouble("The mailbox is not connected.")
        return self._session

    def _files(self) -> Path:
        if self._directory is None:
            if self._parent is not None:
                self._parent.mkdir(parents=True, exist_ok=True)
            self._directory = Path(tempfile.mkdtemp(prefix="mail-", dir=self._parent))
        return self._directory

    @contextmanager
    def _translated(self, deed: str) -> Iterator[None]:
        try:
            yield
        except (imaplib.IMAP4.error, OSError, ValueError) as error:
            mailbox = f"The mailbox {self._server.user} on {self._server.host}"
            raise MailboxTrouble(f"{mailbox} could not be {deed}: {one_line(error)}") from error

    def _select(self) -> FolderStatus:
        with self._translated("opened"):
            self._open.allow()
            try:
                answer = self._open.select_folder(self._folder, readonly=self._read_only)
            except imaplib.IMAP4.readonly:
                self._read_only = True
                answer = self._open.select_folder(self._folder, readonly=True)
            uid_next = answer.get(b"UIDNEXT") or max(self._search(["UID", "*"]), default=0) + 1
            return FolderStatus(answer.get(b"UIDVALIDITY", 0), uid_next, answer[b"EXISTS"])

    def _uids_after(self, uid: int) -> list[int]:
        # When nothing is new the last command is a SELECT: any other could take the news that IDLE waits for.
        while True:
            status = self.folder_status()
            low = max(uid, self._empty_up_to) + 1
            if low >= status.uid_next:
                return []
            if found := self._uids_between(low, status.uid_next):
                return found
            self._empty_up_to = status.uid_next - 1

    def _uids_between(self, low: int, end: int) -> list[int]:
        while low < end:
            high = min(low + UID_WINDOW, end) - 1
            # Filtered: a range past the end is answered with the last message (RFC 9051 §9, sequence-set).
            if found := sorted(uid for uid in self._search(["UID", f"{low}:{high}"]) if low <= uid <= high):
                return found
            low = high + 1
        return []

    def _search(self, criteria: list[str | date]) -> list[int]:
        with self._translated("searched"):
            self._open.allow()
            return list(self._open.search(criteria))

    def _poll(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            _wait_readable(self._open, min(left, self._poll_seconds))
            self._open.allow()
            _, news = self._open.noop()
            if any(len(item) > 1 and item[1] == b"EXISTS" for item in news):
                return


def _wait_readable(session: ImapSession, seconds: float) -> None:
    # poll() and not select(), which knows no file descriptor above 1,023.
    poll = select.poll()
    poll.register(session.socket().fileno(), select.POLLIN)
    poll.poll(seconds * 1000)
