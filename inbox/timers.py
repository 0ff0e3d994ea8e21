"""What happens because time has passed: snoozed cases wake, handoffs that nobody answered expire, absences
begin and end, and what waits for somebody who is away goes to whoever covers."""

from datetime import datetime

from sqlalchemy import func, select

from inbox import clock
from inbox.actions.absences import keep_absences
from inbox.actions.covers import is_anything_to_pass, pass_to_covers
from inbox.actions.handoffs import expire_due
from inbox.actions.resolutions import wake_due
from inbox.db import Database
from inbox.models import Absence, Case, Handoff, HandoffState, Status
from inbox.rounds import keep_rounds

WAITS_IN = ("cases", "handoffs", "absences", "assignments", "agents")  # tables that say when it is due

_SNOOZED = select(func.min(Case.snoozed_until)).where(Case.status == Status.SNOOZED)
_OFFERED = select(func.min(Handoff.expires_at)).where(Handoff.state == HandoffState.OFFERED)
_BEGINS = select(func.min(Absence.starts_at)).where(Absence.ended_at.is_(None), Absence.began_at.is_(None))
_ENDS = select(func.min(Absence.ends_at)).where(Absence.ended_at.is_(None))
_MOMENTS = select(*(query.scalar_subquery() for query in (_SNOOZED, _OFFERED, _BEGINS, _ENDS)))


class Timers:
    """Does what is due until it is cancelled. Any number of processes may run it: each case is locked first,
    and what another one has done is not done twice."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def run(self) -> None:
        """Sleep until something is due, do it, and sleep again; trouble is logged, and tried again."""
        await keep_rounds(
            self._database.feed, "timers", of=WAITS_IN, next_due=self._next_due, do=self.do_what_is_due
        )

    async def do_what_is_due(self) -> int:
        """One round; answers how many things it did."""
        done = 0
        for do in (wake_due, expire_due, keep_absences, pass_to_covers):
            async with self._database.transaction() as session:
                done += await do(session, clock.now())
        return done

    async def _next_due(self) -> datetime | None:
        async with self._database.reading() as session:
            if await is_anything_to_pass(session, clock.now()):
                return clock.now()
            moments = (await session.execute(_MOMENTS)).one()
        return min((moment for moment in moments if moment is not None), default=None)
