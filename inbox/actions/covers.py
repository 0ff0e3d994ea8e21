"""What becomes of the cases of whoever is away or has left: a case that waits goes to whoever covers, else
back to its team's queue. So it is when an absence begins, when a customer answers, and when a case wakes."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actions.responsibility import give
from inbox.actors import SYSTEM
from inbox.holding import hold_case
from inbox.locks import lock_conversations
from inbox.models import (
    Absence,
    Agent,
    Assignment,
    Because,
    Case,
    Direction,
    Handoff,
    HandoffState,
    Status,
    Team,
)
from inbox.queries import absences

BATCH = 50
SETTLING = timedelta(minutes=2)  # somebody's leaving gives their cases away itself, in several transactions


async def pass_to_covers(session: AsyncSession, moment: datetime) -> int:
    """Give open cases of those who are away, or have left, to whoever covers; answers how many."""
    cases = [case for query in await _due(session, moment) for case in await session.scalars(query)][:BATCH]
    await lock_conversations(session, [case.conversation_id for case in cases])
    passed = 0
    for case in cases:
        before, conversation = case.assignee_id, await hold_case(session, case)
        if case.assignee_id is None or case.assignee_id != before or case.status != Status.OPEN:
            continue
        holder = await session.get_one(Agent, case.assignee_id)
        absence = await absences.standing(session, holder)
        has_left = holder.deactivated_at is not None
        cover = await absences.cover_of(session, absence) if absence and not has_left else None
        await give(
            session,
            conversation,
            case,
            to=cover if isinstance(cover, Agent) else None,
            team=cover if isinstance(cover, Team) else await _team_of(session, case),
            actor=SYSTEM,
            because=Because.LEFT if has_left else Because.COVER,
            instead_of=holder,
        )
        passed += 1
    return passed


async def is_anything_to_pass(session: AsyncSession, moment: datetime) -> bool:
    """Whether there is a case that must go to somebody else."""
    for query in await _due(session, moment):
        if (await session.scalars(query.limit(1))).first() is not None:
            return True
    return False


async def _due(session: AsyncSession, moment: datetime) -> list[Select[Case]]:
    """The cases, by people who are away and who have left; each list of people is short, and leads along an
    index."""
    found: list[Select[Case]] = []
    away = select(Absence.agent_id).where(absences.stands_at(moment), Absence.keeps_cases.is_(False))
    if ids := (await session.scalars(away)).all():
        query = (
            _open_cases(ids)
            .join(Absence, and_(Absence.agent_id == Case.assignee_id, absences.stands_at(moment)))
            .outerjoin(Assignment, and_(Assignment.case_id == Case.id, Assignment.ended_at.is_(None)))
        )
        found.append(query.where(_is_not_on_purpose(), ~_is_offered()))
    left = select(Agent.id).where(Agent.deactivated_at <= moment - SETTLING)
    if ids := (await session.scalars(left)).all():
        found.append(_open_cases(ids))
    return found


def _open_cases(agent_ids: Sequence[int]) -> Select[Case]:
    query = select(Case).where(Case.assignee_id.in_(agent_ids), Case.status == Status.OPEN)
    return query.where(Case.joined_into_id.is_(None)).order_by(Case.id).limit(BATCH)


def _is_not_on_purpose() -> ColumnElement[bool]:
    """What somebody was given although they were away stays with them until the customer writes anew."""
    return or_(
        Assignment.id.is_(None),
        Assignment.began_at <= Absence.starts_at,
        and_(Case.last_direction == Direction.INBOUND, Case.last_message_at > Assignment.began_at),
    )


def _is_offered() -> ColumnElement[bool]:
    offered = (Handoff.case_id == Case.id, Handoff.state == HandoffState.OFFERED)
    return select(Handoff.id).where(*offered).exists()


async def _team_of(session: AsyncSession, case: Case) -> Team | None:
    return await session.get(Team, case.team_id) if case.team_id else None
