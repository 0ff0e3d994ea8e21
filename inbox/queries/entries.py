"""Timeline rows into what a screen shows: all that they point to, read in a few queries for a whole page."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.models import (
    ActorKind,
    Case,
    Conversation,
    Customer,
    EventKind,
    Suggestion,
    TimelineEntry,
)
from inbox.queries import shown_rows as rows
from inbox.queries.company import Company, company_of
from inbox.queries.shown import Entry, Shown, ShownChange, ShownHandoff, ShownSuggestion, face_of
from inbox.queries.shown_rows import (
    DeliveryRow,
    EventRow,
    FileRow,
    HandoffRow,
    MessageRow,
    NoteRow,
    StrandRow,
)
from inbox.queries.shown_words import NOT_DUE, Around, Due, label_of, shown_message, shown_note
from inbox.sending_rates import SendingRate

R = TypeVar("R", MessageRow, StrandRow, HandoffRow, EventRow)


class Placed(NamedTuple):
    """A place in a timeline: what stands there, whose conversation it is, and its case if it has one."""

    position: int
    message_id: int | None
    note_id: int | None
    handoff_id: int | None
    suggestion_id: int | None
    event_id: int | None
    conversation_id: str
    customer_id: str
    customer_name: str
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
            Customer.public_id,
            Customer.name,
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
    company = await company_of(session, people=_people(loaded), channels=_channels(loaded))
    return [_entry(place, loaded, company) for place in placed]


@dataclass(slots=True)
class _Loaded:
    """Everything that the entries point to, by internal key."""

    messages: Mapping[int, MessageRow] = field(default_factory=dict)
    strands: dict[int, StrandRow] = field(default_factory=dict)
    html: dict[int, str] = field(default_factory=dict)
    files: defaultdict[int, list[FileRow]] = field(default_factory=lambda: defaultdict(list))
    deliveries: defaultdict[int, list[DeliveryRow]] = field(default_factory=lambda: defaultdict(list))
    due: dict[int, Due] = field(default_factory=dict)
    notes: defaultdict[int, list[NoteRow]] = field(default_factory=lambda: defaultdict(list))
    handoffs: Mapping[int, HandoffRow] = field(default_factory=dict)
    suggestions: Mapping[int, Suggestion] = field(default_factory=dict)
    others: dict[int, tuple[Customer, Conversation | None]] = field(default_factory=dict)
    events: Mapping[int, EventRow] = field(default_factory=dict)
    comments: dict[int, str] = field(default_factory=dict)


async def _load(session: AsyncSession, placed: Sequence[Placed]) -> _Loaded:
    loaded = _Loaded()
    await _load_messages(session, loaded, [one.message_id for one in placed if one.message_id])
    for row in await _rows(session, rows.NOTES, [one.note_id for one in placed if one.note_id]):
        note = NoteRow._make(row)
        loaded.notes[note.id].append(note)
    handoffs = [one.handoff_id for one in placed if one.handoff_id]
    loaded.handoffs = await _by_id(session, HandoffRow, rows.HANDOFFS, handoffs)
    await _load_suggestions(session, loaded, [one.suggestion_id for one in placed if one.suggestion_id])
    await _load_strands(session, loaded)
    changes = [one.event_id for one in placed if one.event_id and _is_change(one)]
    loaded.events = await _by_id(session, EventRow, rows.EVENTS, changes)
    # What visitors said with their ratings: events hold no words.
    rated = [
        one.case_id for one in loaded.events.values() if one.kind == EventKind.CASE_RATED and one.case_id
    ]
    loaded.comments = {key: comment for key, comment in await _rows(session, rows.COMMENTS, rated)}
    return loaded


async def _rows(
    session: AsyncSession, query: Select[*tuple[Any, ...]], ids: Sequence[int]
) -> Sequence[Sequence[Any]]:
    return (await session.execute(query, {"ids": ids})).all() if ids else ()


async def _by_id(
    session: AsyncSession, shape: type[R], query: Select[*tuple[Any, ...]], ids: Sequence[int]
) -> dict[int, R]:
    return {row[0]: shape._make(row) for row in await _rows(session, query, ids)}


async def _load_messages(session: AsyncSession, loaded: _Loaded, ids: Sequence[int]) -> None:
    loaded.messages = await _by_id(session, MessageRow, rows.MESSAGES, ids)
    messages = loaded.messages.values()
    with_html = [message.id for message in messages if message.has_html]
    loaded.html = {key: html for key, html in await _rows(session, rows.HTML, with_html)}
    for row in await _rows(session, rows.FILES, ids):
        file = FileRow._make(row)
        loaded.files[file.message_id].append(file)
    ours = [message.id for message in messages if message.delivery is not None]
    for row in await _rows(session, rows.DELIVERIES, ours):
        delivery = DeliveryRow._make(row)
        loaded.deliveries[delivery.message_id].append(delivery)
    queued = [message.id for message in messages if message.delivery == "queued"]
    for message_id, due_at, rate in await _rows(session, rows.WAITING, queued):
        loaded.due[message_id] = Due(due_at, SendingRate.parse(rate) if rate else None)


async def _load_strands(session: AsyncSession, loaded: _Loaded) -> None:
    ids = {message.strand_id for message in loaded.messages.values()}
    ids |= {one.strand_id for one in loaded.suggestions.values() if one.strand_id is not None}
    loaded.strands = await _by_id(session, StrandRow, rows.STRANDS, list(ids))


_OTHERS = select(Customer, Conversation).outerjoin(Conversation, Conversation.customer_id == Customer.id)


async def _load_suggestions(session: AsyncSession, loaded: _Loaded, ids: Sequence[int]) -> None:
    if not ids:
        return
    found = await session.scalars(rows.SUGGESTIONS, {"ids": ids})
    loaded.suggestions = {row.id: row for row in found}
    others = {row.other_customer_id for row in loaded.suggestions.values()}
    pairs = await session.execute(_OTHERS.where(Customer.id.in_(others)))
    loaded.others = {customer.id: (customer, conversation) for customer, conversation in pairs}


def _people(loaded: _Loaded) -> set[int]:
    """The agents that the entries name."""
    notes = [note for parts in loaded.notes.values() for note in parts]
    ids: set[int | None] = {one.author_agent_id for one in loaded.messages.values()}
    ids |= {one.author_id for one in notes} | {one.mentioned_id for one in notes}
    ids |= {one.from_agent_id for one in loaded.handoffs.values()}
    ids |= {one.to_agent_id for one in loaded.handoffs.values()}
    ids |= {one.decided_by_id for one in loaded.suggestions.values()}
    ids |= {one.actor_id for one in loaded.events.values() if one.actor_kind == ActorKind.AGENT}
    return {key for key in ids if key is not None}


def _channels(loaded: _Loaded) -> set[int]:
    used = {one.channel_id for one in loaded.messages.values()}
    return used | {one.channel_id for one in loaded.strands.values()}


def _entry(place: Placed, loaded: _Loaded, company: Company) -> Entry:
    at, shown = _shown(place, loaded, company)
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


def _shown(place: Placed, loaded: _Loaded, company: Company) -> tuple[datetime, Shown]:
    if place.message_id is not None:
        return _shown_message(place, loaded.messages[place.message_id], loaded, company)
    if place.note_id is not None:
        parts = loaded.notes[place.note_id]
        mentioned = [company.people[part.mentioned_id] for part in parts if part.mentioned_id is not None]
        author = company.people[parts[0].author_id]
        return parts[0].created_at, shown_note(parts[0], author, mentioned, tuple(company.teams.values()))
    if place.handoff_id is not None:
        handoff = loaded.handoffs[place.handoff_id]
        return handoff.created_at, _shown_handoff(handoff, company)
    if place.suggestion_id is not None:
        suggestion = loaded.suggestions[place.suggestion_id]
        return suggestion.created_at, _shown_suggestion(suggestion, loaded, company)
    event = loaded.events[place.event_id or 0]
    return event.at, _shown_change(event, loaded, company)


def _shown_message(
    place: Placed, message: MessageRow, loaded: _Loaded, company: Company
) -> tuple[datetime, Shown]:
    strand = loaded.strands[message.strand_id]
    around = Around(
        channel=company.channels[message.channel_id],
        strand_id=strand.public_id,
        strand_label=label_of(strand, company.channels[strand.channel_id]),
        is_side=strand.is_side,
        customer_id=place.customer_id,
        customer_name=place.customer_name,
        agent=company.people[message.author_agent_id] if message.author_agent_id is not None else None,
        html=loaded.html.get(message.id, ""),
        files=loaded.files.get(message.id, ()),
        deliveries=loaded.deliveries.get(message.id, ()),
        due=loaded.due.get(message.id, NOT_DUE),
    )
    return message.created_at, shown_message(message, around)


def _shown_handoff(handoff: HandoffRow, company: Company) -> ShownHandoff:
    return ShownHandoff(
        public_id=handoff.public_id,
        by=company.people[handoff.from_agent_id],
        to_agent=company.people[handoff.to_agent_id] if handoff.to_agent_id is not None else None,
        to_team=company.teams[handoff.to_team_id] if handoff.to_team_id is not None else None,
        reason=handoff.reason,
        state=handoff.state,
        answer=handoff.answer,
        answered_at=handoff.answered_at,
        expires_at=handoff.expires_at,
    )


def _shown_suggestion(suggestion: Suggestion, loaded: _Loaded, company: Company) -> ShownSuggestion:
    other, conversation = loaded.others[suggestion.other_customer_id]
    strand = loaded.strands.get(suggestion.strand_id) if suggestion.strand_id else None
    decider = company.people[suggestion.decided_by_id] if suggestion.decided_by_id is not None else None
    return ShownSuggestion(
        public_id=suggestion.public_id,
        kind=suggestion.kind,
        state=suggestion.state,
        name=suggestion.name,
        address=suggestion.address,
        strand_label=label_of(strand, company.channels[strand.channel_id]) if strand else "",
        is_side=strand is not None and strand.is_side,
        other=face_of(other.name or suggestion.address, other.public_id),
        other_customer_id=other.public_id,
        other_conversation_id=conversation.public_id if conversation else None,
        decided_by=decider,
        decided_at=suggestion.decided_at,
    )


def _shown_change(event: EventRow, loaded: _Loaded, company: Company) -> ShownChange:
    is_agent = event.actor_kind == ActorKind.AGENT and event.actor_id is not None
    is_rating = event.kind == EventKind.CASE_RATED
    said = {"comment": loaded.comments.get(event.case_id or 0, "")} if is_rating else {}
    return ShownChange(
        event_kind=event.kind,
        actor_kind=event.actor_kind,
        by=company.people[event.actor_id or 0] if is_agent else None,
        data={**event.data, **said},
    )
