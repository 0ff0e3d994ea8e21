"""The columns of a message that say what its sender wrote, and to whom, as JSON and back."""

from datetime import datetime
from typing import Any

from inbox.envelopes import Address, InboundMessage
from inbox.models import Message


def columns_of(inbound: InboundMessage, writer: Address) -> dict[str, Any]:
    """What an inbound message says, as JSON; *writer* is who wrote it, behind a relay perhaps."""
    return {
        "author_name": writer.name,
        "author_address": writer.value,
        "sender": [_written(inbound.sender)],
        "to": [_written(address) for address in inbound.to],
        "cc": [_written(address) for address in inbound.cc],
        "reply_to": [_written(inbound.reply_to)] if inbound.reply_to else [],
        "subject": inbound.subject[:1000],
        "text": inbound.text,
        "spans": [[span.start, span.end, span.kind] for span in inbound.spans],
        "html": inbound.html,
        "external_id": inbound.external_id,
        "references": list(inbound.references),
        "dmarc": inbound.authentication.dmarc,
        "sent_at": inbound.sent_at.isoformat() if inbound.sent_at else None,
    }


def restored(columns: dict[str, Any]) -> dict[str, Any]:
    """The columns as a Message takes them."""
    written = columns["sent_at"]
    return columns | {"sent_at": datetime.fromisoformat(written) if written else None}


def rewrite(message: Message, columns: dict[str, Any]) -> None:
    """Let a message say this instead."""
    for column, value in restored(columns).items():
        setattr(message, column, value)


def _written(address: Address) -> dict[str, str]:
    return {"name": address.name, "address": address.value}
