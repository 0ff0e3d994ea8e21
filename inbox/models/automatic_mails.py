"""Mails of fixed words that nobody wrote, and the codes that some of them carry."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from inbox.models.base import Model, WithCreation, WithPublicId


class AutomaticKind(StrEnum):
    CODE = "code"
    CONFIRMATION = "confirmation"
    ACKNOWLEDGEMENT = "acknowledgement"
    COPY = "copy"
    DIGEST = "digest"
    ALARM = "alarm"


class AutomaticState(StrEnum):
    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"


class AutomaticMail(WithPublicId, WithCreation, Model):
    """A mail that the installation sends by itself. It is no message: it stands in no thread and answers
    nothing.

    `sealed` holds its words encrypted until it has left, and nothing afterwards. `strand_id` is the strand
    that an answer to it joins. The rows are counted before another one is written (SECURITY R8).
    """

    __tablename__ = "automatic_mails"
    __table_args__ = (Index(None, "address", "created_at"), Index(None, "state", "due_at"))

    kind: Mapped[str] = mapped_column(String(20))
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id", ondelete="CASCADE"))
    strand_id: Mapped[int | None] = mapped_column(ForeignKey("strands.id", ondelete="SET NULL"))
    address: Mapped[str] = mapped_column(String(320))
    external_id: Mapped[str] = mapped_column(String(1000))
    sealed: Mapped[str | None]
    state: Mapped[str] = mapped_column(String(20), default=AutomaticState.WAITING)
    due_at: Mapped[datetime]
    claimed_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(String(500), default="")


class MailedCode(WithCreation, Model):
    """A code that was mailed to an address, good for one visitor's browser. Only its digest is stored.

    `tries` is counted before a typed code is compared; `spent_at` says that it was used, or that a newer one
    has taken its place.
    """

    __tablename__ = "mailed_codes"
    __table_args__ = (Index(None, "channel_id", "visitor_id"),)

    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id", ondelete="CASCADE"))
    visitor_id: Mapped[str] = mapped_column(String(26))
    address: Mapped[str] = mapped_column(String(320))
    digest: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    spent_at: Mapped[datetime | None]
