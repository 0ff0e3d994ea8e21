"""The kinds of channels by name: how each parses what comes in, and how each sends what goes out."""

import asyncio
import importlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from inbox.blobs import BlobStore
from inbox.envelopes import ChannelFacts, ChannelKind, InboundMessage, Sender
from inbox.errors import Refused

if TYPE_CHECKING:
    from channels.email.smtp_logins import TokenSource
    from channels.email.worker import ParserPool


class ChannelParsers:
    """Parses mail in worker processes, and what our own endpoints wrote (chats, forms) right here."""

    def __init__(self, blobs: BlobStore, *, max_message_bytes: int, workers: int = 1) -> None:
        self._blobs = blobs
        self._max_message_bytes = max_message_bytes
        self._workers = workers
        self._pool: ParserPool | None = None

    async def parse(
        self, channel: ChannelFacts, digests: Sequence[str]
    ) -> Sequence[InboundMessage | Refused]:
        """One message, or the reason why there is none, for each blob."""
        if channel.kind is ChannelKind.EMAIL:
            return await self._parse_mail(channel, digests)
        package = {ChannelKind.WEBCHAT: "webchat", ChannelKind.FORM: "forms"}[channel.kind]
        parse = importlib.import_module(f"channels.{package}.parser").parse
        results: list[InboundMessage | Refused] = []
        for digest in digests:
            raw = await asyncio.to_thread(self._blobs.read, digest)
            try:
                results.append(parse(raw, channel=channel))
            except Refused as refused:
                results.append(refused)
        return results

    async def _parse_mail(
        self, channel: ChannelFacts, digests: Sequence[str]
    ) -> Sequence[InboundMessage | Refused]:
        from channels.email.parser import MailContext  # mail is not everybody's channel: loaded when it comes
        from channels.email.worker import ParserPool

        if self._pool is None:
            self._pool = ParserPool(self._blobs.root, size=self._workers)
        context = MailContext(
            mailbox_address=channel.address or "",
            own_addresses=channel.own_addresses,
            agent_addresses=channel.agent_addresses,
            authserv_id=channel.settings.get("authserv_id"),
            arc_sealers=tuple(channel.settings.get("arc_sealers", ())),
            max_bytes=self._max_message_bytes,
        )
        return await self._pool.parse(digests, context)

    async def close(self) -> None:
        """End the worker processes."""
        if self._pool is not None:
            await self._pool.close()


def senders(blobs: BlobStore, tokens: "TokenSource | None" = None) -> dict[str, Sender]:
    """The ways out by kind; a form answers by the mailbox that its channel names. *tokens* let into mailboxes
    that are signed in to at a provider."""
    from channels.email.sender import EmailSender
    from channels.webchat.sender import WebchatSender

    return {ChannelKind.EMAIL: EmailSender(blobs.read, tokens=tokens), ChannelKind.WEBCHAT: WebchatSender()}
