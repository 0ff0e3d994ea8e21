"""Mails agents what they have left unseen for a while."""

from datetime import datetime

from inbox import clock
from inbox.actions.digests import mail_unseen, next_due
from inbox.db import Database
from inbox.rounds import keep_rounds
from inbox.secrets import Keys

WAITS_IN = ("notifications",)  # the tables that say when something is due


class Digests:
    """Mails what is due until it is cancelled. Any number of processes may run it: what one looks at is
    locked, and passed over by the others."""

    def __init__(self, database: Database, keys: Keys, *, base_url: str, language: str) -> None:
        self._database = database
        self._keys = keys
        self._base_url = base_url
        self._language = language

    async def run(self) -> None:
        """Sleep until something is due, mail it, and sleep again; trouble is logged, and tried again."""
        await keep_rounds(
            self._database.feed, "digests", of=WAITS_IN, next_due=self._next_due, do=self.mail_what_is_due
        )

    async def mail_what_is_due(self) -> int:
        """One round; answers how many mails it made."""
        async with self._database.transaction() as session:
            return await mail_unseen(
                session, clock.now(), self._keys, base_url=self._base_url, language=self._language
            )

    async def _next_due(self) -> datetime | None:
        async with self._database.reading() as session:
            return await next_due(session)
