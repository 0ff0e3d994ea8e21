"""What happens because time has passed: snoozed cases wake, handoffs that nobody answered expire."""

import asyncio
import logging
from datetime import datetime

from sqlalchemy import func, select

from inbox import clock
from inbox.actions.handoffs import expire_due
from inbox.actions.resolutions import wake_due
from inbox.db import Database
from inbox.models import Case, Handoff, HandoffState, Status

LONGEST_WAIT = 15.0  # seconds; another process may have set a time without ringing our bell
SHORTEST_WAIT = 0.5  # a busy bell must not make us look for every message

_log = logging.getLogger(__name__)


class Timers:
    """Does what is due until it is cancelled. Any number of processes may run it: each case is locked first,
    and what another one has done is not done twice."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def run(self) -> None:
        """Sleep until something is due, do it, and sleep again; trouble is logged, and tried again."""
        with self._database.feed.watch() as bell:
            while True:
                bell.clear()
                try:
                    wait = await self._seconds_until_due()
                    if wait <= 0:
                        await self.do_what_is_due()
                        continue
                except Exception:
                    _log.exception("timers: could not do what is due")
                    wait = LONGEST_WAIT
                await _ring_or_timeout(bell, min(wait, LONGEST_WAIT))

    async def do_what_is_due(self) -> int:
        """One round; answers how many things it did."""
        async with self._database.transaction() as session:
            woken = await wake_due(session, clock.now())
        async with self._database.transaction() as session:
            return woken + await expire_due(session, clock.now())

    async def _seconds_until_due(self) -> float:
        snoozed = select(func.min(Case.snoozed_until)).where(Case.status == Status.SNOOZED)
        offered = select(func.min(Handoff.expires_at)).where(Handoff.state == HandoffState.OFFERED)
        async with self._database.reading() as session:
            moments: list[datetime | None] = [await session.scalar(snoozed), await session.scalar(offered)]
        due = min((moment for moment in moments if moment is not None), default=None)
        return LONGEST_WAIT if due is None else (due - clock.now()).total_seconds()


async def _ring_or_timeout(bell: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await bell.wait()
    except TimeoutError:
        return
    await asyncio.sleep(min(SHORTEST_WAIT, seconds))
