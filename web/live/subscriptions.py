"""One thing that a socket is told about, lists or a timeline, and how far it has been told: only a cursor.

Replay, live push and a slow reader are one path: whatever lies between the cursor and the head of the log, a
frame at a time.
"""

import json
from collections.abc import Awaitable, Callable, Collection, Container, Iterable, Sequence

from inbox.queries.happenings import Thread
from inbox.words import ENGLISH
from web.live.cursors import cursor_of
from web.live.fragments import Drawn
from web.live.tail import LISTS, MOST_BEHIND, SharedFrame, Stretch, Tail

MOST_EVENTS = 64
MOST_BYTES = 65_536
MOST_CASES = 500

Sees = Callable[[Collection[int]], Awaitable[frozenset[int]]]
"""Which of these private cases (internal ids) the reader may see now."""


class Subscription:
    """What a socket has subscribed to, in its page's language. After a reset it `is_over`: the page is asked
    for anew."""

    def __init__(self, tail: Tail, thread: Thread | None, position: int, language: str = ENGLISH) -> None:
        self.sub = LISTS if thread is None else f"timeline:{thread.public_id}"
        self.is_over = False
        self._tail = tail
        self._thread = thread
        self._language = "" if thread is None else language  # lists are told numbers, which all share
        self._position = position

    async def next(self, sees: Sees) -> str | None:
        """The next frame, as text; None where everything has been told."""
        while not self.is_over and self._position < self._reach:
            frame = await self._frame(sees)
            if frame is not None:
                return frame
        return None

    @property
    def _reach(self) -> int:
        return self._tail.lists_head if self._thread is None else self._tail.head

    async def _frame(self, sees: Sees) -> str | None:
        place = (self.sub, self._position, self._language)
        shared = self._tail.frames.get(place)
        if shared is not None:
            self._position = shared.reached
            return shared.text
        if self._tail.head - self._position > MOST_BEHIND:
            return self.reset()
        head = self._tail.head
        stretch = await self._tail.after(self._position, self._thread, self._language)
        if self._thread is None:
            frame, is_for_all = await self._signal(stretch.drawn, stretch.reached, sees)
        elif any(one.is_reset for one in stretch.drawn if self._thread.public_id in one.timelines):
            return self.reset()
        else:
            frame, is_for_all = await self._html(self._thread.public_id, stretch, sees)
        if is_for_all and head == self._tail.head:
            self._tail.frames[place] = SharedFrame(frame, self._position)
        return frame

    def reset(self) -> str:
        """The frame that says: ask for the page anew."""
        self.is_over = True
        return _text(sub=self.sub, reset=True)

    async def _html(self, own: str, stretch: Stretch, sees: Sees) -> tuple[str | None, bool]:
        """The frame, and whether everybody at this place is told the same."""
        chosen: list[Drawn] = []
        size, reached, language = 0, stretch.reached, self._language
        for one in stretch.drawn:
            if not one.pieces or own not in one.timelines:
                continue
            size += sum(len(piece.html[language]) for piece in one.pieces)
            if chosen and (size > MOST_BYTES or len(chosen) == MOST_EVENTS):
                reached = chosen[-1].position
                break
            chosen.append(one)
        pieces = [piece for one in chosen for piece in one.pieces or ()]
        beside = {one.guarded_case_id for one in stretch.drawn if own in one.beside}
        seen, is_for_all = await _seen((*beside, *(piece.guarded_case_id for piece in pieces)), sees)
        self._position = reached
        told: dict[str, object] = {}
        if html := "".join(piece.html[language] for piece in pieces if piece.guarded_case_id in seen):
            told["html"] = html
        if any(guarded in seen for guarded in beside):
            told["signal"] = {"beside": True}
        frame = _text(sub=self.sub, cursor=cursor_of(reached), **told) if told else None
        return frame, is_for_all

    async def _signal(self, drawn: Sequence[Drawn], reached: int, sees: Sees) -> tuple[str | None, bool]:
        """The frame, and whether everybody at this place is told the same."""
        cases = {case for one in drawn for case in one.cases}
        if len(cases) > MOST_CASES:
            return self.reset(), False
        seen, is_for_all = await _seen((guarded for _, guarded in cases), sees)
        self._position = reached
        numbers = sorted({number for number, guarded in cases if guarded in seen})
        frame = _text(sub=LISTS, cursor=cursor_of(reached), signal={"cases": numbers}) if numbers else None
        return frame, is_for_all


async def _seen(guarded: Iterable[int | None], sees: Sees) -> tuple[Container[int | None], bool]:
    """None, for what everybody may see, and those of the private cases that the reader may see; and whether
    there was no private one."""
    private = {case_id for case_id in guarded if case_id is not None}
    return {None, *(await sees(private) if private else ())}, not private


def _text(**frame: object) -> str:
    return json.dumps(frame, ensure_ascii=False, separators=(",", ":"))
