"""Who of the people inside is here now, and who is away, told to all of them.

Here is whoever has a page open; gone is who has had none for ten seconds, so that a reload does not flicker.
Never stored: an absence stands in the database, the rest in the sockets of this process.
"""

import asyncio
import json
import time
from collections.abc import Callable, Iterable
from typing import Protocol

from inbox.db import Database
from inbox.queries import absences
from web.live.presence import GONE_SECONDS, Viewer

LOOK_SECONDS = 2.0


class Page(Protocol):
    """A socket, as seen from here."""

    viewer: Viewer

    def whisper(self, key: str, frame: str) -> None:
        """Tell it something that the newest of the same key replaces."""
        ...


class People:
    """One for each hub. *pages* answers the sockets that are open now."""

    def __init__(self, database: Database, pages: Callable[[], Iterable[Page]]) -> None:
        self._database = database
        self._pages = pages
        self._seen: dict[Viewer, float] = {}
        self._frame = ""

    @property
    def here(self) -> frozenset[str]:
        """The public ids of those who are here."""
        return frozenset(viewer.id for viewer in self._seen)

    async def run(self) -> None:
        """Look now and then, until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_SECONDS)

    def welcome(self, page: Page) -> None:
        """Tell a page that has just opened what the others know."""
        self._seen[page.viewer] = time.monotonic()
        if self._frame:
            page.whisper("people", self._frame)

    async def look(self) -> None:
        """Tell everybody what has changed."""
        pages, now = list(self._pages()), time.monotonic()
        self._seen |= {page.viewer: now for page in pages}
        self._seen = {viewer: at for viewer, at in self._seen.items() if now - at < GONE_SECONDS}
        frame = await self._told() if pages else ""
        if frame != self._frame:
            self._frame = frame
            for page in pages:
                page.whisper("people", frame)

    async def _told(self) -> str:
        async with self._database.reading() as session:
            away = await absences.away_now(session)
        here = [{"id": one.id, "name": one.name} for one in sorted(self._seen, key=lambda one: one.name)]
        told = {"people": {"here": here, "away": sorted(one.public_id for one in away.values())}}
        return json.dumps({"signal": told}, ensure_ascii=False, separators=(",", ":"))
