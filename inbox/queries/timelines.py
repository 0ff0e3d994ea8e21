"""What stands in a conversation, in order: a page of it, or the entries that events belong to."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, func, not_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actors import Actor
from inbox.models import Case, Conversation, Event, EventCounter, TimelineEntry
from inbox.policies import visible_to
from inbox.queries.entries import Placed, load_entries
from inbox.queries.shown import Entry

PAGE_SIZE = 50
_SUBJECTS = ("message_id", "note_id", "handoff_id", "suggestion_id")


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
    visible = or_(TimelineEntry.case_id.is_(None), visible_to(actor))
    query = _places().where(TimelineEntry.conversation_id == conversation.id, visible)
    if before is not None:
        query = query.where(TimelineEntry.position < before)
    query = query.order_by(TimelineEntry.position.desc()).limit(limit + 1)
    places = await _placed(session, query)
    entries = await load_entries(session, places[:limit][::-1])
    return Page(tuple(entries), len(places) > limit, await _private_cases(session, conversation, actor))


async def entries_of_events(session: AsyncSession, events: Sequence[Event]) -> dict[int, Entry]:
    """The entry that each event placed or belongs to, by the event's position; events without one are left
    out. Entries of private cases are among them: see `Entry.guarded_case_id`."""
    keys = {event.position: _key(event) for event in events}
    conditions: list[ColumnElement[bool]] = []
    for name in (*_SUBJECTS, "event_id"):
        ids = {value for column, value in keys.values() if column == name}
        if ids:
            conditions.append(getattr(TimelineEntry, name).in_(ids))
    if not conditions:
        return {}
    places = await _placed(session, _places().where(or_(*conditions)))
    found: dict[tuple[str, int], Entry] = {}
    for place, entry in zip(places, await load_entries(session, places), strict=True):
        for name in (*_SUBJECTS, "event_id"):
            if (value := getattr(place.entry, name)) is not None:
                found[name, value] = entry
    return {position: found[key] for position, key in keys.items() if key in found}


async def newest_position(session: AsyncSession) -> int:
    """The position of the newest event of all: read it before a page's content, as the page's cursor."""
    return await session.scalar(select(EventCounter.position)) or 0


def _places() -> Select[TimelineEntry, Case]:
    return select(TimelineEntry, Case).outerjoin(Case, Case.id == TimelineEntry.case_id)


async def _placed(session: AsyncSession, query: Select[TimelineEntry, Case]) -> list[Placed]:
    return [Placed(entry, case) for entry, case in (await session.execute(query)).all()]


def _key(event: Event) -> tuple[str, int]:
    for name in _SUBJECTS:
        if (value := getattr(event, name)) is not None:
            return name, value
    return "event_id", event.id


async def _private_cases(session: AsyncSession, conversation: Conversation, actor: Actor) -> int:
    hidden = (Case.conversation_id == conversation.id, Case.is_private, not_(visible_to(actor)))
    return await session.scalar(select(func.count()).select_from(Case).where(*hidden)) or 0
