"""What has happened since a position of the event log, and whom it may be told."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from inbox import clock
from inbox.actors import Actor
from inbox.credentials import ABSOLUTE_LIFE
from inbox.models import (
    Agent,
    Case,
    Conversation,
    Customer,
    Event,
    EventKind,
    Place,
    Session,
    Suggestion,
    place_of,
)
from inbox.policies import visible_to
from inbox.queries.case_views import unfinished_of_few
from inbox.queries.timelines import newest_position

Reading = AsyncSession
"""A session of `Database.reading()`, for signatures outside of the core."""

RESETS = tuple(kind for kind in EventKind if place_of(kind) is Place.RESET)
ABOUT_TWO = (EventKind.SUGGESTION_MADE, EventKind.SUGGESTION_DECIDED)
MOST_SIGNS = 50


@dataclass(frozen=True, slots=True)
class Happening:
    """An event, its case if it has one, and the public id of its conversation. `other_conversation_id` is
    that of the other customer whom a suggestion is about: their panel asks the same question."""

    event: Event
    conversation_id: str | None
    case: Case | None
    other_conversation_id: str | None = None

    @property
    def position(self) -> int:
        return self.event.position

    @property
    def touched(self) -> frozenset[str]:
        """The public ids of the conversations whose timelines it concerns: moves and merges name several."""
        named = self.event.data.get("conversations")
        others = named if isinstance(named, list) else []
        return frozenset(one for one in (self.conversation_id, *others) if isinstance(one, str))


@dataclass(frozen=True, slots=True)
class Stretch:
    """Happenings in order, oldest first, and the position up to which there are no others."""

    happenings: list[Happening]
    reached: int


@dataclass(frozen=True, slots=True)
class CaseSign:
    """A case that may look different now; of a private one only those hear who may see it."""

    number: int
    id: int
    is_private: bool


@dataclass(frozen=True, slots=True)
class Thread:
    """A conversation as sockets know it. `is_open`: no case of it is private. `is_merged`: it is empty."""

    id: int
    public_id: str
    customer_name: str
    is_open: bool
    is_merged: bool


async def since(session: AsyncSession, position: int, *, limit: int) -> list[Happening]:
    """The next events of all conversations. Positions come in the order of commits, so that none below the
    last one can appear later."""
    return await _read(session, _AFTER, position=position, most=limit)


async def after(session: AsyncSession, position: int, *, limit: int) -> Stretch:
    """The next events of all conversations, and how far they reach."""
    found = await since(session, position, limit=limit)
    return Stretch(found, found[-1].position if found else await newest_position(session))


async def of_conversation(
    session: AsyncSession, conversation_id: int, position: int, *, limit: int
) -> Stretch:
    """The next events that concern one conversation's page, those recorded in others included."""
    reached = await newest_position(session)
    span = {"conversation": conversation_id, "position": position, "reached": reached}
    found = await _read(session, _OF_CONVERSATION, most=limit, **span)
    if len(found) == limit:
        reached = found[-1].position
    public_id = await session.scalar(_PUBLIC_ID, {"conversation": conversation_id})
    others = await _read(session, _ELSEWHERE, **span)
    elsewhere = [one for one in others if public_id in (*one.touched, one.other_conversation_id)]
    everything = sorted([*found, *elsewhere], key=lambda one: one.position)
    return Stretch([one for one in everything if one.position <= reached], reached)


async def case_signs(session: AsyncSession, conversation_ids: Collection[int]) -> dict[int, list[CaseSign]]:
    """The unfinished cases of conversations: each one's row names the others."""
    signs: dict[int, list[CaseSign]] = {}
    if not conversation_ids:
        return signs
    for conversation_id, number, case_id, is_private in await session.execute(
        _UNFINISHED_CASES, {"ids": list(conversation_ids)}
    ):
        of_one = signs.setdefault(conversation_id, [])
        if len(of_one) < MOST_SIGNS:
            of_one.append(CaseSign(number, case_id, is_private))
    return signs


async def visible_cases(session: AsyncSession, actor: Actor, case_ids: Iterable[int]) -> frozenset[int]:
    """Which of these cases the actor may see now."""
    return frozenset(await session.scalars(_visible_cases(actor), {"ids": list(set(case_ids))}))


async def valid_sessions(session: AsyncSession, public_ids: Iterable[str]) -> frozenset[str]:
    """Which of these agents' sessions are neither revoked nor too old, their agents being active."""
    query = (
        select(Session.public_id)
        .join(Agent, Agent.id == Session.agent_id)
        .where(
            Session.public_id.in_(set(public_ids)),
            Session.revoked_at.is_(None),
            Session.created_at > clock.now() - ABSOLUTE_LIFE,
            Agent.deactivated_at.is_(None),
        )
    )
    return frozenset(await session.scalars(query))


async def thread(session: AsyncSession, public_id: str) -> Thread | None:
    """The conversation of this public id."""
    return await _thread(session, _THREAD_BY_PUBLIC_ID, public_id)


async def thread_of(session: AsyncSession, conversation_id: int) -> Thread | None:
    """The conversation of this internal id."""
    return await _thread(session, _THREAD_BY_ID, conversation_id)


# Statements are made once and kept: making one again for each call costs more than running it.
_OTHER = aliased(Conversation)
_HAPPENINGS = (
    select(Event, Conversation.public_id, Case, _OTHER.public_id)
    .outerjoin(Conversation, Conversation.id == Event.conversation_id)
    .outerjoin(Case, Case.id == Event.case_id)
    .outerjoin(Suggestion, Suggestion.id == Event.suggestion_id)
    .outerjoin(_OTHER, _OTHER.customer_id == Suggestion.other_customer_id)
)
_SPAN = (Event.position > bindparam("position"), Event.position <= bindparam("reached"))
_AFTER = (
    _HAPPENINGS.where(Event.position > bindparam("position"))
    .order_by(Event.position)
    .limit(bindparam("most"))
)
_OF_CONVERSATION = (
    _HAPPENINGS.where(Event.conversation_id == bindparam("conversation"), *_SPAN)
    .order_by(Event.position)
    .limit(bindparam("most"))
)
_ELSEWHERE = _HAPPENINGS.where(
    Event.kind.in_((*RESETS, *ABOUT_TWO)), Event.conversation_id != bindparam("conversation"), *_SPAN
)
_PUBLIC_ID = select(Conversation.public_id).where(Conversation.id == bindparam("conversation"))
_UNFINISHED_CASES = (
    select(Case.conversation_id, Case.number, Case.id, Case.is_private)
    .where(Case.conversation_id.in_(bindparam("ids", expanding=True)), unfinished_of_few())
    .order_by(Case.id.desc())
)
_THREADS = select(
    Conversation.id,
    Conversation.public_id,
    Conversation.merged_into_id,
    Customer.name,
    select(Case.id).where(Case.conversation_id == Conversation.id, Case.is_private).exists(),
).join(Customer, Customer.id == Conversation.customer_id)
_THREAD_BY_PUBLIC_ID = _THREADS.where(Conversation.public_id == bindparam("id"))
_THREAD_BY_ID = _THREADS.where(Conversation.id == bindparam("id"))


@lru_cache(maxsize=512)
def _visible_cases(actor: Actor) -> Select[int]:
    return select(Case.id).where(Case.id.in_(bindparam("ids", expanding=True)), visible_to(actor))


async def _read(session: AsyncSession, query: Select[*tuple[Any, ...]], **values: int) -> list[Happening]:
    return [Happening(*row) for row in (await session.execute(query, values)).all()]


async def _thread(session: AsyncSession, query: Select[*tuple[Any, ...]], wanted: str | int) -> Thread | None:
    row = (await session.execute(query, {"id": wanted})).one_or_none()
    if row is None:
        return None
    key, public_id, merged_into_id, name, has_private = row
    return Thread(key, public_id, name or "Visitor", not has_private, merged_into_id is not None)
