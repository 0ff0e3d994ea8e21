"""When people work: the workspace's hours, and those of teams that have their own."""

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actions.targets import recount
from inbox.actors import Actor
from inbox.hours import hours_of
from inbox.models import Team, WorkingHours
from inbox.policies import Action, authorize


async def set_hours(
    session: AsyncSession,
    team: Team | None,
    *,
    time_zone: str,
    week: Sequence[Sequence[Sequence[str]]],
    country: str = "",
    region: str = "",
    closed_days: Sequence[str] = (),
    by: Actor,
) -> WorkingHours:
    """Keep these hours, of a team or (None) of the whole workspace.

    Raises Invalid for a zone, times, a country or days that there are not.
    """
    authorize(by, Action.ADMINISTER)
    hours_of(time_zone, week, country=country, region=region, closed=closed_days)
    of_team = WorkingHours.team_id.is_(None) if team is None else WorkingHours.team_id == team.id
    row = await session.scalar(
        select(WorkingHours).where(of_team).order_by(WorkingHours.id).with_for_update()
    )
    if row is None:
        row = WorkingHours(team_id=team.id if team else None)
        session.add(row)
    row.time_zone, row.country, row.region = time_zone, country, region
    row.week = [[list(span) for span in day] for day in week]
    row.closed_days = sorted(set(closed_days))
    await session.flush()
    await recount(session)
    return row


async def forget_hours(session: AsyncSession, team: Team | None, *, by: Actor) -> None:
    """Let a team work when the workspace does; for the workspace, let time count by the clock."""
    authorize(by, Action.ADMINISTER)
    of_team = WorkingHours.team_id.is_(None) if team is None else WorkingHours.team_id == team.id
    await session.execute(delete(WorkingHours).where(of_team))
    await recount(session)
