"""Configured ways in and out."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from inbox.models.base import Model, WithCreation, WithPublicId


class Channel(WithPublicId, WithCreation, Model):
    """A mailbox, a web-chat widget or a form. `kind` names its adapter; `settings` is the adapter's own.

    After its login was refused nothing is sent before `sending_paused_until`; `sending_text` is the refusal.
    `silent_since`: nothing had come in since then, for longer than is usual, when that was looked at.
    `trouble_told_at`: when admins were mailed of what is wrong with it now.

    `secrets` is one sealed JSON object (password, identity secrets, bearer token). `address` is a mailbox's
    address.
    """

    __tablename__ = "channels"

    kind: Mapped[str] = mapped_column(String(20), index=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    address: Mapped[str | None] = mapped_column(String(320), unique=True)
    public_key: Mapped[str] = mapped_column(String(40), unique=True)
    default_team_id: Mapped[int | None] = mapped_column(ForeignKey("teams.id", ondelete="SET NULL"))
    reply_mailbox_id: Mapped[int | None] = mapped_column(ForeignKey("channels.id", ondelete="SET NULL"))
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)
    secrets: Mapped[str | None]
    is_sample: Mapped[bool] = mapped_column(default=False)
    deactivated_at: Mapped[datetime | None]
    last_message_at: Mapped[datetime | None]
    state: Mapped[str] = mapped_column(String(20), default="new")
    state_text: Mapped[str] = mapped_column(String(500), default="")
    state_at: Mapped[datetime | None]
    sending_paused_until: Mapped[datetime | None]
    sending_text: Mapped[str] = mapped_column(String(500), default="", server_default="")
    silent_since: Mapped[datetime | None]
    trouble_told_at: Mapped[datetime | None]

    @property
    def is_silent(self) -> bool:
        """Whether nothing comes in for longer than is usual."""
        since, last = self.silent_since, self.last_message_at
        return since is not None and (last is None or last <= since)


class MailboxPosition(Model):
    """How far a folder has been read (RFC 9051 §2.3.1.1). After `history_from_uid` and up to
    `history_until_uid` it is imported as history."""

    __tablename__ = "mailbox_positions"
    __table_args__ = (UniqueConstraint("channel_id", "folder"),)

    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id", ondelete="CASCADE"))
    folder: Mapped[str] = mapped_column(String(200))
    uid_validity: Mapped[int]
    last_uid: Mapped[int]
    history_until_uid: Mapped[int] = mapped_column(default=0)
    history_from_uid: Mapped[int] = mapped_column(default=0, server_default="0")
    connected_at: Mapped[datetime | None]


class Lease(Model):
    """Who may do a piece of background work now; `fence` grows with each owner, so that a late one is
    noticed."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(String(120), unique=True)
    owner: Mapped[str] = mapped_column(String(60))
    fence: Mapped[int] = mapped_column(default=1)
    until: Mapped[datetime]


class Setting(Model):
    """A choice made on a screen rather than in the environment."""

    __tablename__ = "settings"

    name: Mapped[str] = mapped_column(String(80), unique=True)
    value: Mapped[dict[str, Any]]
