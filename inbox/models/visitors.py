"""The browsers of visitors: what each has shown to prove that it is the same one as before."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from inbox.models.base import Model, WithCreation


class VisitorToken(WithCreation, Model):
    """A visitor's bearer token. Only its digest is stored, from the first message or proof on, never for a
    page view.

    `visitor_id` outlives the token: after a proof a new token takes its place. `claimed_email` was typed and
    proves nothing. `signed` is what the host page has proved ({"id", "email", "name"}); a browser that was
    tied to one user is never used for another. `proved_email` is the address whose mailed code was typed.
    What the browser says of itself (`language`, a BCP 47 tag; `time_zone`, an IANA name; `page`, where it is
    now; `attributes`, which the page added) proves nothing.
    """

    __tablename__ = "visitor_tokens"
    __table_args__ = (Index(None, "channel_id", "visitor_id"),)

    digest: Mapped[str] = mapped_column(String(64), unique=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id", ondelete="CASCADE"))
    visitor_id: Mapped[str] = mapped_column(String(26))
    claimed_email: Mapped[str | None] = mapped_column(String(320))
    signed: Mapped[dict[str, Any] | None]
    proved_email: Mapped[str | None] = mapped_column(String(320))
    last_seen_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    language: Mapped[str | None] = mapped_column(String(35))
    time_zone: Mapped[str | None] = mapped_column(String(64))
    page: Mapped[str | None] = mapped_column(String(1000))
    attributes: Mapped[dict[str, Any] | None]


class UnseenReply(WithCreation, Model):
    """A chat reply that its visitor has not looked at: at `due_at` it goes out by mail as well.

    `mail_id` is the message that carried it; a row without one ends when the reply has been seen.
    """

    __tablename__ = "unseen_replies"
    __table_args__ = (Index(None, "mail_id", "due_at"),)

    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id"), unique=True)
    due_at: Mapped[datetime]
    mail_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"))


class Rating(WithCreation, Model):
    """What a visitor thought of a case, once: 1 (bad) to 5 (great), and in words."""

    __tablename__ = "ratings"

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), unique=True)
    identity_id: Mapped[int | None] = mapped_column(ForeignKey("identities.id"))
    score: Mapped[int]
    comment: Mapped[str] = mapped_column(String(1000), default="")
