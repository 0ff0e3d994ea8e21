"""Looks after the channels: whether one is silent, and who has to know what is wrong."""

from datetime import datetime, timedelta

from inbox import clock
from inbox.actions.channel_alarms import mail_troubles, note_silences
from inbox.db import Database
from inbox.rounds import keep_rounds
from inbox.secrets import Keys

WAITS_IN = ("channels",)  # the tables that may bring something to tell
EVERY = timedelta(minutes=5)
SILENCES_EVERY = timedelta(hours=1)


class Alarms:
    """Looks after the channels until it is cancelled. Any number of processes may run it: channels are held
    meanwhile, and what was told is not told again."""

    def __init__(self, database: Database, keys: Keys, *, base_url: str, language: str) -> None:
        self._database = database
        self._keys = keys
        self._base_url = base_url
        self._language = language
        self._due = self._silences_due = clock.now() + EVERY  # right after a start mailboxes are connecting

    async def run(self) -> None:
        """Sleep until it is time, look, and sleep again; trouble is logged, and tried again."""
        await keep_rounds(self._database.feed, "alarms", of=WAITS_IN, next_due=self._next_due, do=self.look)

    async def look(self) -> int:
        """One round; answers 1."""
        moment = clock.now()
        self._due = moment + EVERY
        if moment >= self._silences_due:
            self._silences_due = moment + SILENCES_EVERY
            async with self._database.transaction() as session:
                await note_silences(session, moment)
        async with self._database.transaction() as session:
            await mail_troubles(session, moment, self._keys, base_url=self._base_url, language=self._language)
        return 1

    async def _next_due(self) -> datetime | None:
        return self._due
