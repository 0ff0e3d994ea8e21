"""The outbox: whatever was queued leaves through its channel, once, and what became of it is said truthfully.

A worker claims due entries with a lease, composes once and stores the bytes before it sends them, and settles
each recipient. It may die at any moment: another one finds its leases ended and goes on.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from inbox import clock
from inbox.accounts import account_of
from inbox.actions import deliveries
from inbox.actions.deliveries import Busy, Departure
from inbox.actions.sent_copies import queue_copy
from inbox.blobs import BlobStore
from inbox.db import Database
from inbox.envelopes import Account, ChannelKind, OutboundMessage, Outcome, RecipientOutcome, Sender
from inbox.errors import (
    DeliveryFailure,
    Invalid,
    NotFound,
    OutcomeUnknown,
    PermanentFailure,
    TemporaryFailure,
)
from inbox.ids import public_id
from inbox.models import Channel
from inbox.queries.outgoing import outbound_message
from inbox.secrets import Keys

AUTHENTICATION_FAILED = 535  # RFC 4954 §6
SLOTS = 8
SLOTS_OF_A_MAILBOX = 3
AFTER_OTHERS = 0.25  # seconds, where somebody else was quicker
LOOKS_APART = 0.03  # seconds
WAITS_IN = ("outbox_entries",)  # the tables that say when something is due
LONGEST_WAIT = 5.0  # seconds; another process may have queued something without ringing our bell
RENEW_EVERY = deliveries.LEASE.total_seconds() / 3
LEAVE_WITHIN = 20.0  # seconds for what is being sent when the worker is told to stop
SETTLE_PAUSES = (0.2, 1.0, 5.0)
NO_WAY_OUT = "This mailbox has no way out yet: add its SMTP server in Settings → Channels."

_log = logging.getLogger(__name__)
_OUTCOMES = {TemporaryFailure: Outcome.TEMPORARY, PermanentFailure: Outcome.PERMANENT}


@dataclass(frozen=True, slots=True)
class _Ready:
    """A departure with everything that its sender needs."""

    sender: Sender
    account: Account
    raw: bytes


class OutboxWorker:
    """Sends what is due until it is cancelled. `senders` are the ways out by channel kind.

    *alone* says that no other process can be sending (SQLite): what is claimed at the start was left behind.
    """

    def __init__(
        self,
        database: Database,
        blobs: BlobStore,
        keys: Keys,
        senders: Mapping[str, Sender],
        *,
        alone: bool = False,
        random: Random | None = None,
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._keys = keys
        self._senders = senders
        self._alone = alone
        self._random = random or Random()
        self._name = public_id()
        self._under_way: dict[asyncio.Task[None], Departure] = {}

    async def run(self) -> None:
        """Send what is due, for ever; when cancelled, what is being sent may finish first."""
        renewing = asyncio.create_task(self._renew_leases())
        try:
            with self._database.feed.watch(of=WAITS_IN) as bell:
                if self._alone:
                    await self._end_leases_left_behind()
                while True:
                    bell.clear()
                    await _ring_or_timeout(bell, await self._round(bell))
        finally:
            renewing.cancel()
            await self._finish()

    async def _end_leases_left_behind(self) -> None:
        async with self._database.transaction() as session:
            await deliveries.end_all_leases(session)

    async def _round(self, bell: asyncio.Event) -> float:
        """Begin what is due; answers for how many seconds there is nothing to do, unless the bell rings.

        Trouble with the database is logged, and tried again.
        """
        if len(self._under_way) >= SLOTS:
            return LONGEST_WAIT
        try:
            wait = await self._seconds_until_due()
            if wait > 0:
                return min(wait, LONGEST_WAIT)
            async with self._database.transaction() as session:
                chats = await deliveries.deliver_chats(session)
                limit = min(SLOTS - len(self._under_way), SLOTS_OF_A_MAILBOX)
                departures = await deliveries.claim(session, worker=self._name, limit=limit, but=self._busy())
        except Exception:
            _log.exception("outbox: could not claim")
            return LONGEST_WAIT
        for departure in departures:
            self._begin(departure, bell)
        if chats or departures:
            bell.set()  # there may be more
        return AFTER_OTHERS

    async def _seconds_until_due(self) -> float:
        async with self._database.reading() as session:
            moment = await deliveries.next_moment(session, but=self._busy())
        return LONGEST_WAIT if moment is None else (moment - clock.now()).total_seconds()

    def _begin(self, departure: Departure, bell: asyncio.Event) -> None:
        task = asyncio.create_task(self._send(departure))
        self._under_way[task] = departure
        task.add_done_callback(self._under_way.pop)
        task.add_done_callback(lambda _: bell.set())

    def _busy(self) -> Busy:
        under_way = list(self._under_way.values())
        counts = Counter(departure.channel_id for departure in under_way)
        full = [channel_id for channel_id, count in counts.items() if count >= SLOTS_OF_A_MAILBOX]
        return Busy([departure.entry_id for departure in under_way], full)

    async def _renew_leases(self) -> None:
        while True:
            await asyncio.sleep(RENEW_EVERY)
            try:
                async with self._database.transaction() as session:
                    await deliveries.renew(session, list(self._under_way.values()))
            except Exception:
                _log.exception("outbox: could not renew leases")

    async def _finish(self) -> None:
        tasks = list(self._under_way)
        if not tasks:
            return
        await asyncio.wait(tasks, timeout=LEAVE_WITHIN)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _send(self, departure: Departure) -> None:
        try:
            try:
                outcomes = await self._attempt(departure)
            except TemporaryFailure as refusal:  # only a refused login comes here
                await self._pause_mailbox(departure, str(refusal))
            else:
                await self._settle(departure, outcomes)
        except Exception:  # its lease will end, and then it counts as unknown
            _log.exception("outbox: message %s could not be settled", departure.message_id)

    async def _attempt(self, departure: Departure) -> Mapping[str, RecipientOutcome]:
        """Hand the message over; answers an outcome for each recipient, whatever happens.

        Raises TemporaryFailure with code 535 where the login was refused.
        """
        try:
            ready = await self._prepare(departure)
        except DeliveryFailure as failure:
            return _for_all(departure, failure)
        except Exception as error:  # nothing was sent, so trying later is safe
            _log.exception("outbox: message %s could not be composed", departure.message_id)
            return _for_all(departure, TemporaryFailure(f"Could not be composed: {error}"))
        try:
            return await ready.sender.deliver(
                ready.account, ready.raw, sender=ready.account.address, recipients=departure.recipients
            )
        except DeliveryFailure as failure:
            if isinstance(failure, TemporaryFailure) and failure.code == AUTHENTICATION_FAILED:
                raise
            return _for_all(departure, failure)
        except Exception as error:
            _log.exception("outbox: the sender failed on message %s", departure.message_id)
            return _for_all(departure, OutcomeUnknown(f"Sending was interrupted: {error}"))

    async def _prepare(self, departure: Departure) -> _Ready:
        """Raises PermanentFailure for what can never leave."""
        async with self._database.reading() as session:
            channel = await session.get_one(Channel, departure.channel_id)
        sender = _SAMPLES if channel.is_sample else self._senders.get(channel.kind)
        if channel.deactivated_at is not None:
            raise PermanentFailure("This mailbox was switched off before the message had left.")
        has_server = channel.is_sample or channel.settings.get("smtp_url")
        if sender is None or (channel.kind == ChannelKind.EMAIL and not has_server):
            raise PermanentFailure(NO_WAY_OUT)
        return _Ready(sender, account_of(channel, self._keys), await self._raw(departure, sender))

    async def _raw(self, departure: Departure, sender: Sender) -> bytes:
        """The bytes to send: composed and stored at the first attempt, read back at every later one."""
        if departure.raw_digest is not None:
            return await asyncio.to_thread(self._blobs.read, departure.raw_digest)
        async with self._database.reading() as session:
            message = await outbound_message(session, departure.message_id, self._keys.strand_tokens())
        try:
            raw = await asyncio.to_thread(sender.compose, message)
        except (Invalid, NotFound) as error:
            raise PermanentFailure(str(error)) from error
        digest = await asyncio.to_thread(self._blobs.put, raw)
        async with self._database.transaction() as session:
            if not await deliveries.keep_raw(session, departure, digest):
                raise TemporaryFailure("Another worker has taken this over.")
        return raw

    async def _settle(self, departure: Departure, outcomes: Mapping[str, RecipientOutcome]) -> None:
        """Write down what happened; since it cannot be asked for again, a troubled database gets several
        chances."""
        jitter = self._random.uniform(-1, 1)
        for pause in (*SETTLE_PAUSES, None):
            try:
                async with self._database.transaction() as session:
                    await deliveries.settle(session, departure, outcomes, jitter=jitter)
                    if any(outcome.outcome is Outcome.SENT for outcome in outcomes.values()):
                        await queue_copy(session, departure.entry_id)
                return
            except Exception:
                if pause is None:
                    raise
                _log.exception("outbox: message %s not settled yet", departure.message_id)
                await asyncio.sleep(pause)

    async def _pause_mailbox(self, departure: Departure, text: str) -> None:
        async with self._database.transaction() as session:
            await deliveries.pause_mailbox(session, departure, text)


class _SampleSender:
    """The way out of a sample channel, where everything may be tried: nothing leaves the house."""

    def compose(self, message: OutboundMessage) -> bytes:
        return message.text.encode()

    async def deliver(
        self, account: Account, raw: bytes, *, sender: str, recipients: Sequence[str]
    ) -> Mapping[str, RecipientOutcome]:
        return dict.fromkeys(recipients, RecipientOutcome(outcome=Outcome.SENT))


_SAMPLES = _SampleSender()


def _for_all(departure: Departure, failure: DeliveryFailure) -> dict[str, RecipientOutcome]:
    outcome = _OUTCOMES.get(type(failure), Outcome.UNKNOWN)
    answer = RecipientOutcome(outcome=outcome, text=str(failure), code=failure.code)
    return dict.fromkeys(departure.recipients, answer)


async def _ring_or_timeout(bell: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await bell.wait()
    except TimeoutError:
        return
    await asyncio.sleep(LOOKS_APART)
