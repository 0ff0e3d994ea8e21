"""The people inside: who they are, and what they show to prove it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.addresses import normalise_email
from inbox.credentials import ABSOLUTE_LIFE, IDLE_LIFE, digest_of
from inbox.errors import NotFound
from inbox.models import Agent, ApiToken, Invitation, InvitationPurpose, Role, Session, Team, TeamMember


async def by_id(session: AsyncSession, public_id: str) -> Agent:
    """The agent with this public id; raises NotFound."""
    found = await session.scalar(select(Agent).where(Agent.public_id == public_id))
    if found is None:
        raise NotFound("There is no such person.")
    return found


async def by_email(session: AsyncSession, email: str) -> Agent | None:
    """The agent who signs in with this address, active or not."""
    return await session.scalar(select(Agent).where(Agent.email == normalise_email(email)))


async def active(session: AsyncSession) -> Sequence[Agent]:
    """Everybody who may work, by name."""
    query = select(Agent).where(Agent.deactivated_at.is_(None)).order_by(Agent.name, Agent.id)
    return (await session.scalars(query)).all()


async def admins(session: AsyncSession) -> Sequence[Agent]:
    """The admins who work here, by name."""
    query = select(Agent).where(Agent.role == Role.ADMIN, Agent.deactivated_at.is_(None))
    return (await session.scalars(query.order_by(Agent.name, Agent.id))).all()


async def everybody(session: AsyncSession) -> Sequence[Agent]:
    """All agents, those too who no longer work here, by name."""
    return (await session.scalars(select(Agent).order_by(Agent.name, Agent.id))).all()


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A valid session and the agent it belongs to."""

    session: Session
    agent: Agent


# Made once: every request asks it, and making a statement costs more than running it.
_SIGNED_IN = (
    select(Session, Agent)
    .join(Agent, Agent.id == Session.agent_id)
    .where(
        Session.digest == bindparam("digest"),
        Session.revoked_at.is_(None),
        Session.created_at > bindparam("begun"),
        Session.last_seen_at > bindparam("seen"),
        Agent.deactivated_at.is_(None),
    )
)


async def signed_in(session: AsyncSession, token: str) -> SignedIn | None:
    """Whose session cookie this is; None where it is unknown, revoked, idle or too old, or its agent left."""
    if not token:
        return None
    moment = clock.now()
    values = {"digest": digest_of(token), "begun": moment - ABSOLUTE_LIFE, "seen": moment - IDLE_LIFE}
    found = (await session.execute(_SIGNED_IN, values)).one_or_none()
    return SignedIn(found[0], found[1]) if found else None


@dataclass(frozen=True, slots=True)
class TokenHolder:
    """A valid API token and the agent it acts for."""

    token: ApiToken
    agent: Agent


async def token_holder(session: AsyncSession, token: str) -> TokenHolder | None:
    """Whose bearer token this is; None where it is unknown or revoked, or its agent left."""
    if not token:
        return None
    query = (
        select(ApiToken, Agent)
        .join(Agent, Agent.id == ApiToken.agent_id)
        .where(
            ApiToken.digest == digest_of(token),
            ApiToken.revoked_at.is_(None),
            Agent.deactivated_at.is_(None),
        )
    )
    found = (await session.execute(query)).one_or_none()
    return TokenHolder(found[0], found[1]) if found else None


async def open_invitation(session: AsyncSession, token: str, purpose: InvitationPurpose) -> Invitation:
    """The invitation that this link carries; raises NotFound where it was used, has expired or never was."""
    query = select(Invitation).where(
        Invitation.digest == digest_of(token), Invitation.purpose == purpose, Invitation.used_at.is_(None)
    )
    found = await session.scalar(query) if token.strip() else None
    if found is None or (found.expires_at is not None and found.expires_at <= clock.now()):
        raise NotFound("This link has been used or has expired. Ask for a new one.")
    return found


async def sessions_of(session: AsyncSession, agent: Agent) -> Sequence[Session]:
    """Where an agent is signed in, most recently used first."""
    moment = clock.now()
    query = (
        select(Session)
        .where(
            Session.agent_id == agent.id,
            Session.revoked_at.is_(None),
            Session.created_at > moment - ABSOLUTE_LIFE,
            Session.last_seen_at > moment - IDLE_LIFE,
        )
        .order_by(Session.last_seen_at.desc(), Session.id.desc())
    )
    return (await session.scalars(query)).all()


async def tokens_of(session: AsyncSession, agent: Agent) -> Sequence[ApiToken]:
    """The API tokens that act for an agent, newest first."""
    query = select(ApiToken).where(ApiToken.agent_id == agent.id, ApiToken.revoked_at.is_(None))
    return (await session.scalars(query.order_by(ApiToken.id.desc()))).all()


@dataclass(frozen=True, slots=True)
class TeamWithMembers:
    team: Team
    members: tuple[Agent, ...]


async def teams(session: AsyncSession) -> list[TeamWithMembers]:
    """All teams by name, each with its active members by name."""
    found = (await session.scalars(select(Team).order_by(Team.name))).all()
    query = (
        select(TeamMember.team_id, Agent)
        .join(Agent, Agent.id == TeamMember.agent_id)
        .where(Agent.deactivated_at.is_(None))
        .order_by(Agent.name, Agent.id)
    )
    members: dict[int, list[Agent]] = {}
    for team_id, agent in await session.execute(query):
        members.setdefault(team_id, []).append(agent)
    return [TeamWithMembers(team, tuple(members.get(team.id, ()))) for team in found]


async def team_by_id(session: AsyncSession, public_id: str) -> Team:
    """The team with this public id; raises NotFound."""
    found = await session.scalar(select(Team).where(Team.public_id == public_id))
    if found is None:
        raise NotFound("There is no such team.")
    return found


SEEN_EVERY = timedelta(minutes=1)


def is_worth_noting(seen: Session | ApiToken) -> bool:
    """Whether so much time has passed since the last use was noted that a write is worth it."""
    last = seen.last_seen_at if isinstance(seen, Session) else seen.last_used_at
    return last is None or clock.now() - last >= SEEN_EVERY
