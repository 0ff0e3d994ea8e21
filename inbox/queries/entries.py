"""Timeline rows into what a screen shows: all that they point to, read in a few queries for a whole page."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload, selectinload

from inbox.models import (
    ActorKind,
    Agent,
    Case,
    Conversation,
    Customer,
    Event,
    Handoff,
    Message,
    Model,
    Note,
    OutboxEntry,
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
    """A place in a timeline, and the case it belongs to if there is one."""

    entry: TimelineEntry
    case: Case | None


async def load_entries(session: AsyncSession, places: Sequence[Placed]) -> list[Entry]:
    """What stands at these places, in the same order."""
    loaded = await _load(session, [place.entry for place in places])
    return [_entry(place, loaded) for place in places]


@dataclass(slots=True)
class _Loaded:
    """Everything that the entries point to, by internal key."""

    conversations: dict[int, tuple[Conversation, Customer]] = field(default_factory=dict)
    messages: dict[int, Message] = field(default_factory=dict)
    strands: dict[int, Strand] = field(default_factory=dict)
    due: dict[int, datetime] = field(default_factory=dict)
    notes: dict[int, Note] = field(default_factory=dict)
    team_names: tuple[str, ...] = ()
    handoffs: dict[int, Handoff] = field(default_factory=dict)
    suggestions: dict[int, Suggestion] = field(default_factory=dict)
    others: dict[int, tuple[Customer, Conversation | None]] = field(default_factory=dict)
    events: dict[int, Event] = field(default_factory=dict)
    agents: dict[int, Agent] = field(default_factory=dict)


async def _load(session: AsyncSession, rows: Sequence[TimelineEntry]) -> _Loaded:
    loaded = _Loaded(conversations=await _conversations(session, {row.conversation_id for row in rows}))
    await _load_messages(session, loaded, {row.message_id for row in rows if row.message_id})
    await _load_notes(session, loaded, {row.note_id for row in rows if row.note_id})
    await _load_handoffs(session, loaded, {row.handoff_id for row in rows if row.handoff_id})
    await _load_suggestions(session, loaded, {row.suggestion_id for row in rows if row.suggestion_id})
    loaded.events = await _by_id(session, Event, {row.event_id for row in rows if row.event_id})
    await _load_agents(session, loaded)
    return loaded


async def _by_id(
    session: AsyncSession, model: type[M], ids: Iterable[int | None], *options: Any
) -> dict[int, M]:
    wanted = {key for key in ids if key is not None}
    if not wanted:
        return {}
    # What a session has read before may be out of date here: a push must show what is committed now.
    query = select(model).where(model.id.in_(wanted)).options(*options)
    return {row.id: row for row in await session.scalars(query.execution_options(populate_existing=True))}


async def _conversations(session: AsyncSession, ids: set[int]) -> dict[int, tuple[Conversation, Customer]]:
    query = select(Conversation, Customer).join(Customer, Customer.id == Conversation.customer_id)
    rows = await session.execute(query.where(Conversation.id.in_(ids))) if ids else ()
    return {conversation.id: (conversation, customer) for conversation, customer in rows}


async def _load_messages(session: AsyncSession, loaded: _Loaded, ids: set[int]) -> None:
    options = (
        joinedload(Message.channel),
        joinedload(Message.author_agent),
        selectinload(Message.attachments),
        selectinload(Message.deliveries),
    )
    loaded.messages = await _by_id(session, Message, ids, *options)
    outbound = [message.id for message in loaded.messages.values() if message.delivery == "queued"]
    if outbound:
        untried = select(OutboxEntry.message_id, OutboxEntry.due_at).where(
            OutboxEntry.message_id.in_(outbound), OutboxEntry.attempts == 0
        )
        loaded.due = {message_id: due_at for message_id, due_at in await session.execute(untried)}
    await _load_strands(session, loaded, (message.strand_id for message in loaded.messages.values()))


async def _load_strands(session: AsyncSession, loaded: _Loaded, ids: Iterable[int | None]) -> None:
    loaded.strands |= await _by_id(session, Strand, ids, joinedload(Strand.channel))


async def _load_notes(session: AsyncSession, loaded: _Loaded, ids: set[int]) -> None:
    loaded.notes = await _by_id(session, Note, ids, joinedload(Note.author), selectinload(Note.mentions))
    if any(note.mentions for note in loaded.notes.values()):
        loaded.team_names = tuple(await session.scalars(select(Team.name)))


async def _load_handoffs(session: AsyncSession, loaded: _Loaded, ids: set[int]) -> None:
    options = (joinedload(Handoff.from_agent), joinedload(Handoff.to_agent), joinedload(Handoff.to_team))
    loaded.handoffs = await _by_id(session, Handoff, ids, *options)


async def _load_suggestions(session: AsyncSession, loaded: _Loaded, ids: set[int]) -> None:
    loaded.suggestions = await _by_id(session, Suggestion, ids)
    await _load_strands(session, loaded, (row.strand_id for row in loaded.suggestions.values()))
    others = {row.other_customer_id for row in loaded.suggestions.values()}
    if others:
        query = select(Customer, Conversation).outerjoin(
            Conversation, Conversation.customer_id == Customer.id
        )
        rows = await session.execute(query.where(Customer.id.in_(others)))
        loaded.others = {customer.id: (customer, conversation) for customer, conversation in rows}


async def _load_agents(session: AsyncSession, loaded: _Loaded) -> None:
    ids: set[int | None] = {row.decided_by_id for row in loaded.suggestions.values()}
    ids |= {event.actor_id for event in loaded.events.values() if event.actor_kind == ActorKind.AGENT}
    ids |= {mention.agent_id for note in loaded.notes.values() for mention in note.mentions}
    loaded.agents = await _by_id(session, Agent, ids)


def _entry(place: Placed, loaded: _Loaded) -> Entry:
    row, case = place.entry, place.case
    conversation, _ = loaded.conversations[row.conversation_id]
    at, shown = _shown(row, loaded)
    return Entry(
        position=row.position,
        at=at,
        conversation_id=conversation.public_id,
        case_number=case.number if case else None,
        guarded_case_id=case.id if case and case.is_private else None,
        shown=shown,
    )


def _shown(row: TimelineEntry, loaded: _Loaded) -> tuple[datetime, Shown]:
    if row.message_id is not None:
        message = loaded.messages[row.message_id]
        _, customer = loaded.conversations[row.conversation_id]
        strand, due = loaded.strands[message.strand_id], loaded.due.get(message.id)
        return message.created_at, shown_message(message, strand, customer, due)
    if row.note_id is not None:
        note = loaded.notes[row.note_id]
        mentioned = [loaded.agents[mention.agent_id] for mention in note.mentions]
        return note.created_at, shown_note(note, mentioned, loaded.team_names)
    if row.handoff_id is not None:
        handoff = loaded.handoffs[row.handoff_id]
        return handoff.created_at, _shown_handoff(handoff)
    if row.suggestion_id is not None:
        suggestion = loaded.suggestions[row.suggestion_id]
        return suggestion.created_at, _shown_suggestion(suggestion, loaded)
    event = loaded.events[row.event_id or 0]
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
        other=face_of(other.name or suggestion.address, other.public_id),
        other_customer_id=other.public_id,
        other_conversation_id=conversation.public_id if conversation else None,
        decided_by=face_of_agent(decider) if decider else None,
        decided_at=suggestion.decided_at,
    )


def _shown_change(event: Event, loaded: _Loaded) -> ShownChange:
    by = loaded.agents.get(event.actor_id) if event.actor_kind == ActorKind.AGENT and event.actor_id else None
    return ShownChange(
        event_kind=event.kind,
        actor_kind=event.actor_kind,
        by=face_of_agent(by) if by else None,
        data=event.data,
    )
