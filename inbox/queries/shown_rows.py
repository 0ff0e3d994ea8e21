"""The rows that timeline entries are made of: just the columns that a screen shows.

Read as plain rows: fifty messages as objects of the ORM cost more than everything else on their page.
"""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, bindparam, select

from inbox.models import (
    Attachment,
    Delivery,
    Event,
    Handoff,
    Mention,
    Message,
    Note,
    OutboxEntry,
    Rating,
    Strand,
    Suggestion,
)


class MessageRow(NamedTuple):
    id: int
    public_id: str
    created_at: datetime
    strand_id: int
    channel_id: int
    direction: str
    author_kind: str
    author_agent_id: int | None
    author_name: str
    author_address: str
    to: list[dict[str, Any]]
    cc: list[dict[str, Any]]
    subject: str
    text: str
    spans: list[Any]
    has_html: bool
    fields: list[Any]
    dmarc: str
    claimed: bool
    automatic: str | None
    is_spam: bool
    is_history: bool
    reused_id: bool
    matched_by: dict[str, Any]
    page_url: str | None
    delivery: str | None
    delivery_error: str | None
    delivery_at: datetime | None


class FileRow(NamedTuple):
    message_id: int
    public_id: str
    filename: str
    content_type: str
    size: int
    inline: bool


class DeliveryRow(NamedTuple):
    message_id: int
    address: str
    state: str
    error: str | None
    repeated: bool


class StrandRow(NamedTuple):
    id: int
    public_id: str
    channel_id: int
    is_side: bool
    page: str
    subject: str


class NoteRow(NamedTuple):
    """A note with one of the agents whom it mentions; several rows where there are several."""

    id: int
    public_id: str
    created_at: datetime
    author_id: int
    text: str
    edited_at: datetime | None
    mentioned_id: int | None


class HandoffRow(NamedTuple):
    id: int
    public_id: str
    created_at: datetime
    from_agent_id: int
    to_agent_id: int | None
    to_team_id: int | None
    reason: str
    state: str
    answer: str
    answered_at: datetime | None
    expires_at: datetime | None


class EventRow(NamedTuple):
    id: int
    kind: str
    at: datetime
    case_id: int | None
    actor_kind: str
    actor_id: int | None
    data: dict[str, Any]


# Statements are made once, here: making one again for each call costs more than running it.
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)

MESSAGES = select(
    Message.id,
    Message.public_id,
    Message.created_at,
    Message.strand_id,
    Message.channel_id,
    Message.direction,
    Message.author_kind,
    Message.author_agent_id,
    Message.author_name,
    Message.author_address,
    Message.to,
    Message.cc,
    Message.subject,
    Message.text,
    Message.spans,
    Message.html.is_not(None),
    Message.fields,
    Message.dmarc,
    Message.claimed,
    Message.automatic,
    Message.is_spam,
    Message.is_history,
    Message.reused_id,
    Message.matched_by,
    Message.page_url,
    Message.delivery,
    Message.delivery_error,
    Message.delivery_at,
).where(Message.id.in_(_IDS))
HTML = select(Message.id, Message.html).where(Message.id.in_(_IDS))
FILES = (
    select(
        Attachment.message_id,
        Attachment.public_id,
        Attachment.filename,
        Attachment.content_type,
        Attachment.size,
        Attachment.inline,
    )
    .where(Attachment.message_id.in_(_IDS))
    .order_by(Attachment.id)
)
DELIVERIES = (
    select(Delivery.message_id, Delivery.address, Delivery.state, Delivery.error, Delivery.repeated)
    .where(Delivery.message_id.in_(_IDS))
    .order_by(Delivery.id)
)
WAITING = select(OutboxEntry.message_id, OutboxEntry.due_at, OutboxEntry.waits_for_rate).where(
    OutboxEntry.message_id.in_(_IDS),
    (OutboxEntry.attempts == 0) | OutboxEntry.waits_for_rate.is_not(None),
)
STRANDS = select(
    Strand.id, Strand.public_id, Strand.channel_id, Strand.is_side, Strand.page, Strand.subject
).where(Strand.id.in_(_IDS))
NOTES = (
    select(
        Note.id,
        Note.public_id,
        Note.created_at,
        Note.author_id,
        Note.text,
        Note.edited_at,
        Mention.agent_id,
    )
    .outerjoin(Mention, Mention.note_id == Note.id)
    .where(Note.id.in_(_IDS))
    .order_by(Note.id, Mention.id)
)
HANDOFFS = select(
    Handoff.id,
    Handoff.public_id,
    Handoff.created_at,
    Handoff.from_agent_id,
    Handoff.to_agent_id,
    Handoff.to_team_id,
    Handoff.reason,
    Handoff.state,
    Handoff.answer,
    Handoff.answered_at,
    Handoff.expires_at,
).where(Handoff.id.in_(_IDS))
EVENTS = select(
    Event.id, Event.kind, Event.at, Event.case_id, Event.actor_kind, Event.actor_id, Event.data
).where(Event.id.in_(_IDS))
COMMENTS = select(Rating.case_id, Rating.comment).where(Rating.case_id.in_(_IDS))
# What a session has read before may be out of date: a push must show what is committed now.
SUGGESTIONS = select(Suggestion).where(Suggestion.id.in_(_IDS)).execution_options(populate_existing=True)
