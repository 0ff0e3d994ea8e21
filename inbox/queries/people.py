"""The people inside, as those who administer them see them: their teams, when they were last here, whether
they are away, and how many cases they have."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.models import UNFINISHED, Absence, Agent, Case, Session, Team, TeamMember
from inbox.queries import absences, agents
from inbox.queries.shown import Face
from inbox.queries.shown_words import face_of_agent


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """An absence that stands or is still to come, with who covers."""

    agent: Agent
    absence: Absence
    cover: Agent | Team | None

    @property
    def cover_choice(self) -> str:
        """Who covers, as a form names them: "agent:…", "team:…" or "" for nobody."""
        if self.cover is None:
            return ""
        return f"{'agent' if isinstance(self.cover, Agent) else 'team'}:{self.cover.public_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """`last_seen_at` is when one of their browsers was used last, None for never; `cases` are unfinished."""

    agent: Agent
    teams: Sequence[str]
    last_seen_at: datetime | None
    planned: Planned | None
    cases: int

    @property
    def face(self) -> Face:
        return face_of_agent(self.agent)


async def everybody(session: AsyncSession) -> list[Person]:
    """All of them, those too who no longer work here, by name."""
    rows = await agents.everybody(session)
    return await _people(session, rows)


async def person(session: AsyncSession, agent: Agent) -> Person:
    """One of them."""
    (found,) = await _people(session, [agent])
    return found


async def planned(session: AsyncSession) -> list[Planned]:
    """Every absence that stands or is still to come, the next one first."""
    found = await _planned(session)
    return sorted(found.values(), key=lambda one: (one.absence.starts_at, one.agent.name))


async def _people(session: AsyncSession, rows: Sequence[Agent]) -> list[Person]:
    ids = [agent.id for agent in rows]
    teams, seen, away = await _teams(session, ids), await _last_seen(session, ids), await _planned(session)
    counted = (
        select(Case.assignee_id, func.count())
        .where(Case.assignee_id.in_(ids), Case.status.in_(UNFINISHED), Case.joined_into_id.is_(None))
        .group_by(Case.assignee_id)
    )
    cases = {agent_id: count for agent_id, count in await session.execute(counted)}
    return [
        Person(
            agent=agent,
            teams=teams.get(agent.id, ()),
            last_seen_at=seen.get(agent.id),
            planned=away.get(agent.id),
            cases=cases.get(agent.id, 0),
        )
        for agent in rows
    ]


async def _teams(session: AsyncSession, ids: Collection[int]) -> Mapping[int, Sequence[str]]:
    query = (
        select(TeamMember.agent_id, Team.name)
        .join(Team, Team.id == TeamMember.team_id)
        .where(TeamMember.agent_id.in_(ids))
        .order_by(Team.name)
    )
    found: defaultdict[int, list[str]] = defaultdict(list)
    for agent_id, name in await session.execute(query):
        found[agent_id].append(name)
    return found


async def _last_seen(session: AsyncSession, ids: Collection[int]) -> Mapping[int, datetime]:
    query = (
        select(Session.agent_id, func.max(Session.last_seen_at))
        .where(Session.agent_id.in_(ids))
        .group_by(Session.agent_id)
    )
    return {agent_id: at for agent_id, at in await session.execute(query)}


async def _planned(session: AsyncSession) -> Mapping[int, Planned]:
    rows = await absences.all_standing(session)
    keys = set(rows) | {row.cover_agent_id for row in rows.values() if row.cover_agent_id}
    people = {agent.id: agent for agent in await session.scalars(select(Agent).where(Agent.id.in_(keys)))}
    query = select(Team).where(Team.id.in_({row.cover_team_id for row in rows.values() if row.cover_team_id}))
    teams = {team.id: team for team in await session.scalars(query)}
    return {
        agent_id: Planned(
            agent=people[agent_id],
            absence=row,
            cover=people.get(row.cover_agent_id or 0) or teams.get(row.cover_team_id or 0),
        )
        for agent_id, row in rows.items()
        if people[agent_id].deactivated_at is None
    }
