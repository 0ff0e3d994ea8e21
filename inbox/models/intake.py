"""Raw inputs, stored before anybody parses them."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from inbox.models.base import Model, WithCreation, WithPublicId


class IntakeState(StrEnum):
    RECEIVED = "received"
    FILED = "filed"
    IGNORED = "ignored"
    QUARANTINED = "quarantined"


class IgnoredAs(StrEnum):
    """Why a raw input became no message of a thread."""

    AUTOMATIC = "automatic"  # from an unknown sender: an agent may file it
    OWN = "own"  # what we sent ourselves
    REPORT = "report"  # about a delivery of ours
    UNMATCHED_REPORT = "unmatched_report"  # about a delivery that is not ours, or of nobody
    NONE = ""


class IntakeRecord(WithPublicId, WithCreation, Model):
    """A raw input as it came. `source` is imap, ingest, lmtp, http, form, webchat or sample; `source_ref`
    says which one
    there (a UID, a file's name). `reason` is why it was ignored or quarantined, `ignored_as` the same as an
    IgnoredAs. While `claimed_until` lies
    ahead, somebody is filing it.
    """

    __tablename__ = "intake_records"
    __table_args__ = (Index(None, "state", "claimed_until"), Index(None, "state", "id"))

    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id"), index=True)
    state: Mapped[str] = mapped_column(String(20), default=IntakeState.RECEIVED)
    digest: Mapped[str] = mapped_column(String(64), index=True)
    size: Mapped[int]
    source: Mapped[str] = mapped_column(String(20))
    source_ref: Mapped[str] = mapped_column(String(400), default="")
    is_history: Mapped[bool] = mapped_column(default=False)
    reason: Mapped[str] = mapped_column(String(1000), default="")
    ignored_as: Mapped[str] = mapped_column(String(20), default="", server_default="", index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    claimed_until: Mapped[datetime | None]
    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"), index=True)
    filed_at: Mapped[datetime | None]
