"""Who is responsible for a case, and what a change of it does to the handoffs that were offered."""

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.actions.events import record
from inbox.actors import Actor
from inbox.models import (
    ActorKind,
    Agent,
    Assignment,
    Because,
    Case,
    Conversation,
    EventKind,
    Follower,
    Handoff,
    HandoffState,
    Team,
)


def actor_of(by: Agent | Actor) -> Actor:
    """Who acts, for the event."""
    return Actor.agent(by) if isinstance(by, Agent) else by


async def give(
    session: AsyncSession,
    conversation: Conversation,
    case: Case,
    *,
    to: Agent | None,
    team: Team | None,
    actor: Actor,
    because: Because = Because.ASSIGNED,
    handoff: Handoff | None = None,
    instead_of: Agent | None = None,
) -> None:
    """Make an agent, a team, both or nobody responsible for a held case, with its event. *instead_of* is
    whoever is away or has left, where that is why."""
    if case.assignee_id == (to.id if to else None) and case.team_id == (team.id if team else None):
        return
    moment = clock.now()
    await session.execute(
        update(Assignment)
        .where(Assignment.case_id == case.id, Assignment.ended_at.is_(None))
        .values(ended_at=moment)
    )
    case.assignee_id, case.team_id = to.id if to else None, team.id if team else None
    if to is not None or team is not None:
        session.add(
            Assignment(
                case_id=case.id,
                agent_id=case.assignee_id,
                team_id=case.team_id,
                assigned_by_id=actor.id if actor.kind is ActorKind.AGENT else None,
                began_at=moment,
                because=because,
                handoff_id=handoff.id if handoff else None,
                instead_of_id=instead_of.id if instead_of else None,
            )
        )
    kind = EventKind.CASE_ASSIGNED if to is not None or team is not None else EventKind.CASE_UNASSIGNED
    facts = _facts(to, team, because, instead_of)
    record(session, kind, actor=actor, conversation=conversation, case=case, data=facts)


def _facts(
    to: Agent | None, team: Team | None, because: Because, instead_of: Agent | None
) -> dict[str, str | None]:
    facts: dict[str, str | None] = {
        "agent_id": to.public_id if to else None,
        "agent": to.name if to else None,
        "team_id": team.public_id if team else None,
        "team": team.name if team else None,
    }
    if because is not Because.ASSIGNED:
        facts["because"] = because
    if instead_of is not None:
        facts |= {"instead_of": instead_of.name, "instead_of_id": instead_of.public_id}
    return facts


async def take(session: AsyncSession, conversation: Conversation, case: Case, agent: Agent) -> None:
    """Make the agent responsible for an unassigned case, as typing and offering do."""
    if case.assignee_id is not None:
        return
    team = await session.get(Team, case.team_id) if case.team_id else None
    actor, because = Actor.agent(agent), Because.WRITING
    await give(session, conversation, case, to=agent, team=team, actor=actor, because=because)
    await settle_handoffs(session, conversation, case, taken_by=agent, actor=Actor.agent(agent))


async def settle_handoffs(
    session: AsyncSession, conversation: Conversation, case: Case, *, taken_by: Agent | None, actor: Actor
) -> None:
    """End what is offered on a held case: one who was asked, or any agent where a team was, has accepted by
    taking the case; otherwise the offer is withdrawn."""
    offered = select(Handoff).where(Handoff.case_id == case.id, Handoff.state == HandoffState.OFFERED)
    for handoff in (await session.scalars(offered.order_by(Handoff.id))).all():
        was_taken = taken_by is not None and (
            handoff.to_team_id is not None or handoff.to_agent_id == taken_by.id
        )
        state = HandoffState.ACCEPTED if was_taken else HandoffState.WITHDRAWN
        await close_handoff(session, conversation, case, handoff, state, actor=actor)


async def close_handoff(
    session: AsyncSession,
    conversation: Conversation,
    case: Case,
    handoff: Handoff,
    state: HandoffState,
    *,
    actor: Actor,
    answer: str = "",
) -> None:
    """Give an offered handoff its end, with its event; whoever offered it to a team need not follow any
    more."""
    handoff.state, handoff.answer, handoff.answered_at = state, answer, clock.now()
    if handoff.to_team_id is not None:
        await session.execute(
            delete(Follower).where(
                Follower.case_id == case.id,
                Follower.agent_id == handoff.from_agent_id,
                Follower.by_choice.is_(False),
            )
        )
    kind = EventKind(f"handoff.{state.value}")
    facts = {"handoff_id": handoff.public_id}
    record(session, kind, actor=actor, conversation=conversation, case=case, handoff=handoff, data=facts)
