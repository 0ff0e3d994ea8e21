"""Pushes notifications to agents' devices through the push services of their browsers (RFC 8030).

What an agent's browser names as its push service is a stranger's address like any other: it is written to by
the guarded fetcher, which reaches nothing inside our own network.
"""

import asyncio
import json
from datetime import datetime, timedelta

from inbox import clock
from inbox.actions import pushes
from inbox.actions.pushes import Push, PushOutcome
from inbox.db import Database
from inbox.errors import NotFound
from inbox.loggers import get_logger
from inbox.notification_cells import Alert
from inbox.rounds import keep_rounds
from inbox.secrets import Keys
from web.fetching import Fetcher, Limits, Posted
from web.push_encryption import Device, PushKeys, encrypted, read

AT_ONCE = 8
WAITS_IN = ("push_entries",)  # the tables that say when something is due
LIMITS = Limits(bytes=0, seconds=15.0)
GONE = (404, 410)

log = get_logger("onethread.pushing")


class PushWorker:
    """Pushes what is due until it is cancelled. Any number of processes may run it. *subject* says to push
    services whose pushes these are: our address (RFC 8292 §2.1)."""

    def __init__(
        self, database: Database, keys: Keys, *, subject: str, language: str, fetcher: Fetcher | None = None
    ) -> None:
        self._database = database
        self._keys = PushKeys(keys)
        self._subject = subject
        self._language = language
        self._fetcher = fetcher or Fetcher(LIMITS)

    async def run(self) -> None:
        """Sleep until something is due, push it, and sleep again; trouble is logged, and tried again."""
        await keep_rounds(
            self._database.feed, "pushes", of=WAITS_IN, next_due=self._next_due, do=self.push_what_is_due
        )

    async def push_what_is_due(self) -> int:
        """One round; answers how many it pushed."""
        async with self._database.transaction() as session:
            claimed = await pushes.claim(session, limit=AT_ONCE, language=self._language)
        await asyncio.gather(*map(self._push, claimed))
        return len(claimed)

    async def _next_due(self) -> datetime | None:
        async with self._database.reading() as session:
            return await pushes.next_due(session)

    async def _push(self, push: Push) -> None:
        outcome, wait = await self._attempt(push)
        async with self._database.transaction() as session:
            await pushes.settle(session, push.entry_id, outcome, wait)

    async def _attempt(self, push: Push) -> tuple[PushOutcome, timedelta | None]:
        try:
            body = encrypted(_payload(push), Device(read(push.p256dh), read(push.auth)))
        except ValueError:
            return PushOutcome.REFUSED, None
        try:
            answer = await self._fetcher.post(push.endpoint, body, self._headers(push))
        except NotFound:
            return PushOutcome.LATER, None
        outcome = _outcome(answer.status)
        if outcome is PushOutcome.REFUSED:
            log.warning("push.refused", status=answer.status)
        return outcome, _wait(answer)

    def _headers(self, push: Push) -> dict[str, str]:
        return {
            "Authorization": self._keys.authorization(
                push.endpoint, push.signed_with, subject=self._subject, moment=clock.now()
            ),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(int(pushes.LIFE.total_seconds())),
            "Topic": push.tag,
            "Urgency": "high" if push.alert is Alert.ALWAYS else "normal",
        }


def _payload(push: Push) -> bytes:
    """What web/static/sw.js reads."""
    told = {
        "tag": push.tag,
        "title": push.title,
        "body": push.body,
        "url": push.url,
        "alert": push.alert,
        "unread": push.unread,
        "standing": list(push.standing),
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _outcome(status: int) -> PushOutcome:
    if 200 <= status < 300:
        return PushOutcome.DELIVERED
    if status in GONE:
        return PushOutcome.GONE
    return PushOutcome.LATER if status == 429 or status >= 500 else PushOutcome.REFUSED


def _wait(answer: Posted) -> timedelta | None:
    """The seconds that Retry-After asks for (RFC 9110 §10.2.3); a date is as good as nothing."""
    text = answer.retry_after.strip()
    return timedelta(seconds=int(text)) if text.isascii() and text.isdecimal() and len(text) < 7 else None
