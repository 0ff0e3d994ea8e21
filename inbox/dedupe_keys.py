"""By what a message is known again that comes a second time."""

import hashlib

from inbox.envelopes import InboundMessage


def keys_of(message: InboundMessage) -> tuple[str, ...]:
    """The key of a message, and that of the mail that it passes on, if it does."""
    inside = (_key(message.forward.original),) if message.forward is not None else ()
    return _key(message), *inside


def _key(message: InboundMessage) -> str:
    """SHA-256 (hex) over the external id and the content's hash; without an id over the content's hash
    alone."""
    parts = (message.channel, message.external_id or "", message.content_hash)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
