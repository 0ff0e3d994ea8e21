"""Whose working hours count."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.hours import Hours, hours_of
from inbox.models import TeamMember, WorkingHours


async def everything(session: AsyncSession) -> dict[int | None, WorkingHours]:
    """All hours that were set, by the team's internal key; the workspace's under None."""
    return {row.team_id: row for row in await session.scalars(select(WorkingHours))}


async def of_team(session: AsyncSession, team_id: int | None) -> Hours | None:
    """A team's hours, else the workspace's, else None: the clock counts."""
    return await _first(session, [] if team_id is None else [team_id])


async def of_agent(session: AsyncSession, agent_id: int, *, team_id: int | None) -> Hours | None:
    """When an agent works: with *team_id* if they belong to it, else with the first of their teams that has
    hours, else with the workspace."""
    own = select(TeamMember.team_id).where(TeamMember.agent_id == agent_id).order_by(TeamMember.team_id)
    teams = list(await session.scalars(own))
    return await _first(session, sorted(teams, key=lambda team: (team != team_id, team)))


async def _first(session: AsyncSession, team_ids: Sequence[int]) -> Hours | None:
    query = select(WorkingHours).where(WorkingHours.team_id.is_(None) | WorkingHours.team_id.in_(team_ids))
    rows = {row.team_id: row for row in await session.scalars(query.order_by(WorkingHours.id.desc()))}
    found = next((rows[team_id] for team_id in team_ids if team_id in rows), rows.get(None))
    return stored_hours(found) if found is not None else None


def stored_hours(row: WorkingHours) -> Hours:
    """The hours of a row."""
    return hours_of(row.time_zone, row.week, country=row.country, region=row.region, closed=row.closed_days)
