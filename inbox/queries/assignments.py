"""Who has been responsible for a case, from when to when, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.models import Agent, Assignment, Because, Case, Handoff, Team
from inbox.queries.shown import Face
from inbox.queries.shown_words import face_of_agent


@dataclass(frozen=True, slots=True, kw_only=True)
class Spell:
    """A stretch of time in which somebody, a team's queue or both had a case. `reason` is what a handoff
    said, `instead_of` who was away or has left. `by` is who gave it, of a handoff who offered it; None where
    it was nobody."""

    agent: Face | None
    team: str
    began_at: datetime
    ended_at: datetime | None
    because: Because
    by: Face | None
    reason: str = ""
    instead_of: str = ""


async def of_case(session: AsyncSession, case: Case) -> list[Spell]:
    """All of them, newest first."""
    query = (
        select(Assignment, Team.name, Handoff)
        .outerjoin(Team, Team.id == Assignment.team_id)
        .outerjoin(Handoff, Handoff.id == Assignment.handoff_id)
        .where(Assignment.case_id == case.id)
        .order_by(Assignment.began_at.desc(), Assignment.id.desc())
    )
    rows = (await session.execute(query)).all()
    people = await _people(session, [row for row, _, _ in rows], [one for *_, one in rows if one])
    return [
        Spell(
            agent=_face(people, row.agent_id),
            team=team or "",
            began_at=row.began_at,
            ended_at=row.ended_at,
            because=Because(row.because),
            by=_face(people, handoff.from_agent_id if handoff else row.assigned_by_id),
            reason=handoff.reason if handoff else "",
            instead_of=people[row.instead_of_id].name if row.instead_of_id else "",
        )
        for row, team, handoff in rows
    ]


async def _people(
    session: AsyncSession, rows: Sequence[Assignment], handoffs: Sequence[Handoff]
) -> dict[int, Agent]:
    ids = {key for row in rows for key in (row.agent_id, row.assigned_by_id, row.instead_of_id) if key}
    ids |= {handoff.from_agent_id for handoff in handoffs}
    return {agent.id: agent for agent in await session.scalars(select(Agent).where(Agent.id.in_(ids)))}


def _face(people: dict[int, Agent], agent_id: int | None) -> Face | None:
    return face_of_agent(people[agent_id]) if agent_id is not None else None
