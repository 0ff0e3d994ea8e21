"""Tells agents what concerns them: follows the event log, and the clock for whoever nearly waits too long."""

from datetime import datetime, timedelta

from inbox import clock
from inbox.actions import notifications
from inbox.db import Database
from inbox.rounds import keep_rounds

FORGETS_EVERY = timedelta(hours=6)
LOOKS_APART = 0.3  # seconds
WAITS_IN = ("events",)  # the tables that say when something is due


class Notifier:
    """Tells what is new until it is cancelled. Any number of processes may run it: how far the log was read
    stands in a row that is locked meanwhile."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._forgets_at = clock.now()

    async def run(self) -> None:
        """Sleep until something happens, tell it, and sleep again; trouble is logged, and tried again."""
        await keep_rounds(
            self._database.feed,
            "notifications",
            of=WAITS_IN,
            next_due=self._next_due,
            do=self.tell_what_is_due,
            apart=LOOKS_APART,
        )

    async def tell_what_is_due(self) -> int:
        """One round; answers how many events and targets it looked at."""
        moment = clock.now()
        async with self._database.transaction() as session:
            looked_at = await notifications.tell_what_is_new(session)
            looked_at += await notifications.warn_of_targets(session, moment)
            if moment >= self._forgets_at:
                await notifications.forget_old(session, moment)
                self._forgets_at = moment + FORGETS_EVERY
        return looked_at

    async def _next_due(self) -> datetime | None:
        moment = clock.now()
        async with self._database.reading() as session:
            if await notifications.is_behind(session) or await notifications.cases_at_risk(session, moment):
                return moment
        return None
