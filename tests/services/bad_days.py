"""Answers that leave through a mail server on its bad day, and the account of what became of each."""

from collections import Counter
from dataclasses import dataclass, field

from sqlalchemy import select

from channels.email.sender import EmailSender
from inbox.blobs import BlobStore
from inbox.clock import FrozenClock, now
from inbox.db import Database
from inbox.models import Channel, Delivery, DeliveryState, Message, OutboxEntry
from tests.builders import a_mailbox_channel
from tests.inbox.test_outbox import a_queued_reply, a_worker, until
from tests.services.smtp import Drop, SmtpSink

KINDS = ("plain", "busy", "refused", "mixed", "cut", "lost", "full")
ROUNDS = 6
SECONDS_EACH = 1.0  # for an answer, on a machine that others use, too


@dataclass(slots=True)
class Sent:
    """What was queued, by kind: the messages' external ids and their recipients."""

    kinds: dict[str, str] = field(default_factory=dict)
    recipients: dict[str, tuple[str, ...]] = field(default_factory=dict)


async def send_on_a_bad_day(
    database: Database, blobs: BlobStore, sink: SmtpSink, clock: FrozenClock, *, count: int
) -> Sent:
    """Queue *count* answers, one after another, each with a fault of its kind, until nothing waits."""
    sent = Sent()
    async with database.transaction() as session:
        channel = await a_mailbox_channel(session, smtp_url=sink.url, password=None)
    async with a_worker(database, blobs, EmailSender(blobs.read)):  # type: ignore[arg-type]
        for number in range(count):
            await _send_one(database, sink, channel, sent, number)
        for _ in range(ROUNDS):
            clock.advance(minutes=10)
            await until(database, lambda: _nothing_is_due(database), seconds=10 + count * SECONDS_EACH)
    return sent


async def check_the_account(database: Database, sink: SmtpSink, sent: Sent) -> None:
    """No answer is lost, none came twice but where its receipt was, and what is shown is what happened."""
    arrived: Counter[tuple[str, str]] = Counter()
    for accepted in sink.ledger:
        external_id = str(accepted.message["Message-ID"]).strip("<>")
        arrived.update((external_id, recipient) for recipient in accepted.recipients)
    states = await _states(database)
    for external_id, kind in sent.kinds.items():
        for recipient in sent.recipients[external_id]:
            state, repeated = states[external_id, recipient]
            came = arrived[external_id, recipient]
            is_refused = kind == "refused" or (kind == "mixed" and recipient.startswith("bad"))
            if is_refused:
                assert (came, state) == (0, DeliveryState.FAILED), (kind, recipient, came, state)
            else:
                assert state == DeliveryState.SENT, (kind, recipient, state)
                assert came == (2 if kind == "lost" else 1), (kind, recipient, came)
            assert repeated is (kind == "lost")
    assert sum(arrived.values()) == len(arrived) + sum(kind == "lost" for kind in sent.kinds.values())


async def _send_one(database: Database, sink: SmtpSink, channel: Channel, sent: Sent, number: int) -> None:
    kind = KINDS[number % len(KINDS)]
    addresses: tuple[str, ...] = (f"good{number}@norte.test",)
    if kind == "mixed":
        addresses = (f"good{number}@norte.test", f"bad{number}@norte.test", f"fine{number}@norte.test")
    if kind in ("refused", "mixed"):
        sink.refuse(addresses[1 if kind == "mixed" else 0])
    if kind == "busy":
        sink.refuse(addresses[0], "450 4.2.0 Greylisted", times=1)
    if kind == "full":
        sink.refuse_data("452 4.3.1 Insufficient storage")
    if kind == "cut":
        sink.drop(Drop.BEFORE_DATA)
    if kind == "lost":
        sink.drop(Drop.AFTER_DATA)
    _, message = await a_queued_reply(database, channel=channel, to=addresses)
    external_id = str(message.external_id)
    sent.kinds[external_id], sent.recipients[external_id] = kind, addresses
    await until(database, lambda: _was_tried(database, message), seconds=30)


async def _was_tried(database: Database, message: Message) -> bool:
    async with database.reading() as session:
        entries = await session.scalars(select(OutboxEntry).where(OutboxEntry.message_id == message.id))
        entry = entries.one()
        return entry.attempts > 0 and entry.claimed_by is None


async def _nothing_is_due(database: Database) -> bool:
    async with database.reading() as session:
        waiting = select(OutboxEntry.due_at).where(OutboxEntry.state == "waiting")
        return all(due_at > now() for due_at in await session.scalars(waiting))


async def _states(database: Database) -> dict[tuple[str, str], tuple[str, bool]]:
    async with database.reading() as session:
        rows = select(Message.external_id, Delivery).join(Message, Message.id == Delivery.message_id)
        return {
            (str(external_id), delivery.address): (delivery.state, delivery.repeated)
            for external_id, delivery in await session.execute(rows)
        }
