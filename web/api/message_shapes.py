"""What the API answers for messages and their files."""

from datetime import datetime
from typing import Any

from inbox import models
from inbox.envelopes import Span, SpanKind
from inbox.queries.names import Names
from inbox.sanitising import sanitise
from inbox.texts import new_words, quoted_words
from web.api.shapes import ChannelShape, Shape, channel


class AuthorShape(Shape):
    kind: str
    id: str | None
    name: str
    address: str


class AddressShape(Shape):
    name: str = ""
    address: str


class AttachmentShape(Shape):
    id: str
    filename: str
    content_type: str
    size: int
    url: str
    inline: bool


class RecipientShape(Shape):
    address: str
    state: str
    error: str | None


class DeliveryShape(Shape):
    state: str
    error: str | None
    at: datetime | None
    recipients: list[RecipientShape]


class MessageShape(Shape):
    id: str
    conversation_id: str
    case_number: int | None
    strand_id: str
    direction: str
    channel: ChannelShape
    author: AuthorShape
    sender: list[AddressShape]
    to: list[AddressShape]
    cc: list[AddressShape]
    subject: str
    text: str
    text_quoted: str
    html: str | None
    attachments: list[AttachmentShape]
    authenticated: bool
    claimed: bool
    matched_by: dict[str, Any]
    delivery: DeliveryShape | None
    external_id: str | None
    created_at: datetime


def message(row: models.Message, names: Names) -> dict[str, Any]:
    """The JSON of a message; `from` is no name in Python, so this one is a dict."""
    spans = [Span(start, end, SpanKind(kind)) for start, end, kind in row.spans]
    shape = MessageShape(
        id=row.public_id,
        conversation_id=names.conversations[row.conversation_id],
        case_number=names.cases.get(row.case_id) if row.case_id else None,
        strand_id=names.strands[row.strand_id],
        direction=row.direction,
        channel=channel(row.channel),
        author=AuthorShape(
            kind=row.author_kind, id=names.author(row), name=row.author_name, address=row.author_address
        ),
        sender=[AddressShape(**address) for address in row.sender],
        to=[AddressShape(**address) for address in row.to],
        cc=[AddressShape(**address) for address in row.cc],
        subject=row.subject,
        text=new_words(row.text, spans),
        text_quoted=quoted_words(row.text, spans),
        html=sanitise(row.html, image_urls={}) if row.html else None,
        attachments=[attachment(a) for a in row.attachments],
        authenticated=row.dmarc == "pass",
        claimed=row.claimed,
        matched_by=row.matched_by,
        delivery=_delivery(row),
        external_id=row.external_id,
        created_at=row.created_at,
    )
    content = shape.model_dump(mode="json")
    senders = content.pop("sender")
    return {**content, "from": senders[0] if senders else None}


def attachment(row: models.Attachment) -> AttachmentShape:
    return AttachmentShape(
        id=row.public_id,
        filename=row.filename,
        content_type=row.content_type,
        size=row.size,
        url=f"/api/v1/attachments/{row.public_id}",
        inline=row.inline,
    )


def _delivery(row: models.Message) -> DeliveryShape | None:
    if row.delivery is None:
        return None
    return DeliveryShape(
        state=row.delivery,
        error=row.delivery_error,
        at=row.delivery_at,
        recipients=[RecipientShape(address=d.address, state=d.state, error=d.error) for d in row.deliveries],
    )
