"""Whom an event is told: the rule behind notifications. Nobody is told of what they did themselves, nor of
what they may not see; the same event has the same audience whenever it is asked for, as long as its case
stands as it did."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actors import Actor
from inbox.envelopes import ChannelKind
from inbox.models import (
    ActorKind,
    Agent,
    Case,
    Channel,
    Event,
    EventKind,
    Handoff,
    Message,
    NotificationKind,
    Role,
    TeamMember,
)
from inbox.policies import visible_to
from inbox.queries import followers

OPENINGS = (EventKind.CASE_OPENED, EventKind.CASE_REOPENED, EventKind.CASE_WOKEN)
HANDOFF_ENDS = (
    EventKind.HANDOFF_ACCEPTED,
    EventKind.HANDOFF_DECLINED,
    EventKind.HANDOFF_WITHDRAWN,
    EventKind.HANDOFF_EXPIRED,
)
TOLD = (
    EventKind.MESSAGE_RECEIVED,
    EventKind.MESSAGE_QUEUED,
    EventKind.NOTE_ADDED,
    EventKind.NOTE_EDITED,
    EventKind.HANDOFF_OFFERED,
    *HANDOFF_ENDS,
    EventKind.CASE_ASSIGNED,
    EventKind.CASE_RESOLVED,
    EventKind.CASE_MARKED_SPAM,
)
"""The events that anybody is told of, or that settle what somebody was told."""

_CHANNEL_KINDS = (
    select(Message.id, Channel.kind)
    .join(Channel, Channel.id == Message.channel_id)
    .where(Message.id.in_(bindparam("ids", expanding=True)), Message.automatic.is_(None))
    .where(Message.is_history.is_(False), Message.is_spam.is_(False))
)
_OPENINGS = select(Event.position, Event.case_id).where(
    Event.position.in_(bindparam("positions", expanding=True)), Event.kind.in_(OPENINGS)
)


@dataclass(frozen=True, slots=True)
class Audience:
    """Agents, by internal key, who are told of a thing in one way."""

    kind: NotificationKind
    agent_ids: tuple[int, ...] = ()


NOBODY = Audience(NotificationKind.MESSAGE)


def settled_by(kind: EventKind) -> tuple[NotificationKind, ...]:
    """What need not be told any more once this has happened to a case."""
    if kind is EventKind.CASE_ASSIGNED:
        return NotificationKind.CHAT, NotificationKind.EMAIL
    if kind is EventKind.MESSAGE_QUEUED:
        return (NotificationKind.TARGET,)
    if kind in HANDOFF_ENDS:
        return (NotificationKind.HANDOFF,)
    if kind in (EventKind.CASE_RESOLVED, EventKind.CASE_MARKED_SPAM):
        return NotificationKind.CHAT, NotificationKind.EMAIL, NotificationKind.TARGET
    return ()


@dataclass(frozen=True, slots=True)
class Facts:
    """What the audiences of received messages depend on, read for many events at once: the kind of channel
    that an event's message came by, without those that nobody is told of; the positions of events that
    opened a case; who follows and who has muted a case."""

    channel_kinds: Mapping[int, str]
    openings: Mapping[int, int | None]
    followers: Mapping[int, frozenset[int]]
    muted: Mapping[int, frozenset[int]]


async def read_facts(session: AsyncSession, events: Sequence[Event]) -> Facts:
    """The facts behind these events."""
    received = [event for event in events if event.kind == EventKind.MESSAGE_RECEIVED]
    if not received:
        return Facts({}, {}, {}, {})
    case_ids = {event.case_id for event in received if event.case_id is not None}
    kinds = await session.execute(_CHANNEL_KINDS, {"ids": [event.message_id for event in received]})
    openings = await session.execute(_OPENINGS, {"positions": [event.position - 1 for event in received]})
    return Facts(
        {message_id: kind for message_id, kind in kinds},
        {position: case_id for position, case_id in openings},
        await followers.followers_of(session, case_ids),
        await followers.muted_by(session, case_ids),
    )


async def audience_of(session: AsyncSession, event: Event, case: Case, facts: Facts) -> Audience:
    """Whom this event of a case is told; *facts* are those of this event and others."""
    kind = EventKind(event.kind)
    if kind is EventKind.MESSAGE_RECEIVED:
        found = await _of_message(session, event, case, facts)
    elif kind in (EventKind.NOTE_ADDED, EventKind.NOTE_EDITED):
        named = await _by_public_id(session, event.data.get("mentions", ()))
        found = Audience(NotificationKind.MENTION, named)
    elif kind is EventKind.CASE_ASSIGNED:
        given = await _by_public_id(session, [event.data.get("agent_id")])
        found = Audience(NotificationKind.HANDOFF, given)
    else:
        found = await _of_handoff(session, event, case, kind)
    own = event.actor_id if event.actor_kind == ActorKind.AGENT else None
    others = [agent_id for agent_id in dict.fromkeys(found.agent_ids) if agent_id != own]
    return Audience(found.kind, await _who_may_see(session, case, others))


async def audience_of_target(session: AsyncSession, case: Case) -> Audience:
    """Who is told that a case has nearly waited for too long: whoever is responsible, and who leads. Those
    are the admins of its team; where it has none, all admins."""
    leads = (
        select(Agent.id).where(Agent.role == Role.ADMIN, Agent.deactivated_at.is_(None)).order_by(Agent.id)
    )
    of_team = leads.where(Agent.id.in_(_members(case.team_id)))
    found = list(await session.scalars(of_team)) or list(await session.scalars(leads))
    if case.assignee_id is not None:
        found.append(case.assignee_id)
    return Audience(NotificationKind.TARGET, await _who_may_see(session, case, dict.fromkeys(found)))


async def _of_message(session: AsyncSession, event: Event, case: Case, facts: Facts) -> Audience:
    channel_kind = facts.channel_kinds.get(event.message_id or 0) if case.is_unfinished else None
    if channel_kind is None:
        return NOBODY
    # The message came with its case: both events stand side by side in one transaction.
    is_opening = facts.openings.get(event.position - 1) == case.id
    if case.assignee_id is None and is_opening:
        is_chat = channel_kind == ChannelKind.WEBCHAT
        kind = NotificationKind.CHAT if is_chat else NotificationKind.EMAIL
        return Audience(kind, await _of_team(session, case.team_id))
    following = facts.followers.get(case.id, frozenset())
    mine = [case.assignee_id] if case.assignee_id is not None else []
    mine += sorted(following - set(mine))
    muted = facts.muted.get(case.id, frozenset())
    return Audience(NotificationKind.MESSAGE, tuple(one for one in mine if one not in muted))


async def _of_handoff(session: AsyncSession, event: Event, case: Case, kind: EventKind) -> Audience:
    if kind not in (EventKind.HANDOFF_OFFERED, EventKind.HANDOFF_DECLINED, EventKind.HANDOFF_EXPIRED):
        return NOBODY
    handoff = await session.scalar(select(Handoff).where(Handoff.id == event.handoff_id))
    if handoff is None:
        return NOBODY
    if kind is not EventKind.HANDOFF_OFFERED:
        return Audience(NotificationKind.HANDOFF, (handoff.from_agent_id,))
    if handoff.to_agent_id is not None:
        return Audience(NotificationKind.HANDOFF, (handoff.to_agent_id,))
    if case.last_channel_kind == ChannelKind.WEBCHAT and case.assignee_id is None:
        return Audience(NotificationKind.CHAT, await _of_team(session, handoff.to_team_id))
    return NOBODY


async def _of_team(session: AsyncSession, team_id: int | None) -> tuple[int, ...]:
    """The members of a team; without one everybody."""
    agents = select(Agent.id).where(Agent.deactivated_at.is_(None)).order_by(Agent.id)
    if team_id is not None:
        agents = agents.where(Agent.id.in_(_members(team_id)))
    return tuple(await session.scalars(agents))


def _members(team_id: int | None) -> Select[int]:
    return select(TeamMember.agent_id).where(TeamMember.team_id == team_id)


async def _by_public_id(session: AsyncSession, public_ids: Collection[str | None]) -> tuple[int, ...]:
    wanted = [one for one in public_ids if one]
    if not wanted:
        return ()
    return tuple(
        await session.scalars(select(Agent.id).where(Agent.public_id.in_(wanted)).order_by(Agent.id))
    )


async def _who_may_see(session: AsyncSession, case: Case, agent_ids: Iterable[int]) -> tuple[int, ...]:
    """Those of these agents who work here and may see the case."""
    wanted = list(agent_ids)
    if not wanted:
        return ()
    active = select(Agent).where(Agent.id.in_(wanted), Agent.deactivated_at.is_(None))
    agents = (await session.scalars(active.order_by(Agent.id))).all()
    if not case.is_private:
        return tuple(agent.id for agent in agents)
    own = select(Case.id).where(Case.id == case.id)
    seeing = [await session.scalar(own.where(visible_to(Actor.agent(agent)))) for agent in agents]
    return tuple(agent.id for agent, seen in zip(agents, seeing, strict=True) if seen is not None)
