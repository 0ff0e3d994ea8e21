"""Wakes whoever watches when something has been committed; it carries no data."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

LATER_SECONDS = 0.02


class Feed:
    """A bell for each watcher. A lost ring costs a moment, never data: watchers read the event log.

    Whoever shows commits to people is rung at once, everybody else a moment later, so that the work which a
    commit causes does not stand in the way of telling it.
    """

    def __init__(self) -> None:
        self._first: set[asyncio.Event] = set()
        self._others: set[asyncio.Event] = set()
        self._timer: asyncio.TimerHandle | None = None

    def wake(self) -> None:
        """Ring every bell; call it from the event loop only."""
        for bell in self._first:
            bell.set()
        if self._others and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(LATER_SECONDS, self._wake_others)

    def _wake_others(self) -> None:
        self._timer = None
        for bell in self._others:
            bell.set()

    @contextmanager
    def watch(self, *, first: bool = False) -> Iterator[asyncio.Event]:
        """A bell that is set on every commit, and once at the beginning: the first round is the catch-up.

        *first*: at once, ahead of those who only do what is due.
        """
        bells = self._first if first else self._others
        bell = asyncio.Event()
        bell.set()
        bells.add(bell)
        try:
            yield bell
        finally:
            bells.discard(bell)
