"""Who wants to hear of a case although they are not responsible for it, and who wants to hear nothing of it.

What notifies asks here: `followers_of` adds listeners to a case's assignee, `muted_by` takes away whoever
muted it. A mention reaches those too, so that only what is no mention is kept from them.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Select, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.models import Agent, Case, Follower, Mention, Mute, Star


@dataclass(frozen=True, slots=True)
class Attention:
    """How one agent listens to a case, and whether their star is on it."""

    follows: bool = False
    is_muted: bool = False
    is_starred: bool = False


async def followers_of(session: AsyncSession, case_ids: Collection[int]) -> dict[int, frozenset[int]]:
    """Who follows these cases: the internal keys of active agents, by the case's."""
    return await _agents_by_case(session, _FOLLOWERS, case_ids)


async def muted_by(session: AsyncSession, case_ids: Collection[int]) -> dict[int, frozenset[int]]:
    """Who has muted these cases: the internal keys of active agents, by the case's."""
    return await _agents_by_case(session, _MUTES, case_ids)


async def attention_of(session: AsyncSession, case_id: int, agent_id: int) -> Attention:
    """How this agent listens to this case."""
    found = await session.execute(_ATTENTION, {"case": case_id, "agent": agent_id})
    return Attention(*found.one())


def is_muted_for(agent_id: int | BindParameter[Any] | None) -> ColumnElement[bool]:
    """Whether the agent has muted a case and has not been mentioned in it since, as a condition on Case."""
    unseen = select(Mention.id).where(
        Mention.case_id == Mute.case_id, Mention.agent_id == Mute.agent_id, Mention.seen_at.is_(None)
    )
    muted = select(Mute.id).where(Mute.agent_id == agent_id, Mute.case_id == Case.id, ~unseen.exists())
    return muted.correlate(Case).exists()


def is_followed_by(agent_id: int | None) -> ColumnElement[bool]:
    """Whether the agent follows a case, as a condition on Case."""
    return Case.id.in_(select(Follower.case_id).where(Follower.agent_id == agent_id))


# Statements are made once and kept: making one again for each call costs more than running it.
_IDS: BindParameter[list[int]] = bindparam("ids", expanding=True)
_FOLLOWERS = (
    select(Follower.case_id, Follower.agent_id)
    .join(Agent, Agent.id == Follower.agent_id)
    .where(Follower.case_id.in_(_IDS), Agent.deactivated_at.is_(None))
)
_MUTES = (
    select(Mute.case_id, Mute.agent_id)
    .join(Agent, Agent.id == Mute.agent_id)
    .where(Mute.case_id.in_(_IDS), Agent.deactivated_at.is_(None))
)
_ATTENTION = select(
    select(Follower.id)
    .where(Follower.case_id == bindparam("case"), Follower.agent_id == bindparam("agent"))
    .exists(),
    select(Mute.id).where(Mute.case_id == bindparam("case"), Mute.agent_id == bindparam("agent")).exists(),
    select(Star.id).where(Star.case_id == bindparam("case"), Star.agent_id == bindparam("agent")).exists(),
)


async def _agents_by_case(
    session: AsyncSession, query: Select[int, int], case_ids: Collection[int]
) -> dict[int, frozenset[int]]:
    found: dict[int, set[int]] = {}
    if case_ids:
        for case_id, agent_id in await session.execute(query, {"ids": list(case_ids)}):
            found.setdefault(case_id, set()).add(agent_id)
    return {case_id: frozenset(agents) for case_id, agents in found.items()}
