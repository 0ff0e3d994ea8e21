"""Words between customer and agent, how they travel, and what came with them."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from inbox.models.agents import Agent
from inbox.models.base import Model, WithCreation, WithPublicId
from inbox.models.channels import Channel


class Direction(StrEnum):
    INBOUND = "inbound"
    OUTBOUND = "outbound"


class AuthorKind(StrEnum):
    CUSTOMER = "customer"
    PARTICIPANT = "participant"
    AGENT = "agent"
    SYSTEM = "system"


class DeliveryState(StrEnum):
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    BOUNCED = "bounced"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"


class Message(WithPublicId, WithCreation, Model):
    """One message in a strand.

    `text` is the whole text; `spans` ([start, end, kind]) say which ranges of it are quoted or signature.
    `html` is kept as it came and sanitised each time it is shown. `sender`, `to`, `cc` and `reply_to` are
    [{name, address}]. `external_id` is a Message-ID without angle brackets, or the client's id of a chat
    message. `matched_by` says which header, token or identity brought it here ({"rule", "value"}). `dmarc` is
    pass, fail or none. `delivery` repeats the worst state of an outbound message's deliveries. `position` is
    that of its timeline entry: the reply guard compares it. Without `is_answer` a message of ours leaves
    whoever asked waiting.
    """

    __tablename__ = "messages"
    __table_args__ = (
        Index(None, "conversation_id", "position"),
        Index(None, "strand_id", "id"),
    )

    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversations.id"))
    origin_conversation_id: Mapped[int] = mapped_column(ForeignKey("conversations.id"))
    strand_id: Mapped[int] = mapped_column(ForeignKey("strands.id"))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"), index=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id"))
    identity_id: Mapped[int | None] = mapped_column(ForeignKey("identities.id"), index=True)
    answers_message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"))
    position: Mapped[int] = mapped_column(default=0)
    direction: Mapped[str] = mapped_column(String(20))
    author_kind: Mapped[str] = mapped_column(String(20))
    author_agent_id: Mapped[int | None] = mapped_column(ForeignKey("agents.id"))
    author_name: Mapped[str] = mapped_column(String(300), default="")
    author_address: Mapped[str] = mapped_column(String(400), default="")
    sender: Mapped[list[Any]] = mapped_column(default=list)
    to: Mapped[list[Any]] = mapped_column("recipients_to", default=list)
    cc: Mapped[list[Any]] = mapped_column("recipients_cc", default=list)
    bcc: Mapped[list[Any]] = mapped_column("recipients_bcc", default=list)
    reply_to: Mapped[list[Any]] = mapped_column(default=list)
    subject: Mapped[str] = mapped_column(String(1000), default="")
    text: Mapped[str] = mapped_column(default="")
    spans: Mapped[list[Any]] = mapped_column(default=list)
    html: Mapped[str | None]
    fields: Mapped[list[Any]] = mapped_column(default=list)
    external_id: Mapped[str | None] = mapped_column(String(1000), index=True)
    references: Mapped[list[str]] = mapped_column("reference_ids", default=list)
    dmarc: Mapped[str] = mapped_column(String(10), default="none")
    claimed: Mapped[bool] = mapped_column(default=False)
    automatic: Mapped[str | None] = mapped_column(String(20))
    is_spam: Mapped[bool] = mapped_column(default=False)
    is_history: Mapped[bool] = mapped_column(default=False)
    # Its default is a text: SQLite then adds the column in place, and the table keeps its triggers.
    is_answer: Mapped[bool] = mapped_column(default=True, server_default="1")
    reused_id: Mapped[bool] = mapped_column(
        default=False
    )  # another message with other content bears the same id
    matched_by: Mapped[dict[str, Any]] = mapped_column(default=dict)
    page_url: Mapped[str | None] = mapped_column(String(2000))
    delivery: Mapped[str | None] = mapped_column(String(20))
    delivery_error: Mapped[str | None] = mapped_column(String(1000))
    delivery_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]  # what the sender's Date header says

    channel: Mapped[Channel] = relationship(lazy="raise")
    author_agent: Mapped[Agent | None] = relationship(lazy="raise")
    attachments: Mapped[list["Attachment"]] = relationship(lazy="raise", order_by="Attachment.id")
    deliveries: Mapped[list["Delivery"]] = relationship(lazy="raise", order_by="Delivery.id")


class Submission(Model):
    """Where a form's submission came from, so that a wave of them can be swept away together, and back.

    `network` is a part of an IP address (IPv4 /24, IPv6 /48) that names no person.
    """

    __tablename__ = "submissions"
    __table_args__ = (Index(None, "channel_id", "created_at"),)

    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id"), unique=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id"))
    network: Mapped[str] = mapped_column(String(60))
    created_at: Mapped[datetime]
    sweep_id: Mapped[int | None] = mapped_column(ForeignKey("sweeps.id"), index=True)


class Sweep(WithPublicId, WithCreation, Model):
    """One step that judged a wave of submissions as spam: those of a form from one network (or any, where it
    is empty) since a moment."""

    __tablename__ = "sweeps"

    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id"), index=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id"))
    network: Mapped[str] = mapped_column(String(60), default="")
    since: Mapped[datetime]
    swept: Mapped[int] = mapped_column(default=0)
    undone_at: Mapped[datetime | None]

    agent: Mapped[Agent] = relationship(lazy="raise")


class Attachment(WithPublicId, WithCreation, Model):
    """A file. Before its message exists it belongs to who uploaded it. `content_type` was sniffed, not
    believed."""

    __tablename__ = "attachments"

    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"), index=True)
    uploaded_by_agent_id: Mapped[int | None] = mapped_column(ForeignKey("agents.id"))
    uploaded_by_identity_id: Mapped[int | None] = mapped_column(ForeignKey("identities.id"))
    digest: Mapped[str] = mapped_column(String(64), index=True)
    filename: Mapped[str] = mapped_column(String(300))
    content_type: Mapped[str] = mapped_column(String(120))
    size: Mapped[int]
    content_id: Mapped[str | None] = mapped_column(String(400))
    inline: Mapped[bool] = mapped_column(default=False)


class MessageSource(Model):
    """Which raw input a message was made of; the same mail through two of our mailboxes has two."""

    __tablename__ = "message_sources"
    __table_args__ = (UniqueConstraint("message_id", "channel_id"),)

    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id"))
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id"))
    intake_record_id: Mapped[int | None] = mapped_column(ForeignKey("intake_records.id"), index=True)


class DedupeKey(Model):
    """What has been filed already. A table of its own, so that messages can be partitioned by time."""

    __tablename__ = "dedupe_keys"

    key: Mapped[str] = mapped_column(String(64), unique=True)
    message_id: Mapped[int] = mapped_column(index=True)


class Delivery(Model):
    """What became of an outbound message for one recipient. `repeated`: sent again after an unknown outcome,
    so that it may arrive twice."""

    __tablename__ = "deliveries"
    __table_args__ = (UniqueConstraint("message_id", "address"),)

    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id"))
    address: Mapped[str] = mapped_column(String(400))
    name: Mapped[str] = mapped_column(String(300), default="")
    role: Mapped[str] = mapped_column(String(10), default="to")
    state: Mapped[str] = mapped_column(String(20), default=DeliveryState.QUEUED)
    error: Mapped[str | None] = mapped_column(String(1000))
    repeated: Mapped[bool] = mapped_column(default=False)
    at: Mapped[datetime]


class OutboxEntry(WithCreation, Model):
    """What must still leave. `raw_digest` is what was composed at the first claim, the same bytes on every
    attempt.

    `claimed_by` and `attempts` (the number of claims) together fence off a worker whose lease ran out.
    `delays` counts temporary failures; at `give_up_at` they become a permanent one. With `waits_for_rate` it
    waits until `due_at` for a turn, since its mailbox sends no more mails than that ("30/minute").
    """

    __tablename__ = "outbox_entries"
    __table_args__ = (Index(None, "state", "due_at"),)

    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id"), unique=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id"))
    state: Mapped[str] = mapped_column(String(20), default="waiting")  # waiting, done, failed, cancelled
    due_at: Mapped[datetime]
    waits_for_rate: Mapped[str | None] = mapped_column(String(20))
    claimed_by: Mapped[str | None] = mapped_column(String(60))
    claimed_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    delays: Mapped[int] = mapped_column(default=0)
    give_up_at: Mapped[datetime | None]
    raw_digest: Mapped[str | None] = mapped_column(String(64))
    last_error: Mapped[str | None] = mapped_column(String(1000))
