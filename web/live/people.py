"""Who of the people inside is here now, and who is away, told to all of them.

Here is whoever has a page open; gone is who has had none for ten seconds, so that a reload does not flicker.
Idle is whose pages have all been left alone for a while (together.js says so): to others they are away.
Never stored: an absence stands in the database, the rest in the sockets of this process.
"""

import asyncio
import json
import time
from collections.abc import Callable, Iterable
from typing import Protocol

from inbox.db import Database
from inbox.queries import absences
from inbox.queries.shown import face_of
from web.live.presence import GONE_SECONDS, Viewer

LOOK_SECONDS = 2.0


class Page(Protocol):
    """A socket, as seen from here."""

    viewer: Viewer
    is_idle: bool

    def whisper(self, key: str, frame: str) -> None:
        """Tell it something that the newest of the same key replaces."""
        ...


class People:
    """One for each hub. *pages* answers the sockets that are open now."""

    def __init__(self, database: Database, pages: Callable[[], Iterable[Page]]) -> None:
        self._database = database
        self._pages = pages
        self._seen: dict[Viewer, float] = {}
        self._busy: dict[Viewer, float] = {}
        self._frame = ""

    @property
    def here(self) -> frozenset[str]:
        """The public ids of those who are here and not idle."""
        return frozenset(viewer.id for viewer in self._busy)

    @property
    def idle(self) -> frozenset[str]:
        """The public ids of those who have left their pages alone."""
        return frozenset(viewer.id for viewer in self._seen) - self.here

    async def run(self) -> None:
        """Look now and then, until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_SECONDS)

    def welcome(self, page: Page) -> None:
        """Tell a page that has just opened what the others know."""
        self._seen[page.viewer] = self._busy[page.viewer] = time.monotonic()
        if self._frame:
            page.whisper("people", self._frame)

    async def look(self) -> None:
        """Tell everybody what has changed."""
        pages, now = list(self._pages()), time.monotonic()
        self._seen = _recent(self._seen | {page.viewer: now for page in pages}, now)
        busy = self._busy | {page.viewer: now for page in pages if not page.is_idle}
        idle = {page.viewer for page in pages} - {page.viewer for page in pages if not page.is_idle}
        self._busy = {viewer: at for viewer, at in _recent(busy, now).items() if viewer not in idle}
        frame = await self._told() if pages else ""
        if frame != self._frame:
            self._frame = frame
            for page in pages:
                page.whisper("people", frame)

    async def _told(self) -> str:
        async with self._database.reading() as session:
            away = await absences.away_now(session)
        here = [_told_of(one) for one in sorted(self._busy, key=lambda one: one.name)]
        absent = self.idle | {one.public_id for one in away.values()}
        told = {"people": {"here": here, "away": sorted(absent)}}
        return json.dumps({"signal": told}, ensure_ascii=False, separators=(",", ":"))


def _told_of(one: Viewer) -> dict[str, object]:
    face = face_of(one.name, one.id)
    return {"id": one.id, "name": one.name, "initials": face.initials, "hue": face.hue}


def _recent(seen: dict[Viewer, float], now: float) -> dict[Viewer, float]:
    return {viewer: at for viewer, at in seen.items() if now - at < GONE_SECONDS}
