"""Timeline rows into what a screen shows: all that they point to, read in a few queries for a whole page."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import BindParameter, Select, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload, selectinload

from inbox.models import (
    ActorKind,
    Agent,
    Case,
    Conversation,
    Customer,
    Event,
    EventKind,
    Handoff,
    Message,
    Model,
    Note,
    OutboxEntry,
    Rating,
    Strand,
    Suggestion,
    Team,
    TimelineEntry,
)
from inbox.queries.shown import Entry, Shown, ShownChange, ShownHandoff, ShownSuggestion, face_of
from inbox.queries.shown_words import face_of_agent, label_of, shown_message, shown_note

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class Placed:
    """A place in a timeline: what stands there, whose conversation it is, and its case if it has one."""

    position: int
    message_id: int | None
    note_id: int | None
    handoff_id: int | None
    suggestion_id: int | None
    event_id: int | None
    conversation_id: str
    customer: Customer
    case_id: int | None
    case_number: int | None
    is_private: bool | None


def places() -> Select[*tuple[Any, ...]]:
    """The columns of `Placed`, with Case, Conversation and Customer joined; say which ones by `where()`."""
    return (
        select(
            TimelineEntry.position,
            TimelineEntry.message_id,
            TimelineEntry.note_id,
            TimelineEntry.handoff_id,
            TimelineEntry.suggestion_id,
            TimelineEntry.event_id,
            Conversation.public_id,
            Customer,
            Case.id,
            Case.number,
            Case.is_private,
        )
        .join(Conversation, Conversation.id == TimelineEntry.conversation_id)
        .join(Customer, Customer.id == Conversation.customer_id)
        .outerjoin(Case, Case.id == TimelineEntry.case_id)
    )


async def load_entries(session: AsyncSession, placed: Sequence[Placed]) -> list[Entry]:
    """What stands at these places, in the same order."""
    loaded = await _load(session, placed)
    return [_entry(place, loaded) for place in placed]


@dataclass(slots=True)
class _Loaded:
    """Everything that the entries point to, by internal key."""

    messages: dict[int, Message] = field(default_factory=dict)
    strands: dict[int, Strand] = field(default_factory=dict)
    due: dict[int, datetime] = field(default_factory=dict)
    notes: dict[int, Note] = field(default_factory=dict)
    team_names: tuple[str, ...] = ()
    handoffs: dict[int, Handoff] = field(default_factory=dict)
    suggestions: dict[int, Suggestion] = field(default_factory=dict)
    others: dict[int, tuple[Customer, Conversation | None]] = field(default_factory=dict)
    events: dict[int, Event] = field(default_factory=dict)
    comments: dict[int, str] = field(default_factory=dict)
    agents: dict[int, Agent] = field(default_factory=dict)


# Statements are made once, here: making one again for each call costs more than running it.
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)


def _of_ids(model: type[M], *options: Any) -> Select[M]:
    # What a session has read before may be out of date here: a push must show what is committed now.
    query = select(model).where(model.id.in_(_IDS)).options(*options)
    return query.execution_options(populate_existing=True)


_MESSAGES = _of_ids(
    Message,
    joinedload(Message.channel),
    joinedload(Message.author_agent),
    selectinload(Message.attachments),
    selectinload(Message.deliveries),
)
_UNTRIED = select(OutboxEntry.message_id, OutboxEntry.due_at).where(
    OutboxEntry.message_id.in_(_IDS), OutboxEntry.attempts == 0
)
_STRANDS = _of_ids(Strand, joinedload(Strand.channel))
_NOTES = _of_ids(Note, joinedload(Note.author), joinedload(Note.mentions))
_TEAM_NAMES = select(Team.name)
_HANDOFFS = _of_ids(
    Handoff, joinedload(Handoff.from_agent), joinedload(Handoff.to_agent), joinedload(Handoff.to_team)
)
_SUGGESTIONS = _of_ids(Suggestion)
_EVENTS = _of_ids(Event)
_AGENTS = _of_ids(Agent)
_OTHERS = (
    select(Customer, Conversation)
    .outerjoin(Conversation, Conversation.customer_id == Customer.id)
    .where(Customer.id.in_(_IDS))
)


async def _load(session: AsyncSession, placed: Sequence[Placed]) -> _Loaded:
    loaded = _Loaded()
    await _load_messages(session, loaded, (place.message_id for place in placed))
    await _load_notes(session, loaded, (place.note_id for place in placed))
    loaded.handoffs = await _by_id(session, _HANDOFFS, (place.handoff_id for place in placed))
    await _load_suggestions(session, loaded, (place.suggestion_id for place in placed))
    changes = (place.event_id for place in placed if _is_change(place))
    loaded.events = await _by_id(session, _EVENTS, changes)
    await _load_comments(session, loaded)
    await _load_agents(session, loaded)
    return loaded


async def _by_id(session: AsyncSession, query: Select[M], ids: Iterable[int | None]) -> dict[int, M]:
    wanted = {key for key in ids if key is not None}
    if not wanted:
        return {}
    found = (await session.scalars(query, {"ids": list(wanted)})).unique()
    return {row.id: row for row in found}


async def _load_messages(session: AsyncSession, loaded: _Loaded, ids: Iterable[int | None]) -> None:
    loaded.messages = await _by_id(session, _MESSAGES, ids)
    queued = [message.id for message in loaded.messages.values() if message.delivery == "queued"]
    if queued:
        rows = await session.execute(_UNTRIED, {"ids": queued})
        loaded.due = {message_id: due_at for message_id, due_at in rows}
    await _load_strands(session, loaded, (message.strand_id for message in loaded.messages.values()))


async def _load_strands(session: AsyncSession, loaded: _Loaded, ids: Iterable[int | None]) -> None:
    loaded.strands |= await _by_id(session, _STRANDS, ids)


async def _load_notes(session: AsyncSession, loaded: _Loaded, ids: Iterable[int | None]) -> None:
    loaded.notes = await _by_id(session, _NOTES, ids)
    if any(note.mentions for note in loaded.notes.values()):
        loaded.team_names = tuple(await session.scalars(_TEAM_NAMES))


async def _load_suggestions(session: AsyncSession, loaded: _Loaded, ids: Iterable[int | None]) -> None:
    loaded.suggestions = await _by_id(session, _SUGGESTIONS, ids)
    await _load_strands(session, loaded, (row.strand_id for row in loaded.suggestions.values()))
    others = {row.other_customer_id for row in loaded.suggestions.values()}
    if others:
        rows = await session.execute(_OTHERS, {"ids": list(others)})
        loaded.others = {customer.id: (customer, conversation) for customer, conversation in rows}


async def _load_comments(session: AsyncSession, loaded: _Loaded) -> None:
    """What visitors said with their ratings: events hold no words."""
    rated = {e.case_id for e in loaded.events.values() if e.kind == EventKind.CASE_RATED}
    if rated:
        comments = select(Rating.case_id, Rating.comment).where(Rating.case_id.in_(rated))
        loaded.comments = {case_id: comment for case_id, comment in await session.execute(comments)}


async def _load_agents(session: AsyncSession, loaded: _Loaded) -> None:
    ids: set[int | None] = {row.decided_by_id for row in loaded.suggestions.values()}
    ids |= {event.actor_id for event in loaded.events.values() if event.actor_kind == ActorKind.AGENT}
    ids |= {mention.agent_id for note in loaded.notes.values() for mention in note.mentions}
    loaded.agents = await _by_id(session, _AGENTS, ids)


def _entry(place: Placed, loaded: _Loaded) -> Entry:
    at, shown = _shown(place, loaded)
    return Entry(
        position=place.position,
        at=at,
        conversation_id=place.conversation_id,
        case_number=place.case_number,
        guarded_case_id=place.case_id if place.is_private else None,
        shown=shown,
    )


def _is_change(place: Placed) -> bool:
    """Whether nothing stands there but the event itself; the others have one too, which is not shown."""
    subjects = (place.message_id, place.note_id, place.handoff_id, place.suggestion_id)
    return all(subject is None for subject in subjects)


def _shown(place: Placed, loaded: _Loaded) -> tuple[datetime, Shown]:
    if place.message_id is not None:
        message = loaded.messages[place.message_id]
        strand, due = loaded.strands[message.strand_id], loaded.due.get(message.id)
        return message.created_at, shown_message(message, strand, place.customer, due)
    if place.note_id is not None:
        note = loaded.notes[place.note_id]
        mentioned = [loaded.agents[mention.agent_id] for mention in note.mentions]
        return note.created_at, shown_note(note, mentioned, loaded.team_names)
    if place.handoff_id is not None:
        handoff = loaded.handoffs[place.handoff_id]
        return handoff.created_at, _shown_handoff(handoff)
    if place.suggestion_id is not None:
        suggestion = loaded.suggestions[place.suggestion_id]
        return suggestion.created_at, _shown_suggestion(suggestion, loaded)
    event = loaded.events[place.event_id or 0]
    return event.at, _shown_change(event, loaded)


def _shown_handoff(handoff: Handoff) -> ShownHandoff:
    return ShownHandoff(
        public_id=handoff.public_id,
        by=face_of_agent(handoff.from_agent),
        to_agent=face_of_agent(handoff.to_agent) if handoff.to_agent else None,
        to_team=handoff.to_team.name if handoff.to_team else None,
        reason=handoff.reason,
        state=handoff.state,
        answer=handoff.answer,
        answered_at=handoff.answered_at,
        expires_at=handoff.expires_at,
    )


def _shown_suggestion(suggestion: Suggestion, loaded: _Loaded) -> ShownSuggestion:
    other, conversation = loaded.others[suggestion.other_customer_id]
    strand = loaded.strands.get(suggestion.strand_id) if suggestion.strand_id else None
    decider = loaded.agents.get(suggestion.decided_by_id) if suggestion.decided_by_id else None
    return ShownSuggestion(
        public_id=suggestion.public_id,
        kind=suggestion.kind,
        state=suggestion.state,
        name=suggestion.name,
        address=suggestion.address,
        strand_label=label_of(strand) if strand else "",
        is_side=strand is not None and strand.is_side,
        other=face_of(other.name or suggestion.address, other.public_id),
        other_customer_id=other.public_id,
        other_conversation_id=conversation.public_id if conversation else None,
        decided_by=face_of_agent(decider) if decider else None,
        decided_at=suggestion.decided_at,
    )


def _shown_change(event: Event, loaded: _Loaded) -> ShownChange:
    by = loaded.agents.get(event.actor_id) if event.actor_kind == ActorKind.AGENT and event.actor_id else None
    is_rating = event.kind == EventKind.CASE_RATED
    said = {"comment": loaded.comments.get(event.case_id or 0, "")} if is_rating else {}
    return ShownChange(
        event_kind=event.kind,
        actor_kind=event.actor_kind,
        by=face_of_agent(by) if by else None,
        data={**event.data, **said},
    )
