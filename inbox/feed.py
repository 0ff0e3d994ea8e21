"""Wakes whoever watches when something has been committed; it carries no data."""

import asyncio
from collections.abc import Collection, Iterator
from contextlib import contextmanager

LATER_SECONDS = 0.02


class Feed:
    """A bell for each watcher. A lost ring costs a moment, never data: watchers read what was committed.

    Whoever shows commits to people is rung at once, everybody else a moment later, so that the work which a
    commit causes does not stand in the way of telling it.
    """

    def __init__(self) -> None:
        self._first: dict[asyncio.Event, frozenset[str]] = {}
        self._others: dict[asyncio.Event, frozenset[str]] = {}
        self._due: set[asyncio.Event] = set()
        self._timer: asyncio.TimerHandle | None = None

    def wake(self, tables: frozenset[str] | None = None) -> None:
        """Ring the bells of these tables, or all where nobody knows what was written (another process did).
        Call it from the event loop only."""
        for bell in _of(self._first, tables):
            bell.set()
        self._due.update(_of(self._others, tables))
        if self._due and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(LATER_SECONDS, self._wake_others)

    def _wake_others(self) -> None:
        self._timer = None
        due, self._due = self._due, set()
        for bell in due:
            bell.set()

    @contextmanager
    def watch(self, *, first: bool = False, of: Collection[str] = ()) -> Iterator[asyncio.Event]:
        """A bell that is set when one of the tables *of* was written to (without them: on every commit), and
        once at the beginning: the first round is the catch-up.

        *first*: at once, ahead of those who only do what is due.
        """
        bells = self._first if first else self._others
        bell = asyncio.Event()
        bell.set()
        bells[bell] = frozenset(of)
        try:
            yield bell
        finally:
            del bells[bell]


def _of(bells: dict[asyncio.Event, frozenset[str]], tables: frozenset[str] | None) -> list[asyncio.Event]:
    return [bell for bell, of in bells.items() if tables is None or not of or of & tables]
