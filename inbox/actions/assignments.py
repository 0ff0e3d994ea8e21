"""Who is responsible: plain reassignment, which needs no reason (a handoff does)."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actions.responsibility import actor_of, give, settle_handoffs, take
from inbox.actions.undos import remember, undoable
from inbox.actors import Actor
from inbox.errors import Conflict, Invalid
from inbox.holding import hold_case
from inbox.models import Agent, Because, Case, Team, Undo


async def assign(
    session: AsyncSession,
    case: Case,
    *,
    to: Agent | None,
    by: Agent | Actor,
    because: Because = Because.ASSIGNED,
    instead_of: Agent | None = None,
) -> None:
    """Make an agent responsible, or nobody; what was offered on the case is accepted or withdrawn by it.
    *instead_of* is whoever is away or has left, where that is why.

    Assigning to whoever has it already changes nothing. Raises Invalid for an agent who has left.
    """
    if to is not None and to.deactivated_at is not None:
        raise Invalid(
            "%(name)s no longer answers here. Choose somebody else.", name=to.name, field="assignee_id"
        )
    conversation = await hold_case(session, case)
    if case.assignee_id == (to.id if to else None):
        return
    before, actor = _holders(case), actor_of(by)
    team = await session.get(Team, case.team_id) if case.team_id else None
    await give(
        session, conversation, case, to=to, team=team, actor=actor, because=because, instead_of=instead_of
    )
    await settle_handoffs(session, conversation, case, taken_by=to, actor=actor)
    await _remember(session, case, before, by)


async def assign_team(
    session: AsyncSession,
    case: Case,
    *,
    team: Team | None,
    by: Agent | Actor,
    because: Because = Because.ASSIGNED,
    instead_of: Agent | None = None,
) -> None:
    """Put a case into a team's queue, or into none; whoever is responsible stays so."""
    conversation = await hold_case(session, case)
    if case.team_id == (team.id if team else None):
        return
    before, actor = _holders(case), actor_of(by)
    assignee = await session.get(Agent, case.assignee_id) if case.assignee_id else None
    await give(
        session,
        conversation,
        case,
        to=assignee,
        team=team,
        actor=actor,
        because=because,
        instead_of=instead_of,
    )
    await settle_handoffs(session, conversation, case, taken_by=None, actor=actor)
    await _remember(session, case, before, by)


async def claim(session: AsyncSession, case: Case, *, by: Agent) -> bool:
    """Let whoever begins to answer an unassigned case have it; answers whether they have got it just now."""
    conversation = await hold_case(session, case)
    if case.assignee_id is not None or not case.is_unfinished:
        return False
    before = _holders(case)
    await take(session, conversation, case, by)
    await _remember(session, case, before, by)
    return True


async def _remember(session: AsyncSession, case: Case, before: dict[str, Any], by: Agent | Actor) -> None:
    journal = {"before": before, "after": _holders(case)}
    await remember(session, by=by, action="assign", journal=journal, case=case)


@undoable("assign")
async def give_back(session: AsyncSession, undo: Undo, by: Agent) -> None:
    """Make those responsible who were before; raises Conflict where somebody has reassigned since."""
    case = await session.get_one(Case, undo.case_id)
    conversation = await hold_case(session, case)
    if _holders(case) != undo.journal["after"]:
        raise Conflict("Somebody has taken or passed this on since. It stays as it is.")
    before = undo.journal["before"]
    agent = await session.get(Agent, before["assignee_id"]) if before["assignee_id"] else None
    team = await session.get(Team, before["team_id"]) if before["team_id"] else None
    actor, because = Actor.agent(by), Because.UNDONE
    await give(session, conversation, case, to=agent, team=team, actor=actor, because=because)


def _holders(case: Case) -> dict[str, int | None]:
    return {"assignee_id": case.assignee_id, "team_id": case.team_id}
