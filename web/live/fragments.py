"""What an event changes on agents' screens: the only place that knows swaps.

The partials are those of the page. What they draw depends neither on who looks nor on the entry before, so
that one drawing serves every socket.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Container, Mapping, Sequence
from dataclasses import dataclass

from inbox.models import Case, Event, EventKind, Place, place_of
from inbox.queries import happenings, timelines
from inbox.queries.happenings import CaseSign, Happening, Reading
from inbox.queries.shown import Entry
from web.templating import environment

AT_ONCE = 20  # drawings between two looks at what else the loop has to do
_KINDS = frozenset(EventKind)

Draw = Callable[[Entry, Place], str]
CasePart = Callable[[Reading, Collection[int]], Awaitable[Mapping[int, str]]]
"""Draws something of cases (given by internal id) that stands outside of the timeline, such as a header:
elements with an id and hx-swap-oob="true", which a page without that id leaves out."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """What one event changes. `html` is None where nobody watched, so that nothing was drawn.

    `guarded_case_id` is set where only those may get the HTML who may see that case.
    """

    position: int
    timelines: frozenset[str]
    html: str | None
    is_reset: bool
    guarded_case_id: int | None
    cases: tuple[CaseSign, ...]


def draw_entry(entry: Entry, place: Place) -> str:
    """An entry for a page that stands: added to the log, or put in its namesake's stead."""
    name = "live/place.html" if place is Place.PLACE else "live/redraw.html"
    return environment().get_template(name).render(entry=entry)


class Fragments:
    """Draws events. *parts* draw what else of a case stands on pages."""

    def __init__(self, parts: Sequence[CasePart] = (), *, draw: Draw = draw_entry) -> None:
        self._parts = tuple(parts)
        self._draw = draw

    async def draw(
        self, session: Reading, happened: Sequence[Happening], *, watched: Container[str] | None = None
    ) -> list[Drawn]:
        """Draw these events; of conversations that are not *watched* only what lists need (None: all)."""
        wanted = [one for one in happened if watched is None or one.conversation_id in watched]
        drawings = await self._entries(session, wanted)
        for position, html in (await self._case_parts(session, wanted)).items():
            drawings[position] += html
        keys = {one.event.conversation_id for one in happened if one.event.conversation_id is not None}
        signs = await happenings.case_signs(session, keys)
        return [_drawn(one, drawings.get(one.position), signs) for one in happened]

    async def _entries(self, session: Reading, wanted: Sequence[Happening]) -> dict[int, str]:
        """The HTML of each event's entry, "" where nothing of it is to be drawn."""
        drawings = {one.position: "" for one in wanted}
        drawable = [one for one in wanted if _place(one.event) in (Place.PLACE, Place.REDRAW)]
        entries = await timelines.entries_of_events(session, [one.event for one in drawable])
        redrawn: set[str] = set()
        for number, one in enumerate(reversed(drawable), start=1):
            entry, place = entries.get(one.position), _place(one.event)
            # An entry that has moved meanwhile belongs to a reset. One is drawn as it stands now, so that of
            # several redrawings the last is enough.
            if entry is None or entry.conversation_id != one.conversation_id:
                continue
            if place is Place.REDRAW and entry.element_id in redrawn:
                continue
            redrawn.add(entry.element_id)
            drawings[one.position] = self._draw(entry, place)
            if number % AT_ONCE == 0:
                await asyncio.sleep(0)
        return drawings

    async def _case_parts(self, session: Reading, wanted: Sequence[Happening]) -> dict[int, str]:
        """What else changes with each case, at the position of its last event."""
        drawings: dict[int, str] = {}
        last = {one.case.id: one.position for one in wanted if one.case is not None}
        for part in self._parts if last else ():
            for case_id, html in (await part(session, last.keys())).items():
                drawings[last[case_id]] = drawings.get(last[case_id], "") + html
        return drawings


def _drawn(one: Happening, html: str | None, signs: Mapping[int, Sequence[CaseSign]]) -> Drawn:
    case = one.case
    changes_sight = _changes_sight(one.event, case)
    guarded = case.id if case is not None and case.is_private else None
    others = signs.get(one.event.conversation_id or 0, ())
    # Who loses sight of a private case must hear of it too: its number, which is no credential, goes to all.
    own = (CaseSign(case.number, None if changes_sight else guarded),) if case is not None else ()
    return Drawn(
        position=one.position,
        timelines=one.touched,
        html=html,
        is_reset=changes_sight or _place(one.event) is Place.RESET,
        guarded_case_id=guarded,
        cases=own + tuple(sign for sign in others if case is None or sign.number != case.number),
    )


def _changes_sight(event: Event, case: Case | None) -> bool:
    """Whether the event may change who sees the case: what some have on their screens must go."""
    if "is_private" in event.data:
        return True
    moves = (EventKind.CASE_ASSIGNED, EventKind.CASE_UNASSIGNED)
    return case is not None and case.is_private and event.kind in moves


def _place(event: Event) -> Place:
    """A kind that this version does not know was recorded by a newer one beside us: it draws nothing here."""
    return place_of(EventKind(event.kind)) if event.kind in _KINDS else Place.NONE
