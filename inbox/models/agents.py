"""People inside, and what proves who they are."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from inbox.models.base import Model, WithCreation, WithPublicId


class Role(StrEnum):
    ADMIN = "admin"
    AGENT = "agent"


class Agent(WithPublicId, WithCreation, Model):
    """Somebody who answers. Without a password hash they cannot sign in yet.

    `signature` is Markdown, a Liquid template. `opens_next`: once they have resolved a case, or put it aside
    with a reply, the next one of the list opens; whoever was here before this was usual keeps it off.
    `chat_limit`: so many open chats are enough; None for no limit. `keys` are those that they have put in
    another's place ("" is none), `sorts` the order of each view that they have changed. `language` is one of
    `inbox.words`, "" where they have not chosen.
    """

    __tablename__ = "agents"

    email: Mapped[str] = mapped_column(String(320), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(20), default=Role.AGENT)
    password_hash: Mapped[str | None] = mapped_column(String(255))
    theme: Mapped[str] = mapped_column(String(10), default="auto")
    shortcuts: Mapped[bool] = mapped_column(default=True)
    signature: Mapped[str] = mapped_column(default="", server_default="")
    opens_next: Mapped[bool] = mapped_column(default=True, server_default=text("false"))
    density: Mapped[str] = mapped_column(String(12), default="comfortable", server_default="comfortable")
    keys: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    sorts: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    chat_limit: Mapped[int | None]
    language: Mapped[str] = mapped_column(String(10), default="", server_default="")
    deactivated_at: Mapped[datetime | None]

    @property
    def is_admin(self) -> bool:
        return self.role == Role.ADMIN


class Team(WithPublicId, WithCreation, Model):
    __tablename__ = "teams"

    name: Mapped[str] = mapped_column(String(120), unique=True)
    slug: Mapped[str] = mapped_column(String(120), unique=True)
    hue: Mapped[int] = mapped_column(default=1)


class TeamMember(Model):
    __tablename__ = "team_members"
    __table_args__ = (UniqueConstraint("team_id", "agent_id"),)

    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"))
    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id", ondelete="CASCADE"), index=True)


class Session(WithPublicId, WithCreation, Model):
    """A signed-in browser. Only the digest of its cookie is stored."""

    __tablename__ = "sessions"

    digest: Mapped[str] = mapped_column(String(64), unique=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id", ondelete="CASCADE"), index=True)
    csrf_token: Mapped[str] = mapped_column(String(64))
    user_agent: Mapped[str] = mapped_column(String(300), default="")
    last_seen_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class InvitationPurpose(StrEnum):
    SETUP = "setup"
    INVITE = "invite"


class Invitation(WithPublicId, WithCreation, Model):
    """A link that makes an agent, once. Only the digest of its token is stored."""

    __tablename__ = "invitations"

    digest: Mapped[str] = mapped_column(String(64), unique=True)
    purpose: Mapped[str] = mapped_column(String(20))
    email: Mapped[str | None] = mapped_column(String(320))
    name: Mapped[str | None] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(20), default=Role.AGENT)
    expires_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]


class ApiToken(WithPublicId, WithCreation, Model):
    """A bearer token that acts with its agent's permissions. Only its digest is stored."""

    __tablename__ = "api_tokens"

    digest: Mapped[str] = mapped_column(String(64), unique=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class SignInFailure(WithCreation, Model):
    """One wrong password, kept to slow down guessing. `subject` is a digest of the account or of the address
    block."""

    __tablename__ = "sign_in_failures"
    __table_args__ = (Index(None, "subject", "created_at"),)

    subject: Mapped[str] = mapped_column(String(64))


class IdempotencyKey(WithCreation, Model):
    """The first answer to a request that may be repeated."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (UniqueConstraint("agent_id", "key"),)

    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(200))
    request_hash: Mapped[str] = mapped_column(String(64))
    status: Mapped[int]
    answer: Mapped[str]
