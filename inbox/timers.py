"""What happens because time has passed: snoozed cases wake, handoffs that nobody answered expire."""

from datetime import datetime

from sqlalchemy import func, select

from inbox import clock
from inbox.actions.handoffs import expire_due
from inbox.actions.resolutions import wake_due
from inbox.db import Database
from inbox.models import Case, Handoff, HandoffState, Status
from inbox.rounds import keep_rounds


class Timers:
    """Does what is due until it is cancelled. Any number of processes may run it: each case is locked first,
    and what another one has done is not done twice."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def run(self) -> None:
        """Sleep until something is due, do it, and sleep again; trouble is logged, and tried again."""
        await keep_rounds(self._database.feed, "timers", next_due=self._next_due, do=self.do_what_is_due)

    async def do_what_is_due(self) -> int:
        """One round; answers how many things it did."""
        async with self._database.transaction() as session:
            woken = await wake_due(session, clock.now())
        async with self._database.transaction() as session:
            return woken + await expire_due(session, clock.now())

    async def _next_due(self) -> datetime | None:
        snoozed = select(func.min(Case.snoozed_until)).where(Case.status == Status.SNOOZED)
        offered = select(func.min(Handoff.expires_at)).where(Handoff.state == HandoffState.OFFERED)
        async with self._database.reading() as session:
            moments: list[datetime | None] = [await session.scalar(snoozed), await session.scalar(offered)]
        due = min((moment for moment in moments if moment is not None), default=None)
        return due
