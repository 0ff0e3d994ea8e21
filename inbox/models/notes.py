"""Words between agents. A table of its own, so that the outbox cannot point at one."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from inbox.models.agents import Agent
from inbox.models.base import Model, WithCreation, WithPublicId


class Note(WithPublicId, WithCreation, Model):
    __tablename__ = "notes"

    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversations.id"), index=True)
    origin_conversation_id: Mapped[int] = mapped_column(ForeignKey("conversations.id"))
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("agents.id"))
    text: Mapped[str]
    edited_at: Mapped[datetime | None]

    author: Mapped[Agent] = relationship(lazy="raise")
    mentions: Mapped[list["Mention"]] = relationship(lazy="raise", order_by="Mention.id")


class Mention(WithCreation, Model):
    """An agent named in a note, directly or through a team."""

    __tablename__ = "mentions"
    __table_args__ = (UniqueConstraint("note_id", "agent_id"), Index(None, "agent_id", "seen_at"))

    note_id: Mapped[int] = mapped_column(ForeignKey("notes.id"))
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id"))
    seen_at: Mapped[datetime | None]


class Draft(Model):
    """What an agent has begun to write: one reply and one note for each conversation."""

    __tablename__ = "drafts"
    __table_args__ = (UniqueConstraint("agent_id", "conversation_id", "kind"),)

    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id", ondelete="CASCADE"))
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversations.id"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    strand_id: Mapped[int | None] = mapped_column(ForeignKey("strands.id"))
    text: Mapped[str]
    updated_at: Mapped[datetime]


class ReadMark(Model):
    """How far an agent has read a conversation: the position of the newest entry seen."""

    __tablename__ = "read_marks"
    __table_args__ = (UniqueConstraint("agent_id", "conversation_id"),)

    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id", ondelete="CASCADE"))
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversations.id"))
    position: Mapped[int]
    at: Mapped[datetime]
