"""Pieces of work in a conversation, who is responsible for them, and how they are passed on."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from inbox.models.agents import Agent, Team
from inbox.models.base import Model, WithCreation, WithPublicId


class Status(StrEnum):
    OPEN = "open"
    PENDING = "pending"
    SNOOZED = "snoozed"
    RESOLVED = "resolved"
    SPAM = "spam"


UNFINISHED = (Status.OPEN, Status.PENDING, Status.SNOOZED)


class Priority(StrEnum):
    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


def _where_set(*columns: str, of: str) -> Index:
    """An index of the rows only that have a value there, which most of all cases ever have not."""
    # On PostgreSQL too (migrations/env.py): to name its option here would load its whole dialect.
    return Index(None, *columns, of, "id", sqlite_where=text(f"{of} IS NOT NULL"))


class Case(Model):
    """A piece of work, #number. `first_channel_id` and its default team decide whether later messages belong
    here.

    `before_spam` holds what the spam verdict changed, so that its undo restores it. `preview`,
    `last_channel_kind`, `last_direction`, `last_author` and `last_message_at` repeat the newest message for
    the lists. `due_at` is by when whoever waits is to be answered, where the channel has a reply target.
    """

    __tablename__ = "cases"
    __table_args__ = (
        Index(None, "status", "due_at", "id"),
        Index(None, "status", "waiting_since", "id"),
        Index(None, "status", "last_message_at", "id"),
        Index(None, "assignee_id", "status", "last_message_at"),
        Index(None, "team_id", "status", "last_message_at"),
        _where_set("assignee_id", "status", of="due_at"),
        _where_set("assignee_id", "status", of="waiting_since"),
        _where_set("team_id", "status", of="due_at"),
        _where_set("team_id", "status", of="waiting_since"),
        _where_set("status", of="snoozed_until"),
    )

    number: Mapped[int] = mapped_column(unique=True)
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversations.id"), index=True)
    origin_conversation_id: Mapped[int] = mapped_column(ForeignKey("conversations.id"))
    status: Mapped[str] = mapped_column(String(20), default=Status.OPEN)
    subject: Mapped[str] = mapped_column(String(1000), default="")
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("agents.id"))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("teams.id"))
    priority: Mapped[str] = mapped_column(String(20), default=Priority.NORMAL)
    claimed: Mapped[bool] = mapped_column(default=False)
    is_private: Mapped[bool] = mapped_column(default=False)
    first_channel_id: Mapped[int | None] = mapped_column(ForeignKey("channels.id"))
    waiting_since: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    snoozed_until: Mapped[datetime | None]
    opened_at: Mapped[datetime]
    first_replied_at: Mapped[datetime | None]
    resolved_at: Mapped[datetime | None]
    joined_into_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"))
    before_spam: Mapped[dict[str, Any] | None]
    last_message_at: Mapped[datetime | None]
    last_channel_kind: Mapped[str] = mapped_column(String(20), default="")
    last_direction: Mapped[str] = mapped_column(String(20), default="")
    last_author: Mapped[str] = mapped_column(String(300), default="")
    preview: Mapped[str] = mapped_column(String(300), default="")

    assignee: Mapped[Agent | None] = relationship(lazy="raise")
    team: Mapped[Team | None] = relationship(lazy="raise")
    tags: Mapped[list["Tag"]] = relationship(secondary="case_tags", lazy="raise", order_by="Tag.name")

    @property
    def is_unfinished(self) -> bool:
        """Open in the sense of the case rules: open, pending or snoozed."""
        return self.status in UNFINISHED


class CaseNumber(Model):
    """One row: the newest case number; taken under its lock."""

    __tablename__ = "case_numbers"

    newest: Mapped[int] = mapped_column(default=1000)


class Tag(WithPublicId, Model):
    __tablename__ = "tags"

    name: Mapped[str] = mapped_column(String(80), unique=True)
    hue: Mapped[int] = mapped_column(default=8)


class CaseTag(Model):
    __tablename__ = "case_tags"
    __table_args__ = (UniqueConstraint("case_id", "tag_id"),)

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"))
    tag_id: Mapped[int] = mapped_column(ForeignKey("tags.id", ondelete="CASCADE"), index=True)


class Because(StrEnum):
    """Why somebody became responsible."""

    ASSIGNED = "assigned"
    WRITING = "writing"  # they answered, or began to
    HANDOFF = "handoff"
    COVER = "cover"  # whoever had it is away
    LEFT = "left"  # whoever had it no longer works here
    UNDONE = "undone"


class Assignment(Model):
    """Who was responsible, from when to when, and why. The open one (`ended_at` empty) repeats the case's
    columns. `instead_of_id`: who is away or has left, where that is why."""

    __tablename__ = "assignments"

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("agents.id"))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("teams.id"))
    assigned_by_id: Mapped[int | None] = mapped_column(ForeignKey("agents.id"))
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    because: Mapped[str] = mapped_column(String(20), default=Because.ASSIGNED, server_default="assigned")
    handoff_id: Mapped[int | None] = mapped_column(ForeignKey("handoffs.id"))
    instead_of_id: Mapped[int | None] = mapped_column(ForeignKey("agents.id"))


class HandoffState(StrEnum):
    OFFERED = "offered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class Handoff(WithPublicId, WithCreation, Model):
    """Passing a case on purpose. Who offers stays responsible until an agent accepts; a team takes it at
    once."""

    __tablename__ = "handoffs"
    __table_args__ = (Index(None, "state", "expires_at"),)

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    from_agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id"))
    to_agent_id: Mapped[int | None] = mapped_column(ForeignKey("agents.id"), index=True)
    to_team_id: Mapped[int | None] = mapped_column(ForeignKey("teams.id"))
    reason: Mapped[str] = mapped_column(String(500))
    answer: Mapped[str] = mapped_column(String(500), default="")
    state: Mapped[str] = mapped_column(String(20), default=HandoffState.OFFERED)
    expires_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]

    from_agent: Mapped[Agent] = relationship(foreign_keys=[from_agent_id], lazy="raise")
    to_agent: Mapped[Agent | None] = relationship(foreign_keys=[to_agent_id], lazy="raise")
    to_team: Mapped[Team | None] = relationship(lazy="raise")


class Follower(Model):
    """An agent who wants to hear of a case without being responsible for it. Without `by_choice` only until
    somebody takes what they handed to a team."""

    __tablename__ = "followers"
    __table_args__ = (UniqueConstraint("case_id", "agent_id"),)

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"))
    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id", ondelete="CASCADE"), index=True)
    by_choice: Mapped[bool] = mapped_column(default=False, server_default=text("false"))


class Mute(WithCreation, Model):
    """An agent who wants to hear of a case only when somebody mentions them in it."""

    __tablename__ = "mutes"
    __table_args__ = (UniqueConstraint("case_id", "agent_id"),)

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"))
    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id", ondelete="CASCADE"), index=True)


class Undo(WithPublicId, WithCreation, Model):
    """What an action changed, so that it can be taken back. `action` names the function that knows how."""

    __tablename__ = "undos"

    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id", ondelete="CASCADE"), index=True)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"))
    action: Mapped[str] = mapped_column(String(60))
    journal: Mapped[dict[str, Any]]
    undone_at: Mapped[datetime | None]
