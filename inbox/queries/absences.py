"""Who is away, until when, and who covers for them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.kept import kept
from inbox.models import Absence, Agent, Mention, Note, Team

MOST_COVERS = 8  # of a chain of people who are all away


@dataclass(frozen=True, slots=True, kw_only=True)
class Away:
    """Somebody who is away. `until` is None where they come back when they come back; `cover` is the public
    id of whoever covers, "agent:…" or "team:…", "" where nobody does."""

    agent_id: int
    public_id: str
    name: str
    until: datetime | None
    cover: str = ""
    cover_name: str = ""


async def away_now(session: AsyncSession) -> Mapping[int, Away]:
    """Everybody who is away now, by internal key."""

    async def read() -> Mapping[int, Away]:
        rows = await session.execute(
            select(Absence, Agent, Team)
            .outerjoin(Team, Team.id == Absence.cover_team_id)
            .join(Agent, Agent.id == Absence.agent_id)
            .where(stands_at(clock.now()), Agent.deactivated_at.is_(None))
        )
        found = [(absence, agent, team) for absence, agent, team in rows]
        cover_ids = {absence.cover_agent_id for absence, *_ in found if absence.cover_agent_id}
        query = select(Agent).where(Agent.id.in_(cover_ids), Agent.deactivated_at.is_(None))
        covers = {agent.id: agent for agent in await session.scalars(query)}
        return {
            agent.id: _away(absence, agent, covers.get(absence.cover_agent_id or 0) or team)
            for absence, agent, team in found
        }

    return await kept(session, "away", read)


async def standing(session: AsyncSession, agent: Agent) -> Absence | None:
    """The absence of an agent that stands now or is still to come."""
    query = select(Absence).where(Absence.agent_id == agent.id, Absence.ended_at.is_(None))
    return (await session.scalars(query.order_by(Absence.id.desc()).limit(1))).first()


async def all_standing(session: AsyncSession) -> Mapping[int, Absence]:
    """The absences that stand now or are still to come, by the agent's internal key."""
    query = select(Absence).where(Absence.ended_at.is_(None)).order_by(Absence.id)
    return {absence.agent_id: absence for absence in await session.scalars(query)}


async def cover_of(session: AsyncSession, absence: Absence) -> Agent | Team | None:
    """Who covers in the end: a cover who is away has one, too. None where nobody of them is there."""
    others = await all_standing(session)
    met = {absence.agent_id}
    for _ in range(MOST_COVERS):
        if absence.cover_team_id is not None:
            return await session.get(Team, absence.cover_team_id)
        cover = await session.get(Agent, absence.cover_agent_id) if absence.cover_agent_id else None
        if cover is None or cover.id in met or cover.deactivated_at is not None:
            return None
        following = others.get(cover.id)
        if following is None or following.starts_at > clock.now():
            return cover
        met.add(cover.id)
        absence = following
    return None


async def mentioned_away(session: AsyncSession, note: Note) -> list[Away]:
    """Those whom a note names and who are away now."""
    away = await away_now(session)
    query = select(Mention.agent_id).where(Mention.note_id == note.id).order_by(Mention.id)
    return [away[agent_id] for agent_id in await session.scalars(query) if agent_id in away]


def stands_at(moment: datetime) -> ColumnElement[bool]:
    """Whether an absence stands at a moment, as a condition on Absence."""
    not_over = or_(Absence.ends_at.is_(None), Absence.ends_at > moment)
    return and_(Absence.ended_at.is_(None), Absence.starts_at <= moment, not_over)


def _away(absence: Absence, agent: Agent, cover: Agent | Team | None) -> Away:
    kind = "agent" if isinstance(cover, Agent) else "team"
    return Away(
        agent_id=agent.id,
        public_id=agent.public_id,
        name=agent.name,
        until=absence.ends_at,
        cover=f"{kind}:{cover.public_id}" if cover else "",
        cover_name=cover.name if cover else "",
    )
