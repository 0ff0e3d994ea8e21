"""Tells an agent's open pages that something has changed behind their bell, in whichever process or on
whichever device that was.

Nothing is stored here but what each agent's pages were told last: what is true stands in the database, and a
frame only says "ask".
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import Protocol

from inbox.db import Database
from inbox.queries import notifications

LOOKS_APART = 0.1  # seconds
FRAME = '{"signal":{"notifications":true}}'
NOTHING = (0, 0)


class Page(Protocol):
    """A socket, as seen from here."""

    agent_id: int

    def whisper(self, key: str, frame: str) -> None:
        """Tell it something that the newest of the same key replaces."""
        ...


class Notices:
    """One for each hub. *pages* answers the sockets that are open now."""

    def __init__(self, database: Database, pages: Callable[[], Iterable[Page]]) -> None:
        self._database = database
        self._pages = pages
        self._known: dict[int, tuple[int, int]] = {}

    async def run(self) -> None:
        """Look when somebody has been told something, or has read it, until cancelled."""
        with self._database.feed.watch(of=("notifications",)) as bell:
            while True:
                await bell.wait()
                bell.clear()
                await self.look()
                await asyncio.sleep(LOOKS_APART)

    async def look(self) -> None:
        """Tell the pages of every agent for whom something is different. A page that opens asks by itself, so
        that an agent's first state is only noted."""
        pages = list(self._pages())
        agent_ids = {page.agent_id for page in pages}
        if not agent_ids:
            self._known.clear()
            return
        async with self._database.reading() as session:
            states = await notifications.states_of(session, agent_ids)
        now = {agent_id: states.get(agent_id, NOTHING) for agent_id in agent_ids}
        changed = {agent_id for agent_id, state in now.items() if self._known.get(agent_id, state) != state}
        self._known = now
        for page in pages:
            if page.agent_id in changed:
                page.whisper("notifications", FRAME)
