"""What was removed for good, what is still to be cleared away after it, and who did what."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from inbox.models.base import Model, WithCreation, WithPublicId


class Redaction(WithPublicId, WithCreation, Model):
    """Words of a message that were removed for good. What they were stands nowhere.

    `message_id` bears no foreign key, so that this outlives the message. `is_whole`: nothing of it was kept.
    """

    __tablename__ = "redactions"

    message_id: Mapped[int] = mapped_column(index=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id"))
    is_whole: Mapped[bool]
    reason: Mapped[str] = mapped_column(String(500))


class CleanupKind(StrEnum):
    BLOB = "blob"  # a file that nothing points to any more
    INDEX = "index"  # what the search index and the write-ahead log still hold of rows that were overwritten


class Cleanup(WithCreation, Model):
    """Something that is to be cleared away after a transaction; `digest` is a blob's."""

    __tablename__ = "cleanups"

    kind: Mapped[str] = mapped_column(String(20))
    digest: Mapped[str | None] = mapped_column(String(64))
    due_at: Mapped[datetime] = mapped_column(index=True)


class AuditKind(StrEnum):
    """What stands in the audit: what cannot be undone, and what concerns who may do or see what."""

    MESSAGE_REDACTED = "message.redacted"
    CUSTOMER_BLOCKED = "customer.blocked"
    CUSTOMER_UNBLOCKED = "customer.unblocked"
    CUSTOMER_EXPORTED = "customer.exported"
    CUSTOMERS_MERGED = "customer.merged"
    CUSTOMERS_PARTED = "customer.unmerged"
    AUDIT_EXPORTED = "audit.exported"
    TAG_REMOVED = "tag.removed"
    TAG_MERGED = "tag.merged"
    FIELD_CHANGED = "field.changed"
    FIELD_REMOVED = "field.removed"


class AuditEntry(WithPublicId, Model):
    """Who did what, when and from where. Written once, never changed, and never holds what was written.

    `subject` names what it was done to ("message 01ab…"), by public ids; `details` are facts and counts.
    `agent_name` is the agent's at that time; `origin` the network address that the request came from.
    """

    __tablename__ = "audit_entries"
    __table_args__ = (Index(None, "kind", "id"), Index(None, "agent_id", "id"))

    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(40))
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("agents.id"))
    agent_name: Mapped[str] = mapped_column(String(200), default="")
    origin: Mapped[str] = mapped_column(String(60), default="")
    subject: Mapped[str] = mapped_column(String(120), default="")
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    reason: Mapped[str] = mapped_column(String(500), default="")
