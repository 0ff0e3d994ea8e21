"""What stands in a conversation, in order: a page of it, or the entries that events belong to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, bindparam, func, not_, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actors import Actor
from inbox.models import Case, Conversation, Event, EventCounter, TimelineEntry
from inbox.policies import visible_to
from inbox.queries.entries import Placed, load_entries, places
from inbox.queries.shown import Entry

PAGE_SIZE = 50
_SUBJECTS = ("message_id", "note_id", "handoff_id", "suggestion_id")
_KEYS = (*_SUBJECTS, "position")


class Side(StrEnum):
    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True, slots=True)
class Page:
    """A stretch of a timeline, oldest first. `private_cases` counts the cases of the conversation whose
    entries this actor may not see."""

    entries: tuple[Entry, ...]
    has_older: bool
    private_cases: int
    has_newer: bool = False


async def newest(
    session: AsyncSession,
    conversation: Conversation,
    actor: Actor,
    *,
    before: int | None = None,
    limit: int = PAGE_SIZE,
) -> Page:
    """The newest entries that the actor may see, or the newest ones before a position."""
    side = None if before is None else Side.BEFORE
    placed = await _side(session, conversation, actor, side, before or 0, limit)
    entries = await load_entries(session, placed[:limit][::-1])
    private = await _private_cases(session, conversation, actor)
    return Page(tuple(entries), len(placed) > limit, private, has_newer=before is not None)


async def after(
    session: AsyncSession,
    conversation: Conversation,
    actor: Actor,
    position: int,
    *,
    limit: int = PAGE_SIZE,
) -> Page:
    """The oldest entries after a position."""
    placed = await _side(session, conversation, actor, Side.AFTER, position, limit)
    entries = await load_entries(session, placed[:limit])
    private = await _private_cases(session, conversation, actor)
    return Page(tuple(entries), has_older=True, private_cases=private, has_newer=len(placed) > limit)


async def around(
    session: AsyncSession,
    conversation: Conversation,
    actor: Actor,
    position: int,
    *,
    limit: int = PAGE_SIZE,
) -> Page:
    """The entries on both sides of a position: half of them up to it, half of them newer."""
    half = limit // 2
    older = await _side(session, conversation, actor, Side.BEFORE, position + 1, half)
    newer = await _side(session, conversation, actor, Side.AFTER, position, half)
    entries = await load_entries(session, [*older[:half][::-1], *newer[:half]])
    private = await _private_cases(session, conversation, actor)
    return Page(tuple(entries), len(older) > half, private, has_newer=len(newer) > half)


async def entries_of_events(session: AsyncSession, events: Sequence[Event]) -> dict[int, Entry]:
    """The entry that each event placed or belongs to, by the event's position; events without one are left
    out. Entries of private cases are among them: see `Entry.guarded_case_id`."""
    keys = {event.position: _key(event) for event in events}
    ids = {name: [value for column, value in keys.values() if column == name] for name in _KEYS}
    wanted = {name: values for name, values in ids.items() if values}
    if not wanted:
        return {}
    placed = await _placed(session, _places_by(tuple(wanted)), wanted)
    found: dict[tuple[str, int], Entry] = {}
    for place, entry in zip(placed, await load_entries(session, placed), strict=True):
        for name in _KEYS:
            if (value := getattr(place, name)) is not None:
                found[name, value] = entry
    return {position: found[key] for position, key in keys.items() if key in found}


async def entry_of_message(session: AsyncSession, message_id: int) -> Entry:
    """The entry that a message, given by its internal key, stands in."""
    names = ("message_id",)
    placed = await _placed(session, _places_by(names), {"message_id": [message_id]})
    (entry,) = await load_entries(session, placed)
    return entry


_NEWEST_POSITION = select(EventCounter.position)


async def newest_position(session: AsyncSession) -> int:
    """The position of the newest event of all: read it before a page's content, as the page's cursor."""
    return await session.scalar(_NEWEST_POSITION) or 0


# Statements are made once and kept: making one again for each call costs more than running it.


@lru_cache(maxsize=512)
def _visible_places(actor: Actor, side: Side | None) -> Select[*tuple[Any, ...]]:
    visible = or_(TimelineEntry.case_id.is_(None), visible_to(actor))
    query = places().where(TimelineEntry.conversation_id == bindparam("conversation"), visible)
    if side is Side.BEFORE:
        query = query.where(TimelineEntry.position < bindparam("position"))
    if side is Side.AFTER:
        query = query.where(TimelineEntry.position > bindparam("position"))
    order = TimelineEntry.position.asc() if side is Side.AFTER else TimelineEntry.position.desc()
    return query.order_by(order).limit(bindparam("most"))


@lru_cache
def _places_by(names: tuple[str, ...]) -> Select[*tuple[Any, ...]]:
    """Places by what stands there, or by their own position; each of these columns has an index."""
    columns = (getattr(TimelineEntry, name).in_(bindparam(name, expanding=True)) for name in names)
    return places().where(or_(*columns))


async def _side(
    session: AsyncSession,
    conversation: Conversation,
    actor: Actor,
    side: Side | None,
    position: int,
    limit: int,
) -> list[Placed]:
    """The places next to a position, nearest first, and one more than asked for where there are more."""
    values = {"conversation": conversation.id, "most": limit + 1}
    if side is not None:
        values["position"] = position
    return await _placed(session, _visible_places(actor, side), values)


async def _placed(
    session: AsyncSession, query: Select[*tuple[Any, ...]], values: Mapping[str, Any]
) -> list[Placed]:
    return [Placed(*row) for row in (await session.execute(query, values)).all()]


def _key(event: Event) -> tuple[str, int]:
    """What the event's entry is known by: its subject, or for a change, which it is itself, its position."""
    for name in _SUBJECTS:
        if (value := getattr(event, name)) is not None:
            return name, value
    return "position", event.position


async def _private_cases(session: AsyncSession, conversation: Conversation, actor: Actor) -> int:
    if visible_to(actor) is true():  # SQLAlchemy has one of it
        return 0
    return await session.scalar(_hidden_cases(actor), {"conversation": conversation.id}) or 0


@lru_cache(maxsize=512)
def _hidden_cases(actor: Actor) -> Select[int]:
    hidden = (Case.conversation_id == bindparam("conversation"), Case.is_private, not_(visible_to(actor)))
    return select(func.count()).select_from(Case).where(*hidden)
