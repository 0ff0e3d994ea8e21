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
    tied to one user is never used for another.
    """

    __tablename__ = "visitor_tokens"
    __table_args__ = (Index(None, "channel_id", "visitor_id"),)

    digest: Mapped[str] = mapped_column(String(64), unique=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id", ondelete="CASCADE"))
    visitor_id: Mapped[str] = mapped_column(String(26))
    claimed_email: Mapped[str | None] = mapped_column(String(320))
    signed: Mapped[dict[str, Any] | None]
    last_seen_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
