"""What an event changes on agents' screens: the only place that knows swaps.

The partials are those of the page. What they draw depends neither on who looks nor on the entry before, so
that one drawing serves every socket of a language.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from inbox.models import Case, Event, EventKind, Place, place_of
from inbox.queries import happenings, timelines
from inbox.queries.happenings import CaseSign, Happening, Reading
from inbox.queries.shown import Entry
from inbox.words import ENGLISH
from web.templating import environment

AT_ONCE = 20  # drawings between two looks at what else the loop has to do
_KINDS = frozenset(EventKind)
# What these tell stands in their entry alone; the case is as it was.
_CASE_AS_IT_WAS = frozenset(
    {
        EventKind.NOTE_ADDED,
        EventKind.NOTE_EDITED,
        EventKind.MESSAGE_SENDING,
        EventKind.MESSAGE_SENT,
        EventKind.MESSAGE_DELIVERED,
        EventKind.MESSAGE_READ,
        EventKind.MESSAGE_DELAYED,
    }
)

_DRAWN_WITH = (
    "_ui.html",
    "conversations/_head.html",
    "live/place.html",
    "live/redraw.html",
    *(f"timeline/_{kind}.html" for kind in ("entry", "message", "note", "change", "handoff", "suggestion")),
)

Texts = Mapping[str, str]
"""HTML by the language that it is in."""
Draw = Callable[[Entry, Place, str], str]
CasePart = Callable[[Reading, Collection[int], Collection[str]], Awaitable[Mapping[int, Texts]]]
"""Draws something of cases (given by internal id) that stands outside of the timeline, such as a header, in
these languages: elements with an id and hx-swap-oob="true", which a page without that id leaves out."""
Watched = Mapping[str, Collection[str]]
"""The conversations (public ids) that somebody watches, each with the languages of those who do."""


@dataclass(frozen=True, slots=True)
class Piece:
    """HTML for whoever may see it: all, or with `guarded_case_id` only those who may see that case."""

    html: Texts
    guarded_case_id: int | None


@dataclass(frozen=True, slots=True)
class Drawn:
    """What one event changes. `pieces` are drawn in these `languages`; None where nobody watched, so that
    nothing was drawn.

    `cases` are the rows of lists that may have changed, by number, each with the case that only some may see.
    `beside` are the conversations where what stands beside the timeline and depends on who looks (the
    composer's strands, the customer) may have changed; `guarded_case_id` says who may hear of that.
    """

    position: int
    timelines: frozenset[str]
    pieces: tuple[Piece, ...] | None
    is_reset: bool
    cases: tuple[tuple[int, int | None], ...]
    beside: frozenset[str] = frozenset()
    guarded_case_id: int | None = None
    languages: Collection[str] = ()


def draw_entry(entry: Entry, place: Place, language: str) -> str:
    """An entry for a page that stands: added to the log, or put in its namesake's stead."""
    name = "live/place.html" if place is Place.PLACE else "live/redraw.html"
    return environment(language).get_template(name).render(entry=entry)


def prepare(language: str = ENGLISH) -> None:
    """Compile what pushes are drawn with, which would make the first of them late."""
    for name in _DRAWN_WITH:
        environment(language).get_template(name)


class Fragments:
    """Draws events. *parts* draw what else of a case stands on pages."""

    def __init__(self, parts: Sequence[CasePart] = (), *, draw: Draw = draw_entry) -> None:
        self._parts = tuple(parts)
        self._draw = draw

    async def draw(
        self, session: Reading, happened: Sequence[Happening], *, watched: Watched | str = ENGLISH
    ) -> list[Drawn]:
        """Draw these events in the languages of those who watch; of conversations that nobody watches only
        what lists need. A language instead: draw all in that one."""
        keys = {one.event.conversation_id for one in happened if one.event.conversation_id is not None}
        signs = await happenings.case_signs(session, keys)
        wanted = [one for one in happened if isinstance(watched, str) or one.conversation_id in watched]
        languages = {watched} if isinstance(watched, str) else _languages(wanted, watched)
        pieces = await self._entries(session, wanted, languages)
        await self._add_case_parts(session, wanted, signs, pieces, languages)
        return [_drawn(one, pieces.get(one.position), signs, languages) for one in happened]

    async def _entries(
        self, session: Reading, wanted: Sequence[Happening], languages: Collection[str]
    ) -> dict[int, list[Piece]]:
        """Each event's entry, where it is to be drawn."""
        pieces: dict[int, list[Piece]] = {one.position: [] for one in wanted}
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
            html = {language: self._draw(entry, place, language) for language in languages}
            pieces[one.position].append(Piece(html, entry.guarded_case_id))
            if number % AT_ONCE == 0:
                await asyncio.sleep(0)
        return pieces

    async def _add_case_parts(
        self,
        session: Reading,
        wanted: Sequence[Happening],
        signs: Mapping[int, Sequence[CaseSign]],
        pieces: dict[int, list[Piece]],
        languages: Collection[str],
    ) -> None:
        """What else a conversation's events change, drawn with the last of them: of its cases all that are
        unfinished, since each one's head names the others."""
        last: dict[int, int] = {}
        private: dict[int, bool] = {}
        for one in wanted if self._parts else ():
            if one.event.kind in _CASE_AS_IT_WAS:
                continue
            for sign in _signs(one, signs):
                last[sign.id], private[sign.id] = one.position, sign.is_private
        for part in self._parts if last else ():
            for case_id, html in (await part(session, last.keys(), languages)).items():
                pieces[last[case_id]].append(Piece(html, case_id if private[case_id] else None))


def _signs(one: Happening, signs: Mapping[int, Sequence[CaseSign]]) -> list[CaseSign]:
    """The event's own case, and the unfinished ones beside it."""
    own = [CaseSign(one.case.number, one.case.id, one.case.is_private)] if one.case is not None else []
    beside = signs.get(one.event.conversation_id or 0, ())
    return own + [sign for sign in beside if one.case is None or sign.id != one.case.id]


def _languages(wanted: Sequence[Happening], watched: Watched) -> frozenset[str]:
    """Those of everybody who watches any of these: most often one, so that telling them apart by conversation
    would gain nothing."""
    return frozenset(language for one in wanted for language in watched[one.conversation_id or ""])


def _drawn(
    one: Happening,
    pieces: Sequence[Piece] | None,
    signs: Mapping[int, Sequence[CaseSign]],
    languages: Collection[str],
) -> Drawn:
    changes_sight = _changes_sight(one.event, one.case)
    cases = {sign.number: sign.id if sign.is_private else None for sign in _signs(one, signs)}
    if changes_sight and one.case is not None:
        # Who loses sight of the case must hear of it too: its number, which is no credential, goes to all.
        cases[one.case.number] = None
    for number in _named_cases(one.event):
        cases.setdefault(number, None)
    return Drawn(
        position=one.position,
        timelines=one.touched,
        pieces=None if pieces is None else tuple(pieces),
        is_reset=changes_sight or _place(one.event) is Place.RESET,
        cases=tuple(cases.items()),
        beside=frozenset() if one.event.kind in _CASE_AS_IT_WAS else one.touched | _other(one),
        guarded_case_id=one.case.id if one.case is not None and one.case.is_private else None,
        languages=() if pieces is None else languages,
    )


def _other(one: Happening) -> frozenset[str]:
    return frozenset() if one.other_conversation_id is None else frozenset({one.other_conversation_id})


def _named_cases(event: Event) -> list[int]:
    """The numbers of the cases that a split, a join or a move names."""
    named = event.data.get("cases")
    return [number for number in named if isinstance(number, int)] if isinstance(named, list) else []


def _changes_sight(event: Event, case: Case | None) -> bool:
    """Whether the event may change who sees the case: what some have on their screens must go."""
    if "is_private" in event.data:
        return True
    moves = (EventKind.CASE_ASSIGNED, EventKind.CASE_UNASSIGNED)
    return case is not None and case.is_private and event.kind in moves


def _place(event: Event) -> Place:
    """A kind that this version does not know was recorded by a newer one beside us: it draws nothing here."""
    return place_of(EventKind(event.kind)) if event.kind in _KINDS else Place.NONE
