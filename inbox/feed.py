"""Wakes whoever watches when something has been committed; it carries no data."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class Feed:
    """A bell for each watcher. A lost ring costs a moment, never data: watchers read the event log."""

    def __init__(self) -> None:
        self._bells: set[asyncio.Event] = set()

    def wake(self) -> None:
        """Ring every bell; call it from the event loop only."""
        for bell in self._bells:
            bell.set()

    @contextmanager
    def watch(self) -> Iterator[asyncio.Event]:
        """A bell that is set on every commit, and once at the beginning: the first round is the catch-up."""
        bell = asyncio.Event()
        bell.set()
        self._bells.add(bell)
        try:
            yield bell
        finally:
            self._bells.discard(bell)
