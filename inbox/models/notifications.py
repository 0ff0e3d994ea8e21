"""What agents are told, how they want to be told it, and the devices that it is pushed to."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from inbox.models.base import Model, WithCreation, WithPublicId


class NotificationKind(StrEnum):
    """MESSAGE: in a case of mine or one that I follow. MENTION: a note names me. HANDOFF: a case is offered
    or given to me, or an offer of mine has ended. CHAT and EMAIL: something new that nobody has, in my team.
    TARGET: somebody has nearly waited for too long."""

    MESSAGE = "message"
    MENTION = "mention"
    HANDOFF = "handoff"
    CHAT = "chat"
    EMAIL = "email"
    TARGET = "target"


class Notification(WithPublicId, WithCreation, Model):
    """One agent is told of one event, or of one reply target.

    `key` is unique for an agent, so that nothing is told twice. `position` is the event's; a target has none
    (0) but `about`, the moment by when an answer is due. What is not `is_listed` is in no list and no
    counter: the agent wanted only its sound, its push or its mail. `mail_due_at` is when it goes into a
    digest unless it has been read, None where it does not or has.
    """

    __tablename__ = "notifications"
    __table_args__ = (
        UniqueConstraint("agent_id", "key"),
        Index(None, "agent_id", "read_at", "id"),
        Index(None, "kind", "case_id", "about"),
        Index(None, "mail_due_at"),
        Index(None, "created_at"),
    )

    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(20))
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    position: Mapped[int] = mapped_column(default=0)
    about: Mapped[datetime | None]
    is_listed: Mapped[bool] = mapped_column(default=True)
    read_at: Mapped[datetime | None]
    mail_due_at: Mapped[datetime | None]


class NotificationChoices(Model):
    """How an agent wants to be told. `cells` holds by kind what differs from the defaults
    (`inbox.notification_cells`); quiet hours are times of the clock on the wall in `time_zone`, "" for
    none."""

    __tablename__ = "notification_choices"

    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id", ondelete="CASCADE"), unique=True)
    cells: Mapped[dict[str, Any]] = mapped_column(default=dict)
    has_sound: Mapped[bool] = mapped_column(default=True)
    quiet_from: Mapped[str] = mapped_column(String(5), default="")
    quiet_until: Mapped[str] = mapped_column(String(5), default="")
    time_zone: Mapped[str] = mapped_column(String(60), default="")


class PushSubscription(WithPublicId, WithCreation, Model):
    """A device that an agent has allowed to be pushed to (RFC 8030). `p256dh` and `auth` are the device's key
    and secret, base64url (RFC 8291 §2); `signed_with` names the key of ours that it knows; `digest` is that
    of the endpoint, which is a secret of its own.

    It ends with the session that made it when somebody ends that, and with the agent's other sessions.
    """

    __tablename__ = "push_subscriptions"

    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id", ondelete="CASCADE"), index=True)
    session_id: Mapped[int | None] = mapped_column(ForeignKey("sessions.id", ondelete="SET NULL"), index=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    endpoint: Mapped[str] = mapped_column(String(2000))
    p256dh: Mapped[str] = mapped_column(String(120))
    auth: Mapped[str] = mapped_column(String(40))
    signed_with: Mapped[str] = mapped_column(String(120))
    user_agent: Mapped[str] = mapped_column(String(300), default="")
    last_pushed_at: Mapped[datetime | None]


class PushEntry(Model):
    """A notification that must still be pushed to a device; gone once it has been, or is not worth it."""

    __tablename__ = "push_entries"
    __table_args__ = (UniqueConstraint("notification_id", "subscription_id"),)

    notification_id: Mapped[int] = mapped_column(ForeignKey("notifications.id", ondelete="CASCADE"))
    subscription_id: Mapped[int] = mapped_column(
        ForeignKey("push_subscriptions.id", ondelete="CASCADE"), index=True
    )
    due_at: Mapped[datetime] = mapped_column(index=True)
    claimed_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
