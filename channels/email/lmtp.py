"""The door by which a mail server on this machine hands mail over: LMTP in front of the intake.

A recipient is told "stored" when the mail and its row are on disk; it is filed right afterwards, in the
order in which mails came.
"""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from channels.email.listener import DeliveredMail, LmtpListener
from channels.email.pacing import file_calmly
from channels.email.servers import MailServer
from inbox.db import Database
from inbox.errors import Invalid, SettingsInvalid
from inbox.intake import BATCH, IntakeDesk, RawInput
from inbox.loggers import get_logger
from inbox.queries import mailboxes

SOURCE = "lmtp"
AHEAD = 256  # mails that may wait to be filed before the next one is answered later

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LmtpAddress:
    """Where to listen: a socket's `path`, or `host` and `port` of this machine."""

    host: str = ""
    port: int = 0
    path: Path | None = None

    @classmethod
    def parse(cls, text: str) -> "LmtpAddress":
        """From "127.0.0.1:24" or "/run/onethread/lmtp.sock"; raises SettingsInvalid."""
        if text.startswith("/"):
            return cls(path=Path(text))
        host, _, port = text.rpartition(":")
        host = host.strip("[]")
        if not host or not (port.isascii() and port.isdecimal() and 0 < int(port) < 65_536):
            raise SettingsInvalid(
                "LMTP listens on a port, like 127.0.0.1:24, or on a socket, like /run/lmtp.sock."
            )
        if not MailServer(host, int(port), implicit_tls=False).is_loopback:
            raise SettingsInvalid(
                "LMTP has no login, so it listens on this machine only, for example 127.0.0.1:24."
            )
        return cls(host, int(port))

    def check(self) -> None:
        """Raises SettingsInvalid where nobody may listen there, or somebody does already."""
        if self.path is not None:
            if not self.path.parent.is_dir():
                raise SettingsInvalid(f"There is no folder {self.path.parent} for the LMTP socket.")
            if self.path.exists() and not self.path.is_socket():
                raise SettingsInvalid(f"{self.path} is no socket, so LMTP does not take its place.")
            return
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        with contextlib.closing(socket.socket(family, socket.SOCK_STREAM)) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self.host, self.port))
            except OSError as error:
                where = f"{self.host}:{self.port}"
                raise SettingsInvalid(f"LMTP cannot listen on {where}: {error.strerror}.") from error


@asynccontextmanager
async def lmtp_door(
    address: LmtpAddress, database: Database, intake: IntakeDesk, *, max_bytes: int
) -> AsyncIterator[None]:
    """Take mail by LMTP for as long as the block lasts. Several processes may share one port."""
    door = _Door(database, intake)
    listener = LmtpListener(knows=door.knows, accept=door.accept, max_bytes=max_bytes)
    filing = asyncio.create_task(door.file(), name="lmtp filing")
    await listener.start(host=address.host, port=address.port, path=address.path, shared=True)
    try:
        yield
    finally:
        await listener.stop()
        filing.cancel()  # what it had not filed yet is stored, and swept up
        await asyncio.gather(filing, return_exceptions=True)


class _Door:
    """Between the protocol and the intake."""

    def __init__(self, database: Database, intake: IntakeDesk) -> None:
        self._database = database
        self._intake = intake
        self._accepted: asyncio.Queue[int] = asyncio.Queue(AHEAD)

    async def knows(self, address: str) -> bool:
        """Whether the address, without its plus-tag, is an active mailbox of ours."""
        return await self._channel_id(address) is not None

    async def accept(self, mail: DeliveredMail) -> None:
        """Store the mail once for each of our mailboxes among its recipients."""
        found = [await self._channel_id(recipient) for recipient in mail.recipients]
        for channel_id in dict.fromkeys(found):
            if channel_id is None:  # it was switched off since RCPT: to be asked again later
                raise Invalid("One of the mailboxes was switched off just now.")
            raw = RawInput(content=mail.content, source_ref=mail.sender)
            for record_id in await self._intake.accept(channel_id, SOURCE, [raw]):
                await self._accepted.put(record_id)

    async def file(self) -> None:
        """Put what was accepted into its conversations; ends only when cancelled."""
        while True:
            ids = [await self._accepted.get()]
            while len(ids) < BATCH and not self._accepted.empty():
                ids.append(self._accepted.get_nowait())
            try:
                await file_calmly(self._intake, ids, more_wait=not self._accepted.empty())
            except Exception:
                log.exception("lmtp.filing_failed", records=len(ids))  # the sweep takes them up again

    async def _channel_id(self, address: str) -> int | None:
        async with self._database.reading() as session:
            return await mailboxes.id_by_recipient(session, address)
