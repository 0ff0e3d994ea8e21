"""What stands in a conversation, in order: a page of it, or the entries that events belong to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, bindparam, func, not_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actors import Actor
from inbox.models import Case, Conversation, Event, EventCounter, TimelineEntry
from inbox.policies import visible_to
from inbox.queries.entries import Placed, load_entries, places
from inbox.queries.shown import Entry

PAGE_SIZE = 50
_SUBJECTS = ("message_id", "note_id", "handoff_id", "suggestion_id")
_KEYS = (*_SUBJECTS, "position")


@dataclass(frozen=True, slots=True)
class Page:
    """A stretch of a timeline, oldest first. `private_cases` counts the cases of the conversation whose
    entries this actor may not see."""

    entries: tuple[Entry, ...]
    has_older: bool
    private_cases: int


async def newest(
    session: AsyncSession,
    conversation: Conversation,
    actor: Actor,
    *,
    before: int | None = None,
    limit: int = PAGE_SIZE,
) -> Page:
    """The newest entries that the actor may see, or the newest ones before a position."""
    span = {"conversation": conversation.id, "before": before, "most": limit + 1}
    placed = await _placed(session, _visible_places(actor, before is not None), span)
    entries = await load_entries(session, placed[:limit][::-1])
    return Page(tuple(entries), len(placed) > limit, await _private_cases(session, conversation, actor))


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


_NEWEST_POSITION = select(EventCounter.position)


async def newest_position(session: AsyncSession) -> int:
    """The position of the newest event of all: read it before a page's content, as the page's cursor."""
    return await session.scalar(_NEWEST_POSITION) or 0


# Statements are made once and kept: making one again for each call costs more than running it.


@lru_cache(maxsize=512)
def _visible_places(actor: Actor, is_before: bool) -> Select[*tuple[Any, ...]]:
    visible = or_(TimelineEntry.case_id.is_(None), visible_to(actor))
    query = places().where(TimelineEntry.conversation_id == bindparam("conversation"), visible)
    if is_before:
        query = query.where(TimelineEntry.position < bindparam("before"))
    return query.order_by(TimelineEntry.position.desc()).limit(bindparam("most"))


@lru_cache
def _places_by(names: tuple[str, ...]) -> Select[*tuple[Any, ...]]:
    """Places by what stands there, or by their own position; each of these columns has an index."""
    columns = (getattr(TimelineEntry, name).in_(bindparam(name, expanding=True)) for name in names)
    return places().where(or_(*columns))


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
    return await session.scalar(_hidden_cases(actor), {"conversation": conversation.id}) or 0


@lru_cache(maxsize=512)
def _hidden_cases(actor: Actor) -> Select[int]:
    hidden = (Case.conversation_id == bindparam("conversation"), Case.is_private, not_(visible_to(actor)))
    return select(func.count()).select_from(Case).where(*hidden)
