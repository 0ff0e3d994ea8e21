"""All mailboxes of an installation: one receiver each, begun, ended and begun anew as their channels change.

Where several processes share a database, a lease says which of them reads a mailbox.
"""

import asyncio
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from channels.email import mailbox
from channels.email.pacing import file_calmly
from channels.email.receiver import (
    AccessToken,
    FirstConnection,
    MailboxReceiver,
    MailboxState,
    MailboxStateKind,
)
from channels.email.smtp_logins import TokenSource
from inbox import leases
from inbox.accounts import account_of
from inbox.actions import channels as channel_actions
from inbox.blobs import BlobStore
from inbox.db import Database
from inbox.envelopes import Account
from inbox.errors import OnethreadError
from inbox.intake import IntakeDesk, RawInput
from inbox.intake_records import Position
from inbox.loggers import get_logger
from inbox.models import Channel
from inbox.queries import mailboxes
from inbox.secrets import Keys

LOOK_SECONDS = 2.0
AHEAD = 2  # batches that may wait to be filed
FOLDER = "INBOX"
STATES = {
    MailboxStateKind.CONNECTED: "ok",
    MailboxStateKind.IDLE: "ok",
    MailboxStateKind.ERROR: "failing",
    MailboxStateKind.AUTH_FAILED: "auth_failed",
}

log = get_logger(__name__)


@dataclass(slots=True)
class _Watch:
    """A receiver at work; `facts` are what it was begun with."""

    facts: str
    task: asyncio.Task[None]


class MailboxWatch:
    """Keeps one receiver for each mailbox that this process may read.

    *alone* says that no other process can be reading (SQLite): leases at the start were left behind.
    """

    def __init__(
        self,
        database: Database,
        blobs: BlobStore,
        keys: Keys,
        intake: IntakeDesk,
        *,
        max_bytes: int,
        alone: bool = False,
        tokens: TokenSource | None = None,
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._keys = keys
        self._intake = intake
        self._max_bytes = max_bytes
        self._alone = alone
        self._tokens = tokens
        self._owner = secrets.token_hex(8)
        self._watches: dict[int, _Watch] = {}

    async def run(self) -> None:
        """Look at the channels every few seconds; ends only when cancelled, and then lets go of them."""
        if self._alone:
            await leases.end_all(self._database)
        try:
            while True:
                try:
                    await self._look()
                except Exception:
                    log.exception("mailboxes.look_failed")
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            await self._end(list(self._watches))

    async def _look(self) -> None:
        async with self._database.reading() as session:
            wanted = {channel.id: channel for channel in await mailboxes.watched(session)}
        changed = [i for i, w in self._watches.items() if i not in wanted or w.facts != _facts(wanted[i])]
        ended = [channel_id for channel_id, watch in self._watches.items() if watch.task.done()]
        await self._end([*changed, *(i for i in ended if i not in changed)])
        for channel_id, channel in wanted.items():
            if await leases.hold(self._database, f"mailbox {channel_id}", self._owner):
                if channel_id not in self._watches:
                    self._begin(channel)
            else:
                await self._end([channel_id])

    def _begin(self, channel: Channel) -> None:
        task = asyncio.create_task(self._receive(channel), name=f"mailbox {channel.id}")
        self._watches[channel.id] = _Watch(_facts(channel), task)

    async def _end(self, channel_ids: Sequence[int]) -> None:
        tasks = [
            self._watches.pop(channel_id).task for channel_id in channel_ids if channel_id in self._watches
        ]
        for task in tasks:
            task.cancel()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(result, Exception):
                log.error("mailbox.ended", exc_info=result)
        for channel_id in channel_ids:
            await leases.release(self._database, f"mailbox {channel_id}", self._owner)

    async def _receive(self, channel: Channel) -> None:
        states: asyncio.Queue[MailboxState] = asyncio.Queue()
        accepted: asyncio.Queue[list[int]] = asyncio.Queue(maxsize=AHEAD)
        folder = channel.settings.get("folder", FOLDER)
        try:
            account = account_of(channel, self._keys)
            receiver = MailboxReceiver(
                account,
                accept=lambda batch, reached: self._accept(channel.id, folder, batch, reached, accepted),
                load_position=lambda: self._position(channel.id, folder),
                report=states.put_nowait,
                first_connection=FirstConnection.parse(channel.settings.get("first_connection", "now")),
                max_bytes=self._max_bytes,
                mark_seen=channel.settings.get("mark_seen", True),
                directory=self._blobs.root / "tmp",
                token=self._token_of(account),
            )
        except OnethreadError as error:
            await self._tell(channel.id, "failing", str(error))
            await asyncio.Event().wait()  # until somebody changes the channel
            return
        await self._intake.catch_up(channel.id)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._report(channel.id, states))
            tasks.create_task(self._file(accepted))
            await receiver.run()

    def _token_of(self, account: Account) -> AccessToken | None:
        tokens = self._tokens
        if not account.sign_in or tokens is None:
            return None
        return lambda refused: tokens.token(account.channel_id, refused=refused)

    async def _position(self, channel_id: int, folder: str) -> mailbox.Position | None:
        async with self._database.reading() as session:
            stored = await mailboxes.position(session, channel_id, folder)
        if stored is None:
            return None
        return mailbox.Position(
            stored.uid_validity,
            stored.last_uid,
            stored.history_until,
            stored.connected_at,
            stored.history_from,
        )

    async def _accept(
        self,
        channel_id: int,
        folder: str,
        batch: Sequence[mailbox.FetchedMail],
        reached: mailbox.Position,
        accepted: asyncio.Queue[list[int]],
    ) -> None:
        position = Position(
            folder=folder,
            uid_validity=reached.uid_validity,
            last_uid=reached.last_uid,
            history_until=reached.history_until,
            connected_at=reached.connected_at,
            history_from=reached.history_from,
        )
        raws = [await asyncio.to_thread(self._raw, mail, reached.uid_validity) for mail in batch]
        ids = await self._intake.accept(channel_id, "imap", raws, position=position)
        if ids:
            await accepted.put(ids)

    async def _file(self, accepted: asyncio.Queue[list[int]]) -> None:
        """File what was accepted, in its order, while the mailbox is read on."""
        while True:
            ids = await accepted.get()
            try:
                await file_calmly(self._intake, ids, more_wait=not accepted.empty())
            except Exception:
                log.exception("mailbox.filing_failed", records=len(ids))  # the sweep takes them up again

    def _raw(self, mail: mailbox.FetchedMail, uid_validity: int) -> RawInput:
        ref = f"{uid_validity}:{mail.uid}"
        refused = f"It is larger than {self._max_bytes} bytes." if mail.too_large else ""
        if mail.unreadable:
            refused = (
                f"The mail server did not hand it over: {mail.unreadable}. It lies there as UID {mail.uid}."
            )
        if mail.path is None:
            return RawInput(content=mail.content, source_ref=ref, is_history=mail.history, refused=refused)
        with mail.path.open("rb") as stream:
            digest, size = self._blobs.put_stream(stream)
        return RawInput(digest=digest, size=size, source_ref=ref, is_history=mail.history, refused=refused)

    async def _report(self, channel_id: int, states: asyncio.Queue[MailboxState]) -> None:
        """Write down how the mailbox is, once for every change."""
        last = ("", "")
        while True:
            state = await states.get()
            kind = STATES[state.kind]
            if (kind, state.text) != last:
                last = (kind, state.text)
                await self._tell(channel_id, kind, state.text)

    async def _tell(self, channel_id: int, kind: str, text: str) -> None:
        async with self._database.transaction() as session:
            channel = await session.get(Channel, channel_id)
            if channel is not None:
                await channel_actions.set_state(session, channel, kind, text)


def _facts(channel: Channel) -> str:
    return json.dumps([channel.settings, channel.secrets, channel.address], sort_keys=True)
