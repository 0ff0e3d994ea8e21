"""Sees to chats that go on by mail: looks for replies that have been unseen for too long."""

import asyncio
import logging

from inbox import clock
from inbox.actions.continuity import mail_unseen, next_due
from inbox.db import Database
from inbox.tokens import StrandTokens

LONGEST_WAIT = 5.0  # seconds; another process may have sent a reply without ringing our bell
LOOKS_APART = 0.5  # the bell rings for every commit, most of which are no replies

_log = logging.getLogger(__name__)


class Continuity:
    """Mails what is due until it is cancelled. Any number of processes may run it: the conversation is locked
    first, and what another one has mailed is not mailed twice."""

    def __init__(self, database: Database, tokens: StrandTokens) -> None:
        self._database = database
        self._tokens = tokens

    async def run(self) -> None:
        """Sleep until something is due, mail it, and sleep again; trouble is logged, and tried again."""
        with self._database.feed.watch() as bell:
            while True:
                bell.clear()
                try:
                    wait = await self._seconds_until_due()
                    if wait <= 0:
                        await self.mail_what_is_due()
                        continue
                except Exception:
                    _log.exception("continuity: could not mail what is due")
                    wait = LONGEST_WAIT
                await _ring_or_timeout(bell, min(wait, LONGEST_WAIT))

    async def mail_what_is_due(self) -> int:
        """One round; answers how many mails it made."""
        async with self._database.transaction() as session:
            return await mail_unseen(session, clock.now(), self._tokens)

    async def _seconds_until_due(self) -> float:
        async with self._database.reading() as session:
            moment = await next_due(session)
        return LONGEST_WAIT if moment is None else (moment - clock.now()).total_seconds()


async def _ring_or_timeout(bell: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await bell.wait()
    except TimeoutError:
        return
    await asyncio.sleep(min(LOOKS_APART, seconds))
