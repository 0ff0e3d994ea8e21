"""The one door for facts: `record()` buffers an event; the end of the transaction gives it its position.

Positions come from one locked row, taken after everything else was written, so that the order of positions is
the order of commits: a reader that has seen position n never misses one below it.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.attributes import set_committed_value

from inbox import clock
from inbox.actors import Actor
from inbox.models.cases import Case, Handoff
from inbox.models.conversations import Conversation, TimelineEntry
from inbox.models.customers import Suggestion
from inbox.models.events import Event, EventCounter, EventKind, Place, place_of
from inbox.models.messages import Message
from inbox.models.notes import Note

_BUFFER = "events to write"


@dataclass(slots=True)
class _Fact:
    kind: EventKind
    actor: Actor
    conversation: Conversation | None
    case: Case | None
    message: Message | None
    note: Note | None
    handoff: Handoff | None
    suggestion: Suggestion | None
    data: dict[str, Any] = field(default_factory=dict)


def record(
    session: AsyncSession,
    kind: EventKind,
    *,
    actor: Actor,
    conversation: Conversation | None,
    case: Case | None = None,
    message: Message | None = None,
    note: Note | None = None,
    handoff: Handoff | None = None,
    suggestion: Suggestion | None = None,
    data: dict[str, Any] | None = None,
) -> None:
    """Note a fact. Its objects may be unsaved yet; `data` holds ids and facts that have no column, never
    bodies."""
    facts: list[_Fact] = session.info.setdefault(_BUFFER, [])
    facts.append(_Fact(kind, actor, conversation, case, message, note, handoff, suggestion, data or {}))


def recorded(session: AsyncSession) -> list[EventKind]:
    """The kinds buffered so far in this transaction, in order."""
    return [fact.kind for fact in session.info.get(_BUFFER, [])]


@asynccontextmanager
async def attempting(session: AsyncSession) -> AsyncIterator[None]:
    """A part of a transaction that may fail by itself: what it did and recorded is then nowhere, the rest
    stands."""
    facts: list[_Fact] = session.info.setdefault(_BUFFER, [])
    before = len(facts)
    try:
        async with session.begin_nested():
            yield
    except BaseException:
        del facts[before:]
        raise


async def write_events(session: AsyncSession) -> None:
    """Give the buffered facts their positions and write them with their timeline entries. Called by
    `transaction()`."""
    facts: list[_Fact] = session.info.pop(_BUFFER, [])
    if not facts:
        return
    await session.flush()
    last = (await session.execute(_TAKE, {"count": len(facts)})).scalar_one()
    moment = clock.now()
    first = last - len(facts) + 1
    rows = [_row(fact, first + i) | {"at": moment} for i, fact in enumerate(facts)]
    entries, placed = [], []
    for fact, row, event_id in zip(facts, rows, await _inserted(session, rows), strict=True):
        if place_of(fact.kind) is not Place.PLACE:
            continue
        entries.append(_entry(row, event_id))
        if fact.message is not None:
            set_committed_value(fact.message, "position", row["position"])
            placed.append({"message": fact.message.id, "place": row["position"]})
    if entries:
        await session.execute(_ENTER, entries)
    if placed:
        await session.execute(_PLACE, placed)


async def _inserted(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> Sequence[int]:
    """Insert events; answers their ids in the order of the rows. A statement that answers ids in an order is
    sent once for each row, so that several are inserted by one, and their ids read by another."""
    if len(rows) == 1:
        return [(await session.execute(_WRITE, rows)).scalar_one()]
    await session.execute(_WRITE_MANY, rows)
    span = {"first": rows[0]["position"], "last": rows[-1]["position"]}
    ids: Sequence[int] = (await session.execute(_IDS, span)).scalars().all()
    return ids


# On the tables and made once: this is done between every change and its commit.
_COUNTER, _MESSAGES = EventCounter.__table__, Message.__table__
_TAKE = (
    update(_COUNTER)  # type: ignore[arg-type]
    .values(position=_COUNTER.c.position + bindparam("count"))
    .returning(_COUNTER.c.position)
)
_WRITE = insert(Event.__table__).returning(  # type: ignore[arg-type]
    Event.__table__.c.id, sort_by_parameter_order=True
)
_WRITE_MANY = insert(Event.__table__)  # type: ignore[arg-type]
_IDS = (
    select(Event.__table__.c.id)
    .where(Event.__table__.c.position.between(bindparam("first"), bindparam("last")))
    .order_by(Event.__table__.c.position)
)
_ENTER = insert(TimelineEntry.__table__)  # type: ignore[arg-type]
_PLACE = (
    update(_MESSAGES)  # type: ignore[arg-type]
    .where(_MESSAGES.c.id == bindparam("message"))
    .values(position=bindparam("place"))
)


def _row(fact: _Fact, position: int) -> dict[str, Any]:
    return {
        "position": position,
        "kind": fact.kind,
        "conversation_id": fact.conversation.id if fact.conversation else None,
        "case_id": fact.case.id if fact.case else None,
        "actor_kind": fact.actor.kind,
        "actor_id": fact.actor.id,
        "message_id": fact.message.id if fact.message else None,
        "note_id": fact.note.id if fact.note else None,
        "handoff_id": fact.handoff.id if fact.handoff else None,
        "suggestion_id": fact.suggestion.id if fact.suggestion else None,
        "data": fact.data,
    }


def _entry(row: dict[str, Any], event_id: int) -> dict[str, Any]:
    """Where the event stands in the conversation; what it shows is its subject, or for a change the event
    itself."""
    entry: dict[str, Any] = {
        "position": row["position"],
        "conversation_id": row["conversation_id"],
        "case_id": row["case_id"],
        "kind": "change",
        "message_id": None,
        "note_id": None,
        "handoff_id": None,
        "suggestion_id": None,
        "event_id": event_id,
    }
    for kind in ("message", "note", "handoff", "suggestion"):
        if row[f"{kind}_id"] is not None:
            return entry | {"kind": kind, f"{kind}_id": row[f"{kind}_id"]}
    return entry
