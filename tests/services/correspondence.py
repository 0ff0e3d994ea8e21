"""Mail as a customer's own program writes it, and a mailbox that the product reads."""

import asyncio
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

from tests.services.dovecot import DovecotServer
from tests.services.server import RunningServer
from tests.services.smtp import SmtpSink

SUPPORT = "support@desk.test"
INES = "Inês Carvalho <ines@norte.test>"


def mail(sender: str, subject: str, text: str, *, references: tuple[str, ...] = ()) -> EmailMessage:
    """A mail to SUPPORT; with *references* an answer, to the last of them."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, SUPPORT, subject
    message["Date"], message["Message-ID"] = formatdate(), make_msgid(domain="norte.test")
    if references:
        message["In-Reply-To"], message["References"] = references[-1], " ".join(references)
    message.set_content(text)
    return message


async def connect_mailbox(server: RunningServer, dovecot: DovecotServer, sink: SmtpSink) -> str:
    """A mailbox of the real server, read by IMAP and answered by SMTP; answers its user there."""
    user = dovecot.new_user()
    smtp = f"smtp://127.0.0.1:{sink.port}"
    arguments = ("channel", "add", "email", "Support", "--address", SUPPORT, "--imap", dovecot.url(user))
    await asyncio.to_thread(server.cli, *arguments, "--smtp", smtp, "--password-stdin", stdin="pw\n")
    # What lies there before the first connection is history: it is not read.
    await server.until("/channels", lambda found: all(one["state"] == "ok" for one in found["items"]))
    return user


class Mailbox:
    """A channel that mail is handed to by HTTP, and whose answers leave by SMTP."""

    def __init__(self, server: RunningServer) -> None:
        self._server = server
        self._channel: dict[str, str] = {}

    async def connect(self, sink: SmtpSink) -> None:
        """Add the channel."""
        settings = {"smtp_url": f"smtp://127.0.0.1:{sink.port}"}
        channel = {"kind": "email", "name": "Support", "address": SUPPORT, "settings": settings}
        self._channel = await self._server.api("POST", "/channels", channel)

    async def take(self, message: EmailMessage) -> str:
        """File this mail; answers the id of the conversation that it went to."""
        token = self._server.secrets_of(self._channel["id"])["inbound_token"]
        path = f"/mail/{self._channel['public_key']}"
        await self._server.post(path, message.as_bytes(), Authorization=f"Bearer {token}")
        newest = await self._server.api("GET", "/conversations?limit=1")
        return str(newest["items"][0]["id"])
