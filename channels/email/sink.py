"""A mail server for demonstrations: on this machine alone it accepts everything and sends nothing on."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiosmtpd.smtp import SMTP, Envelope, Session

FULL = "full.mailbox@"  # whoever's address begins so cannot be reached


class _Sink:
    """Takes what it is given and forgets it."""

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.lower().startswith(FULL):
            return "550 5.2.2 The mailbox is full"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        return "250 Accepted, and kept nowhere"


@asynccontextmanager
async def mail_sink() -> AsyncIterator[str]:
    """Listen on a free port of this machine; answers the SMTP URL."""
    logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd's: every line of every conversation
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(_Sink(), hostname="localhost", loop=loop), "127.0.0.1", 0)
    try:
        yield f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
