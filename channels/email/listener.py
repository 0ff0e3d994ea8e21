"""LMTP (RFC 2033): how a mail server on the same machine hands mail over, instead of our fetching it.

A mail counts as taken only once `accept` has stored it. There is no login, so it listens on this machine
alone.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import AnyStr

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session

from channels.email.addresses import wire_address
from channels.email.servers import MailServer
from inbox import clock
from inbox.errors import Invalid, SettingsInvalid

LONGEST_LINE = 1_000_000  # far beyond RFC 5322: what our own server took must not bounce for its form
RECIPIENTS = 100

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DeliveredMail:
    """A mail with its envelope, which the first headers of `content` repeat. A bounce has no sender."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes
    received_at: datetime


class LmtpListener:
    """Listens on a port of this machine or on a Unix socket from `start()` to `stop()`.

    *knows* says whether an address is a channel's, perhaps with a plus-tag. *accept* returns once the mail
    is safe; whatever it raises makes the server try again.
    """

    def __init__(
        self,
        *,
        knows: Callable[[str], Awaitable[bool]],
        accept: Callable[[DeliveredMail], Awaitable[None]],
        max_bytes: int = 52_428_800,
    ) -> None:
        self._knows = knows
        self._accept = accept
        self._max_bytes = max_bytes
        self._server: asyncio.Server | None = None

    async def start(
        self, *, host: str = "127.0.0.1", port: int = 0, path: Path | None = None, shared: bool = False
    ) -> int | Path:
        """Listen on *path* or on host and port; answers where. *shared*: other processes may as well.

        Raises SettingsInvalid for an open address.
        """
        loop = asyncio.get_running_loop()
        if path is not None:
            self._server = await loop.create_unix_server(self._conversation, path)
            return path
        if not MailServer(host, port, implicit_tls=False).is_loopback:
            raise SettingsInvalid(
                "LMTP has no login, so it listens on this machine only, for example 127.0.0.1."
            )
        self._server = await loop.create_server(self._conversation, host, port, reuse_port=shared or None)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Take no more; a mail that is being handed over is then tried again by its server."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def _conversation(self) -> "_Conversation":
        return _Conversation(
            self,
            data_size_limit=self._max_bytes,
            enable_SMTPUTF8=True,
            hostname="onethread",
            ident="Onethread",
            loop=asyncio.get_running_loop(),
        )

    # Called by aiosmtpd under these names.

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """RFC 5321 §4.1.1.3."""
        try:
            recipient = wire_address(address)
        except Invalid:
            return "553 5.1.3 This is not an address"
        if len(envelope.rcpt_tos) >= RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        if not await self._knows(recipient):
            return "550 5.1.1 There is no such mailbox here"
        envelope.rcpt_tos.append(recipient)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """RFC 5321 §4.1.1.4, after the final dot."""
        await self._accept(_delivered(envelope))
        return "250 2.0.0 Stored"

    async def handle_exception(self, error: Exception) -> str:
        """What to answer when something of ours went wrong."""
        logger.error("a mail could not be taken by LMTP", exc_info=error)
        return "451 4.3.0 It could not be stored; try again later"


class _Conversation(LMTP):
    """aiosmtpd's LMTP, with an answer for each recipient (RFC 2033 §4.2) and without its limit on lines."""

    line_length_limit = LONGEST_LINE
    _answers_due = 1

    async def push(self, status: AnyStr) -> None:
        text = status.decode() if isinstance(status, bytes) else str(status)
        answers, self._answers_due = self._answers_due, 1
        if text.startswith("354") and self.envelope is not None:
            self._answers_due = len(self.envelope.rcpt_tos)
        await super().push("\r\n".join([text] * answers))


def _delivered(envelope: Envelope) -> DeliveredMail:
    content = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
    sender = _sender(envelope)
    # RFC 5321 §4.4: whoever delivers for good writes the envelope down; our token may stand nowhere else.
    lines = [f"Return-Path: <{sender}>", *(f"Delivered-To: {recipient}" for recipient in envelope.rcpt_tos)]
    head = "".join(f"{line}\r\n" for line in lines).encode()
    return DeliveredMail(sender, tuple(envelope.rcpt_tos), head + content, clock.now())


def _sender(envelope: Envelope) -> str:
    try:
        return wire_address(envelope.mail_from) if envelope.mail_from else ""
    except Invalid:  # it goes into a header, so only an address will do
        return ""
