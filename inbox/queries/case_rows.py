"""What the lines of an inbox list show to one agent."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import BindParameter, Select, and_, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from inbox.actors import Actor
from inbox.models import (
    Agent,
    Case,
    Conversation,
    Customer,
    Direction,
    Draft,
    Handoff,
    HandoffState,
    Message,
    ReadMark,
    Star,
    Suggestion,
    SuggestionState,
    TimelineEntry,
)
from inbox.policies import visible_to
from inbox.queries.case_pages import PAGE_SIZE, conditions_of, details, page_of_ids
from inbox.queries.case_views import CaseFilter, unfinished_of_few
from inbox.queries.followers import muted_for
from inbox.queries.pages import Page


@dataclass(frozen=True, slots=True)
class OtherCase:
    """Another unfinished case of the same conversation: "+1 other: Refund · Tomás"."""

    number: int
    subject: str
    assignee: str | None


@dataclass(frozen=True, slots=True)
class Offer:
    """What is handed on and nobody has accepted yet: by whom, and why."""

    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class CaseRow:
    """What a line of the inbox shows to one agent. `newest_position` is that of the newest message that the
    customer wrote in this case, or of a question in its conversation that waits for an agent. `is_muted`:
    they muted it, and nobody has mentioned them since."""

    case: Case
    conversation: Conversation
    customer: Customer
    others: tuple[OtherCase, ...]
    newest_position: int
    read_position: int
    draft: str
    offer: Offer | None = None
    is_muted: bool = False
    is_starred: bool = False

    @property
    def is_unread(self) -> bool:
        return self.newest_position > self.read_position and not self.is_muted


async def rows(
    session: AsyncSession,
    wanted: CaseFilter,
    *,
    actor: Actor,
    cursor: str | None = None,
    limit: int = PAGE_SIZE,
    sort: str | None = None,
) -> Page[CaseRow]:
    """A page of an inbox list, with everything that its lines show to this agent."""
    found = await page_of_ids(session, wanted, actor=actor, cursor=cursor, limit=limit, sort=sort)
    return Page(await _rows(session, found.items, actor), found.next)


@dataclass(frozen=True, slots=True)
class Changed:
    """What became of signalled cases in one view: rows to show anew, and numbers that are not (any more) in
    it."""

    rows: tuple[CaseRow, ...]
    gone: tuple[int, ...]


async def changed(
    session: AsyncSession, wanted: CaseFilter, numbers: Iterable[int], *, actor: Actor
) -> Changed:
    """The rows of these cases, as far as they are in the view and the actor may see them."""
    asked = list(dict.fromkeys(numbers))
    query = select(Case.id).where(Case.number.in_(asked), *conditions_of(session, wanted, actor))
    ids = (await session.scalars(query)).all() if asked else []
    shown = await _rows(session, ids, actor)
    there = {row.case.number for row in shown}
    return Changed(tuple(shown), tuple(number for number in asked if number not in there))


async def _rows(session: AsyncSession, ids: Sequence[int], actor: Actor) -> list[CaseRow]:
    if not ids:
        return []
    found = await details(session, ids)
    talks = list({one.conversation.id for one in found})
    others = await _others(session, talks, actor)
    newest = await _pairs(session, _NEWEST, {"ids": ids})
    asked = await _pairs(session, _QUESTIONS, {"ids": talks})
    read = await _pairs(session, _MARKS, {"ids": talks, "agent": actor.id})
    begun = await _pairs(session, _DRAFTS, {"ids": talks, "agent": actor.id})
    starred = set(await session.scalars(_STARS, {"ids": ids, "agent": actor.id}))
    offers, muted = await _offers(session, ids), await muted_for(session, ids, actor.id or 0)
    return [
        CaseRow(
            case=one.case,
            conversation=one.conversation,
            customer=one.customer,
            others=tuple(o for o in others.get(one.conversation.id, ()) if o.number != one.case.number),
            newest_position=max(newest.get(one.case.id) or 0, asked.get(one.conversation.id, 0)),
            read_position=read.get(one.conversation.id, 0),
            draft=begun.get(one.conversation.id, ""),
            offer=offers.get(one.case.id),
            is_muted=one.case.id in muted,
            is_starred=one.case.id in starred,
        )
        for one in found
    ]


async def _pairs(session: AsyncSession, query: Select[int, Any], values: dict[str, object]) -> dict[int, Any]:
    return {key: value for key, value in await session.execute(query, values)}


async def _others(
    session: AsyncSession, conversation_ids: Sequence[int], actor: Actor
) -> dict[int, list[OtherCase]]:
    found: dict[int, list[OtherCase]] = {}
    rows = await session.execute(_beside(actor), {"ids": conversation_ids})
    for conversation_id, number, subject, assignee in rows:
        found.setdefault(conversation_id, []).append(OtherCase(number, subject, assignee))
    return found


async def _offers(session: AsyncSession, ids: Sequence[int]) -> dict[int, Offer]:
    """What whoever takes a case next reads first."""
    rows = await session.execute(_OFFERS, {"ids": ids})
    return {case_id: Offer(name, reason) for case_id, name, reason in rows}


def _newest_positions() -> Select[int, int]:
    """The position of the newest inbound message of each case; one look at the index for each."""
    case = aliased(Case)
    newest = (
        select(Message.position)
        .where(
            and_(
                Message.conversation_id == case.conversation_id,
                Message.case_id == case.id,
                Message.direction == Direction.INBOUND,
                Message.is_spam.is_(False),
            )
        )
        .order_by(Message.position.desc())
        .limit(1)
        .correlate(case)
        .scalar_subquery()
    )
    return select(case.id, newest).where(case.id.in_(_IDS))


# Statements are made once and kept: making one again for each call costs more than running it.
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_AGENT: BindParameter[Any] = bindparam("agent")
_NEWEST = _newest_positions()
# The newest open question of each conversation: whoever is responsible is to see that it is there.
_QUESTIONS = (
    select(Suggestion.conversation_id, func.max(TimelineEntry.position))
    .join(TimelineEntry, TimelineEntry.suggestion_id == Suggestion.id)
    .where(Suggestion.conversation_id.in_(_IDS), Suggestion.state == SuggestionState.OPEN)
    .group_by(Suggestion.conversation_id)
)
_MARKS = select(ReadMark.conversation_id, ReadMark.position).where(
    ReadMark.agent_id == _AGENT, ReadMark.conversation_id.in_(_IDS)
)
_DRAFTS = select(Draft.conversation_id, Draft.text).where(
    Draft.agent_id == _AGENT, Draft.conversation_id.in_(_IDS), Draft.kind == "reply"
)
_STARS = select(Star.case_id).where(Star.agent_id == _AGENT, Star.case_id.in_(_IDS))
_OFFERS = (
    select(Handoff.case_id, Agent.name, Handoff.reason)
    .join(Agent, Agent.id == Handoff.from_agent_id)
    .where(Handoff.case_id.in_(_IDS), Handoff.state == HandoffState.OFFERED)
    .order_by(Handoff.id)
)


@lru_cache(maxsize=512)
def _beside(actor: Actor) -> Select[int, int, str, str]:
    return (
        select(Case.conversation_id, Case.number, Case.subject, Agent.name)
        .outerjoin(Agent, Agent.id == Case.assignee_id)
        .where(
            Case.conversation_id.in_(_IDS),
            unfinished_of_few(),
            Case.joined_into_id.is_(None),
            visible_to(actor),
        )
        .order_by(Case.id)
    )
