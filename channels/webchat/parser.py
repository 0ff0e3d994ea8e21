"""What a stored chat message says: canonical JSON, as the endpoint wrote it, into an inbound message."""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime

from channels.stored_files import attachment, described
from inbox.addresses import normalise_email
from inbox.envelopes import Address, AddressKind, ChannelFacts, ChannelKind, InboundAttachment, InboundMessage
from inbox.errors import Invalid, Refused

LONGEST_SUBJECT = 80


def write(
    *,
    visitor_id: str,
    client_id: str,
    text: str,
    received_at: datetime,
    files: Sequence[InboundAttachment] = (),
    page: str | None = None,
    email: str | None = None,
    name: str = "",
    ip_block: str = "",
    fields: Sequence[tuple[str, str]] = (),
) -> bytes:
    """A visitor's message as it is stored before anybody parses it. `email` was typed: a claim. `fields` are
    what was asked before the chat, with the answers."""
    content = {
        "visitor": visitor_id,
        "client_id": client_id,
        "text": text,
        "files": [described(file) for file in files],
        "page": page,
        "email": email,
        "name": name,
        "received_at": received_at.isoformat(),
        "ip_block": ip_block,
        "fields": [list(pair) for pair in fields],
    }
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def parse(raw: bytes, *, channel: ChannelFacts) -> InboundMessage:
    """The message that a visitor wrote; the client's own id makes a repetition known.

    Raises Refused where *raw* is not what `write()` makes.
    """
    try:
        content = json.loads(raw)
        visitor_id, client_id, text = str(content["visitor"]), str(content["client_id"]), str(content["text"])
        files = tuple(attachment(file) for file in content["files"])
        sent_at, page = datetime.fromisoformat(content["received_at"]), content["page"]
        claims, name = _claims(content.get("email")), str(content.get("name") or "")
        fields = tuple((str(question), str(answer)) for question, answer in content.get("fields") or ())
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Refused("This is no chat message: %(trouble)s.", trouble=repr(error)) from error
    return InboundMessage(
        channel=ChannelKind.WEBCHAT,
        sender=Address(f"{channel.public_key}:{visitor_id}", name, AddressKind.VISITOR),
        content_hash=_content_hash(text, files),
        external_id=external_id(visitor_id, client_id),
        subject=_subject(text, files),
        text=text,
        attachments=files,
        claims=claims,
        fields=fields,
        sent_at=sent_at,
        page_url=page,
    )


def external_id(visitor_id: str, client_id: str) -> str:
    """What a message is known by, were it sent twice."""
    return f"{visitor_id}:{client_id}"


def _claims(email: object) -> tuple[Address, ...]:
    if not email:
        return ()
    try:
        return (Address(normalise_email(str(email))),)
    except Invalid:
        return ()  # what cannot be written to claims nothing


def _subject(text: str, files: Sequence[InboundAttachment]) -> str:
    """A case that a chat opens is called by the first words of it."""
    words = " ".join(text.split()) or (files[0].filename if files else "")
    return words if len(words) <= LONGEST_SUBJECT else words[: LONGEST_SUBJECT - 1].rstrip() + "…"


def _content_hash(text: str, files: Sequence[InboundAttachment]) -> str:
    content = json.dumps([text, [file.digest for file in files]], ensure_ascii=False)
    return hashlib.sha256(content.encode()).hexdigest()
