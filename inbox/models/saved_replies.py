"""Texts that agents send again and again."""

from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from inbox.models.base import Model, WithCreation, WithPublicId


class SavedReply(WithPublicId, WithCreation, Model):
    """A text with a name and a /shortcut, in Liquid. Without an owner everybody has it.

    `languages` are further texts by BCP 47 tag ({"de": "Guten Tag …"}).
    """

    __tablename__ = "saved_replies"
    __table_args__ = (UniqueConstraint("owner_id", "shortcut"),)

    owner_id: Mapped[int | None] = mapped_column(ForeignKey("agents.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(120))
    shortcut: Mapped[str] = mapped_column(String(40), index=True)
    text: Mapped[str]
    languages: Mapped[dict[str, Any]] = mapped_column(default=dict)


class SavedReplyUse(WithCreation, Model):
    """One time that a saved reply was put into an answer."""

    __tablename__ = "saved_reply_uses"

    saved_reply_id: Mapped[int] = mapped_column(
        ForeignKey("saved_replies.id", ondelete="CASCADE"), index=True
    )
    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id", ondelete="CASCADE"))
