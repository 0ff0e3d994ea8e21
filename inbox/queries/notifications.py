"""What an agent has been told: the list behind the bell, its counter, and what is new in it."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actors import Actor
from inbox.envelopes import Span, SpanKind
from inbox.models import (
    Agent,
    Case,
    Conversation,
    Customer,
    Event,
    EventKind,
    Handoff,
    Message,
    Note,
    Notification,
    NotificationKind,
)
from inbox.policies import visible_to
from inbox.queries.shown import Face
from inbox.queries.shown_words import face_of_agent, face_of_customer
from inbox.texts import new_words, snippet

NEWEST = 300  # rows that are read for a list
MOST_SHOWN = 50
MOST_STANDING = 40
MOST_COUNTED = 1000
PREVIEW_LENGTH = 140


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownNotification:
    """What an agent was told of one case in one way. `public_ids` are all the rows that it stands for, newest
    first; `actor` is the colleague who did it; `event` what happened; `text` is for the agents' own screens
    only. `outside_text` is what of it may leave them where the workspace allows that: a customer's words,
    never a note's. `due_at` is by when an answer is due, for a target."""

    public_ids: tuple[str, ...]
    kind: NotificationKind
    event: EventKind | None
    customer: Face
    actor: Face | None
    case_number: int
    subject: str
    conversation_id: str
    anchor: str
    text: str
    outside_text: str
    at: datetime
    due_at: datetime | None
    is_read: bool

    @property
    def public_id(self) -> str:
        return self.public_ids[0]

    @property
    def count(self) -> int:
        return len(self.public_ids)

    @property
    def url(self) -> str:
        """The conversation, at what happened."""
        address = f"/conversations/{self.conversation_id}?case={self.case_number}"
        return f"{address}#{self.anchor}" if self.anchor else address


async def newest(session: AsyncSession, agent: Agent) -> list[ShownNotification]:
    """What stands behind the bell, newest first: what happened in one case in one way stands together."""
    rows = await _rows(session, agent, Notification.is_listed)
    return _grouped(rows)[:MOST_SHOWN]


async def since(session: AsyncSession, agent: Agent, public_id: str) -> Sequence[ShownNotification]:
    """What the agent was told after this notification and has not seen, oldest first, each for itself; also
    what stands in no list. Nothing where there is no such notification."""
    last = await session.scalar(
        select(Notification.id).where(Notification.public_id == public_id, Notification.agent_id == agent.id)
    )
    if public_id and last is None:
        return ()
    rows = await _rows(session, agent, Notification.id > (last or 0), Notification.read_at.is_(None))
    return [_shown([row]) for row in reversed(rows)]


async def of_ids(session: AsyncSession, agent: Agent, ids: Collection[int]) -> list[ShownNotification]:
    """These notifications (internal ids) of an agent, newest first: those that they may still see and have
    not read."""
    rows = await _rows(session, agent, Notification.id.in_(ids), Notification.read_at.is_(None))
    return [_shown([row]) for row in rows]


async def grouped(session: AsyncSession, agent: Agent, ids: Collection[int]) -> list[ShownNotification]:
    """The same, with what happened in one case in one way together."""
    rows = await _rows(session, agent, Notification.id.in_(ids), Notification.read_at.is_(None))
    return _grouped(rows)


async def unread_ids(session: AsyncSession, agent: Agent) -> Sequence[str]:
    """The public ids of what an agent has been told and has not seen, newest first."""
    unread = (
        select(Notification.public_id)
        .join(Case, Case.id == Notification.case_id)
        .where(
            Notification.agent_id == agent.id,
            Notification.read_at.is_(None),
            visible_to(Actor.agent(agent)),
        )
    )
    return (await session.scalars(unread.order_by(Notification.id.desc()).limit(MOST_STANDING))).all()


async def count_unread(session: AsyncSession, agent: Agent) -> int:
    """In how many conversations something waits that the agent has been told of and has not seen."""
    unread = unread_conversations(Actor.agent(agent)).limit(MOST_COUNTED).subquery()
    return await session.scalar(select(func.count()).select_from(unread)) or 0


def unread_conversations(actor: Actor) -> Select[int]:
    """The conversations in which something waits that an agent has been told of and has not seen."""
    return (
        select(Case.conversation_id)
        .join(Notification, Notification.case_id == Case.id)
        .where(
            Notification.agent_id == actor.id,
            Notification.read_at.is_(None),
            Notification.is_listed,
            visible_to(actor),
        )
        .distinct()
    )


async def states_of(session: AsyncSession, agent_ids: Collection[int]) -> dict[int, tuple[int, int]]:
    """The newest notification of each of these agents (internal id) and how many they have not read; whoever
    has no unread one is left out. Two equal answers mean that nothing has changed for the agent."""
    unread = (
        select(Notification.agent_id, func.max(Notification.id), func.count())
        .where(Notification.agent_id.in_(agent_ids), Notification.read_at.is_(None))
        .group_by(Notification.agent_id)
    )
    return {agent_id: (last, count) for agent_id, last, count in await session.execute(unread)}


async def _rows(session: AsyncSession, agent: Agent, *wanted: Any) -> Sequence[Any]:
    actor = Actor.agent(agent)
    query = _told(actor).where(Notification.agent_id == agent.id, visible_to(actor), *wanted)
    return (await session.execute(query.order_by(Notification.id.desc()).limit(NEWEST))).all()


@lru_cache(maxsize=512)
def _told(actor: Actor) -> Select[*tuple[Any, ...]]:
    """Notifications with what they are about, as far as the actor may see that: what was told of one case may
    stand in another one now, which is private."""
    return (
        select(
            Notification, Case, Conversation.public_id, Customer, Event.kind, Agent, Message, Note, Handoff
        )
        .join(Case, Case.id == Notification.case_id)
        .join(Conversation, Conversation.id == Case.conversation_id)
        .join(Customer, Customer.id == Conversation.customer_id)
        .outerjoin(Event, Event.position == Notification.position)
        .outerjoin(Agent, (Agent.id == Event.actor_id) & (Event.actor_kind == "agent"))
        .outerjoin(Message, (Message.id == Event.message_id) & _stands_in_sight(Message, actor))
        .outerjoin(Note, (Note.id == Event.note_id) & _stands_in_sight(Note, actor))
        .outerjoin(Handoff, (Handoff.id == Event.handoff_id) & _stands_in_sight(Handoff, actor))
    )


def _stands_in_sight(model: type[Message] | type[Note] | type[Handoff], actor: Actor) -> ColumnElement[bool]:
    seen = select(Case.id).where(Case.id == model.case_id, visible_to(actor)).correlate(model)
    return model.case_id.is_(None) | seen.exists()


def _grouped(rows: Iterable[Any]) -> list[ShownNotification]:
    groups: dict[tuple[str, int, bool], list[Any]] = {}
    for row in rows:
        told = row[0]
        groups.setdefault((told.kind, told.case_id, told.read_at is None), []).append(row)
    return [_shown(group) for group in groups.values()]


def _shown(rows: Sequence[Any]) -> ShownNotification:
    """What these rows about one case and of one kind, newest first, look like together."""
    told, case, conversation_id, customer, kind, actor, message, note, handoff = rows[0]
    return ShownNotification(
        public_ids=tuple(row[0].public_id for row in rows),
        kind=NotificationKind(told.kind),
        event=EventKind(kind) if kind else None,
        customer=face_of_customer(customer),
        actor=face_of_agent(actor) if actor is not None else None,
        case_number=case.number,
        subject=case.subject,
        conversation_id=conversation_id,
        anchor=_anchor(message, note, handoff),
        text=_text(message, note, handoff),
        outside_text=_text(message, None, None),
        at=told.created_at,
        due_at=told.about,
        is_read=told.read_at is not None,
    )


def _anchor(message: Message | None, note: Note | None, handoff: Handoff | None) -> str:
    """The id of the entry on the page."""
    for letter, what in (("m", message), ("n", note), ("h", handoff)):
        if what is not None:
            return f"{letter}-{what.public_id}"
    return ""


def _text(message: Message | None, note: Note | None, handoff: Handoff | None) -> str:
    if message is not None:
        spans = [Span(start, end, SpanKind(kind)) for start, end, kind in message.spans]
        return snippet(new_words(message.text, spans) or message.text, PREVIEW_LENGTH)
    if handoff is not None:
        return handoff.reason
    return snippet(note.text, PREVIEW_LENGTH) if note is not None else ""
