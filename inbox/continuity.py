"""Sees to chats that go on by mail: looks for replies that have been unseen for too long."""

from datetime import datetime

from inbox import clock
from inbox.actions.continuity import mail_unseen, next_due
from inbox.db import Database
from inbox.rounds import keep_rounds
from inbox.tokens import StrandTokens

WAITS_IN = ("unseen_replies",)  # the tables that say when something is due


class Continuity:
    """Mails what is due until it is cancelled. Any number of processes may run it: the conversation is locked
    first, and what another one has mailed is not mailed twice."""

    def __init__(self, database: Database, tokens: StrandTokens) -> None:
        self._database = database
        self._tokens = tokens

    async def run(self) -> None:
        """Sleep until something is due, mail it, and sleep again; trouble is logged, and tried again."""
        await keep_rounds(
            self._database.feed,
            "continuity",
            of=WAITS_IN,
            next_due=self._next_due,
            do=self.mail_what_is_due,
        )

    async def mail_what_is_due(self) -> int:
        """One round; answers how many mails it made."""
        async with self._database.transaction() as session:
            return await mail_unseen(session, clock.now(), self._tokens)

    async def _next_due(self) -> datetime | None:
        async with self._database.reading() as session:
            return await next_due(session)
