"""What has happened since a position of the event log, and whom it may be told."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.actors import Actor
from inbox.credentials import ABSOLUTE_LIFE
from inbox.models import (
    UNFINISHED,
    Agent,
    Case,
    Conversation,
    Customer,
    Event,
    EventKind,
    Place,
    Session,
    place_of,
)
from inbox.policies import visible_to
from inbox.queries.timelines import newest_position

Reading = AsyncSession
"""A session of `Database.reading()`, for signatures outside of the core."""

RESETS = tuple(kind for kind in EventKind if place_of(kind) is Place.RESET)
MOST_SIGNS = 50


@dataclass(frozen=True, slots=True)
class Happening:
    """An event, its case if it has one, and the public id of its conversation."""

    event: Event
    conversation_id: str | None
    case: Case | None

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


async def after(session: AsyncSession, position: int, *, limit: int) -> Stretch:
    """The next events of all conversations."""
    reached = await newest_position(session)
    query = _happenings().where(Event.position > position, Event.position <= reached)
    found = await _read(session, query.order_by(Event.position).limit(limit))
    return Stretch(found, found[-1].position if len(found) == limit else reached)


async def of_conversation(
    session: AsyncSession, conversation_id: int, position: int, *, limit: int
) -> Stretch:
    """The next events that concern one conversation's timeline, resets recorded elsewhere included."""
    reached = await newest_position(session)
    span = (Event.position > position, Event.position <= reached)
    own = _happenings().where(Event.conversation_id == conversation_id, *span)
    found = await _read(session, own.order_by(Event.position).limit(limit))
    if len(found) == limit:
        reached = found[-1].position
    resets = _happenings().where(Event.kind.in_(RESETS), Event.conversation_id != conversation_id, *span)
    public_id = await session.scalar(select(Conversation.public_id).where(Conversation.id == conversation_id))
    elsewhere = [one for one in await _read(session, resets) if public_id in one.touched]
    everything = sorted([*found, *elsewhere], key=lambda one: one.position)
    return Stretch([one for one in everything if one.position <= reached], reached)


async def case_signs(session: AsyncSession, conversation_ids: Collection[int]) -> dict[int, list[CaseSign]]:
    """The unfinished cases of conversations: each one's row names the others."""
    signs: dict[int, list[CaseSign]] = {}
    if not conversation_ids:
        return signs
    query = (
        select(Case.conversation_id, Case.number, Case.id, Case.is_private)
        .where(Case.conversation_id.in_(conversation_ids), Case.status.in_(UNFINISHED))
        .order_by(Case.id.desc())
    )
    for conversation_id, number, case_id, is_private in await session.execute(query):
        of_one = signs.setdefault(conversation_id, [])
        if len(of_one) < MOST_SIGNS:
            of_one.append(CaseSign(number, case_id, is_private))
    return signs


async def visible_cases(session: AsyncSession, actor: Actor, case_ids: Iterable[int]) -> frozenset[int]:
    """Which of these cases the actor may see now."""
    query = select(Case.id).where(Case.id.in_(set(case_ids)), visible_to(actor))
    return frozenset(await session.scalars(query))


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
    return await _thread(session, _threads().where(Conversation.public_id == public_id))


async def thread_of(session: AsyncSession, conversation_id: int) -> Thread | None:
    """The conversation of this internal id."""
    return await _thread(session, _threads().where(Conversation.id == conversation_id))


def _happenings() -> Select[Event, str, Case]:
    return (
        select(Event, Conversation.public_id, Case)
        .outerjoin(Conversation, Conversation.id == Event.conversation_id)
        .outerjoin(Case, Case.id == Event.case_id)
    )


async def _read(session: AsyncSession, query: Select[Event, str, Case]) -> list[Happening]:
    return [Happening(*row) for row in (await session.execute(query)).all()]


def _threads() -> Select[int, str, int | None, str]:
    query = select(Conversation.id, Conversation.public_id, Conversation.merged_into_id, Customer.name)
    return query.join(Customer, Customer.id == Conversation.customer_id)


async def _thread(session: AsyncSession, query: Select[int, str, int | None, str]) -> Thread | None:
    row = (await session.execute(query)).one_or_none()
    if row is None:
        return None
    key, public_id, merged_into_id, name = row
    private = select(Case.id).where(Case.conversation_id == key, Case.is_private).limit(1)
    has_private = await session.scalar(private) is not None
    return Thread(key, public_id, name or "Visitor", not has_private, merged_into_id is not None)
