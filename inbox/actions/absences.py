"""Being away, with somebody who covers. An absence begins and ends by itself at its times; what then becomes
of the cases stands in `covers`."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.actions.events import record
from inbox.actors import SYSTEM, Actor
from inbox.errors import Conflict, Invalid
from inbox.models import Absence, Agent, EventKind, Team
from inbox.policies import Action, authorize
from inbox.queries import absences, hours

SHORT = timedelta(hours=4)  # of working time: so long cases may wait for whoever is away
BATCH = 100


async def plan_absence(
    session: AsyncSession,
    agent: Agent,
    *,
    starts_at: datetime | None = None,
    ends_at: datetime | None,
    cover: Agent | Team | None,
    by: Actor,
) -> Absence:
    """Say that an agent is away: from now on or from a later moment, until another one or (None) until they
    come back. In place of what was planned before.

    Agents plan their own, admins anybody's. Raises Invalid for times or covers that cannot be, Conflict for
    somebody who no longer works here.
    """
    if by.id != agent.id:
        authorize(by, Action.ADMINISTER)
    if agent.deactivated_at is not None:
        raise Conflict("%(name)s no longer answers here.", name=agent.name)
    starts_at = starts_at or clock.now()
    _check(agent, starts_at, ends_at, cover)
    absence = await absences.standing(session, agent)
    if absence is None:
        absence = Absence(agent_id=agent.id, created_at=clock.now())
        session.add(absence)
    if absence.began_at is None or starts_at > clock.now():
        absence.starts_at, absence.began_at = starts_at, None
    absence.ends_at = ends_at
    absence.cover_agent_id = cover.id if isinstance(cover, Agent) else None
    absence.cover_team_id = cover.id if isinstance(cover, Team) else None
    absence.keeps_cases = cover is None and await _is_short(session, agent, absence)
    await session.flush()
    facts = {"starts_at": absence.starts_at.isoformat(), "ends_at": ends_at.isoformat() if ends_at else None}
    _record(session, EventKind.ABSENCE_PLANNED, agent, by, **facts, cover=cover.name if cover else None)
    if absence.began_at is None and absence.starts_at <= clock.now():
        _begin(session, absence, agent, by)
    return absence


async def end_absence(session: AsyncSession, agent: Agent, *, by: Actor) -> None:
    """Say that an agent is back, or will not be away after all. What their cover has stays there."""
    if by.id != agent.id:
        authorize(by, Action.ADMINISTER)
    absence = await absences.standing(session, agent)
    if absence is not None:
        absence.ended_at = clock.now()
        _record(session, EventKind.ABSENCE_ENDED, agent, by)
        await session.flush()


async def keep_absences(session: AsyncSession, moment: datetime) -> int:
    """Let begin what begins and end what ends; answers how many."""
    query = (
        select(Absence, Agent)
        .join(Agent, Agent.id == Absence.agent_id)
        .where(Absence.ended_at.is_(None), (Absence.ends_at <= moment) | (Absence.starts_at <= moment))
        .where(Absence.began_at.is_(None) | (Absence.ends_at <= moment))
        .order_by(Absence.id)
        .limit(BATCH)
        .with_for_update(of=Absence, skip_locked=True)
    )
    changed = 0
    for absence, agent in (await session.execute(query)).all():
        if absence.ends_at is not None and absence.ends_at <= moment:
            absence.ended_at = clock.now()
            _record(session, EventKind.ABSENCE_ENDED, agent, SYSTEM)
        else:
            _begin(session, absence, agent, SYSTEM)
        changed += 1
    return changed


def _check(agent: Agent, starts_at: datetime, ends_at: datetime | None, cover: Agent | Team | None) -> None:
    if ends_at is not None and ends_at <= max(starts_at, clock.now()):
        raise Invalid("Choose a time that is still to come, and after the beginning.", field="ends_at")
    if isinstance(cover, Agent) and (cover.id == agent.id or cover.deactivated_at is not None):
        raise Invalid("Choose somebody else to cover: they cannot.", field="cover")


async def _is_short(session: AsyncSession, agent: Agent, absence: Absence) -> bool:
    if absence.ends_at is None:
        return False
    working = await hours.of_agent(session, agent.id, team_id=None)
    if working is None:
        return absence.ends_at - absence.starts_at < SHORT
    return working.worked_between(absence.starts_at, absence.ends_at) < SHORT


def _begin(session: AsyncSession, absence: Absence, agent: Agent, by: Actor) -> None:
    absence.began_at = clock.now()
    _record(session, EventKind.ABSENCE_BEGAN, agent, by)


def _record(session: AsyncSession, kind: EventKind, agent: Agent, by: Actor, **more: Any) -> None:
    facts = {"agent_id": agent.public_id, "agent": agent.name, **more}
    record(session, kind, actor=by, conversation=None, data=facts)
