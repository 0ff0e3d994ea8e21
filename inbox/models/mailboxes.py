"""What a mailbox needs beside its channel: leave to enter it, copies for its Sent folder, and how much it has
sent."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from inbox.models.base import Model, WithCreation


class MailboxGrant(WithCreation, Model):
    """What a provider gave when the mailbox's owner signed in there. `sealed` is one sealed JSON object with
    both tokens; `broken` says why somebody has to sign in again."""

    __tablename__ = "mailbox_grants"

    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id", ondelete="CASCADE"), unique=True)
    sealed: Mapped[str]
    expires_at: Mapped[datetime]
    broken: Mapped[str] = mapped_column(String(500), default="")


class SentCopy(WithCreation, Model):
    """A mail that has left and is still to be laid into the mailbox's Sent folder. Its row goes when that is
    done, or given up."""

    __tablename__ = "sent_copies"

    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"), unique=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id", ondelete="CASCADE"), index=True)
    external_id: Mapped[str] = mapped_column(String(1000))
    digest: Mapped[str] = mapped_column(String(64))
    due_at: Mapped[datetime] = mapped_column(index=True)
    attempts: Mapped[int] = mapped_column(default=0)


class SendingTurn(Model):
    """A mail that a mailbox with a sending rate let out, until it counts no more."""

    __tablename__ = "sending_turns"
    __table_args__ = (Index(None, "channel_id", "at"),)

    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id", ondelete="CASCADE"))
    at: Mapped[datetime]
