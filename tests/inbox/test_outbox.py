"""The outbox: whatever is queued leaves once, nothing is lost, and what became of it is said truthfully."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from random import Random

import pytest
from sqlalchemy import select

from inbox.actions import deliveries
from inbox.actions.replies import ReplySettings, cancel, reply, retry
from inbox.blobs import BlobStore
from inbox.clock import FrozenClock
from inbox.db import Database
from inbox.envelopes import Address, Outcome, RecipientOutcome
from inbox.errors import Conflict, OutcomeUnknown, PermanentFailure, TemporaryFailure
from inbox.models import (
    Case,
    Channel,
    Delivery,
    DeliveryState,
    Event,
    Message,
    OutboxEntry,
    Status,
)
from inbox.outbox import NO_WAY_OUT, OutboxWorker
from tests.builders import KEYS, Scene, a_conversation, a_mailbox_channel, a_webchat_channel, an_agent
from tests.fakes import FakeSender

SETTINGS = ReplySettings(tokens=KEYS.strand_tokens(), undo_seconds=0)


async def a_queued_reply(
    database: Database,
    *,
    to: tuple[str, ...] = (),
    settings: ReplySettings = SETTINGS,
    channel: Channel | None = None,
    then: Status = Status.PENDING,
) -> tuple[Scene, Message]:
    async with database.transaction() as session:
        channel = channel or await a_mailbox_channel(session)
        scene = await a_conversation(session, channel=channel)
        agent = await an_agent(session)
        message = await reply(
            session,
            scene.conversation,
            by=agent,
            text="It left today.",
            settings=settings,
            to=[Address(value=address) for address in to] or None,
            then=then,
        )
    return scene, message


@asynccontextmanager
async def a_worker(
    database: Database, blobs: BlobStore, sender: FakeSender, *, alone: bool = False
) -> AsyncIterator[OutboxWorker]:
    worker = OutboxWorker(database, blobs, KEYS, {"email": sender}, alone=alone, random=Random(1))
    running = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def until(database: Database, holds: Callable[[], Awaitable[bool]], *, seconds: float = 10) -> None:
    """Wait for a condition, looking again whenever something was committed."""
    with database.feed.watch() as bell:
        async with asyncio.timeout(seconds):
            while not await holds():
                bell.clear()
                try:
                    async with asyncio.timeout(0.05):
                        await bell.wait()
                except TimeoutError:
                    continue


async def until_delivery(database: Database, message: Message, state: DeliveryState) -> Message:
    async def reached() -> bool:
        return (await stored(database, message)).delivery == state

    await until(database, reached)
    return await stored(database, message)


async def stored(database: Database, message: Message) -> Message:
    async with database.reading() as session:
        return await session.get_one(Message, message.id)


async def the_entry(database: Database, message: Message) -> OutboxEntry:
    async with database.reading() as session:
        return (await session.scalars(select(OutboxEntry).where(OutboxEntry.message_id == message.id))).one()


async def delivery_states(database: Database, message: Message) -> dict[str, str]:
    async with database.reading() as session:
        rows = await session.scalars(select(Delivery).where(Delivery.message_id == message.id))
        return {delivery.address: delivery.state for delivery in rows}


async def kinds(database: Database) -> list[str]:
    async with database.reading() as session:
        return list(await session.scalars(select(Event.kind).order_by(Event.position)))


async def test_a_queued_reply_leaves_by_itself(
    database: Database, blobs: BlobStore, clock: FrozenClock
) -> None:
    sender = FakeSender()
    async with a_worker(database, blobs, sender):
        scene, message = await a_queued_reply(database)
        sent = await until_delivery(database, message, DeliveryState.SENT)

    (attempt,) = sender.attempts
    entry = await the_entry(database, message)
    assert attempt.recipients == (scene.identity.address,)
    assert attempt.account.password == "secret of a mailbox" and attempt.sender == scene.channel.address
    assert sender.composed[0].external_id == message.external_id
    assert sender.composed[0].references == (scene.messages[0].external_id,)
    assert sender.composed[0].quoted_text == "Where is my order?"
    assert blobs.read(entry.raw_digest or "") == attempt.raw
    assert (entry.state, entry.claimed_by) == ("done", None)
    assert sent.delivery_error is None
    assert (await kinds(database))[-4:] == [
        "case.assigned",
        "case.pending",
        "message.sending",
        "message.sent",
    ]


async def test_an_email_waits_so_that_it_can_be_taken_back(
    database: Database, blobs: BlobStore, clock: FrozenClock
) -> None:
    sender = FakeSender()
    waiting = ReplySettings(tokens=KEYS.strand_tokens(), undo_seconds=10)
    async with a_worker(database, blobs, sender):
        scene, message = await a_queued_reply(database, settings=waiting)
        async with database.transaction() as session:
            agent = await an_agent(session)
            await cancel(session, await session.get_one(Message, message.id), by=agent)
        other = (await a_queued_reply(database))[1]
        clock.advance(minutes=5)
        await until_delivery(database, other, DeliveryState.SENT)

    assert len(sender.attempts) == 1
    async with database.reading() as session:
        case = await session.get_one(Case, scene.case.id)
    assert (case.status, case.waiting_since, case.first_replied_at) == (
        Status.OPEN,
        scene.messages[0].created_at,
        None,
    )
    assert (await stored(database, message)).delivery == DeliveryState.CANCELLED


async def test_what_is_leaving_cannot_be_taken_back(
    database: Database, blobs: BlobStore, clock: FrozenClock
) -> None:
    sender = FakeSender()
    sender.gate.clear()
    async with a_worker(database, blobs, sender):
        _, message = await a_queued_reply(database)
        await until_delivery(database, message, DeliveryState.SENDING)
        with pytest.raises(Conflict):
            async with database.transaction() as session:
                agent = await an_agent(session)
                await cancel(session, await session.get_one(Message, message.id), by=agent)
        sender.gate.set()
        await until_delivery(database, message, DeliveryState.SENT)

    assert sender.arrived.total() == 1


async def test_a_temporary_failure_is_tried_again_later_with_the_same_bytes(
    database: Database, blobs: BlobStore, clock: FrozenClock
) -> None:
    sender = FakeSender(TemporaryFailure("Greylisted.", code=451))
    async with a_worker(database, blobs, sender):
        _, message = await a_queued_reply(database)
        delayed = await until_delivery(database, message, DeliveryState.QUEUED)
        await until(database, lambda: _is_delayed(database, message))
        delayed = await stored(database, message)
        entry = await the_entry(database, message)
        clock.advance(minutes=2)
        database.feed.wake()
        await until_delivery(database, message, DeliveryState.SENT)

    assert delayed.delivery_error == "Greylisted."
    assert abs(entry.due_at - (clock() - timedelta(minutes=1))) <= timedelta(seconds=12)
    assert len(sender.composed) == 1 and len({attempt.raw for attempt in sender.attempts}) == 1
    assert "message.delayed" in await kinds(database)


async def _is_delayed(database: Database, message: Message) -> bool:
    return (await the_entry(database, message)).delays == 1


async def test_after_two_days_of_temporary_failures_it_failed_and_the_case_is_open_again(
    sqlite_database: Database, blobs: BlobStore, clock: FrozenClock
) -> None:
    sender = FakeSender(*[TemporaryFailure("Come back later.", code=451)] * 60)
    async with a_worker(sqlite_database, blobs, sender):
        scene, message = await a_queued_reply(sqlite_database)

        async def failed_or_later() -> bool:
            clock.advance(hours=1)
            sqlite_database.feed.wake()
            return (await stored(sqlite_database, message)).delivery == DeliveryState.FAILED

        await until(sqlite_database, failed_or_later)

    failed = await stored(sqlite_database, message)
    async with sqlite_database.reading() as session:
        case = await session.get_one(Case, scene.case.id)
    assert failed.delivery_error == "Given up after two days. Come back later."
    assert (case.status, case.waiting_since) == (Status.OPEN, scene.messages[0].created_at)
    assert 8 < len(sender.attempts) < 60


async def test_a_failed_recipient_fails_alone_and_is_not_tried_again(
    database: Database, blobs: BlobStore, clock: FrozenClock
) -> None:
    sender = FakeSender({"gone@mail.example": Outcome.PERMANENT, "busy@mail.example": Outcome.TEMPORARY})
    async with a_worker(database, blobs, sender):
        _, message = await a_queued_reply(
            database, to=("good@mail.example", "gone@mail.example", "busy@mail.example")
        )
        await until_delivery(database, message, DeliveryState.FAILED)
        clock.advance(minutes=5)
        database.feed.wake()
        await until(database, lambda: _is_over(database, message))

    assert sender.attempts[1].recipients == ("busy@mail.example",)
    assert sender.arrived == {"good@mail.example": 1, "busy@mail.example": 1, "gone@mail.example": 0}
    assert await delivery_states(database, message) == {
        "good@mail.example": "sent",
        "gone@mail.example": "failed",
        "busy@mail.example": "sent",
    }


async def _is_over(database: Database, message: Message) -> bool:
    return (await the_entry(database, message)).state != "waiting"


async def test_a_permanent_failure_undoes_the_answer_until_somebody_tries_again(
    database: Database, blobs: BlobStore, clock: FrozenClock
) -> None:
    sender = FakeSender(PermanentFailure("No such user.", code=550))
    async with a_worker(database, blobs, sender):
        scene, message = await a_queued_reply(database, then=Status.RESOLVED)
        failed = await until_delivery(database, message, DeliveryState.FAILED)
        async with database.reading() as session:
            case = await session.get_one(Case, scene.case.id)
        async with database.transaction() as session:
            agent = await an_agent(session)
            await retry(session, await session.get_one(Message, message.id), by=agent)
        await until_delivery(database, message, DeliveryState.SENT)

    assert failed.delivery_error == "No such user."
    assert (case.status, case.waiting_since) == (Status.OPEN, scene.messages[0].created_at)
    assert len({attempt.raw for attempt in sender.attempts}) == 1
    async with database.reading() as session:
        case = await session.get_one(Case, scene.case.id)
    assert (case.status, case.waiting_since) == (Status.PENDING, None)


async def test_an_unknown_outcome_is_tried_once_more_after_ten_minutes_and_marked(
    database: Database, blobs: BlobStore, clock: FrozenClock
) -> None:
    sender = FakeSender(OutcomeUnknown("The connection was lost."), OutcomeUnknown("Lost again."))
    async with a_worker(database, blobs, sender):
        _, message = await a_queued_reply(database)
        await until_delivery(database, message, DeliveryState.UNKNOWN)
        first = await the_entry(database, message)
        clock.advance(minutes=10)
        database.feed.wake()
        await until(database, lambda: _is_over(database, message))

    assert first.due_at == clock() and len(sender.attempts) == 2
    assert sender.attempts[0].raw == sender.attempts[1].raw
    async with database.reading() as session:
        delivery = (await session.scalars(select(Delivery))).one()
        events = (await session.scalars(select(Event).where(Event.kind == "message.unknown"))).all()
    assert (delivery.state, delivery.repeated) == (DeliveryState.UNKNOWN, True)
    assert [event.data.get("again", False) for event in events] == [False, True]


async def test_a_refused_login_pauses_the_mailbox_and_fails_nothing(
    database: Database, blobs: BlobStore, clock: FrozenClock
) -> None:
    sender = FakeSender(TemporaryFailure("The password was refused.", code=535))
    async with a_worker(database, blobs, sender):
        scene, first = await a_queued_reply(database)
        await until(database, lambda: _is_paused(database, scene.channel))
        _, second = await a_queued_reply(database, channel=scene.channel)
        other = (await a_queued_reply(database))[1]
        await until_delivery(database, other, DeliveryState.SENT)
        attempts_while_paused = len(sender.attempts)
        clock.advance(minutes=16)
        database.feed.wake()
        await until_delivery(database, first, DeliveryState.SENT)
        await until_delivery(database, second, DeliveryState.SENT)

    assert attempts_while_paused == 2  # the refused one, and the other mailbox's
    async with database.reading() as session:
        channel = await session.get_one(Channel, scene.channel.id)
    assert (channel.state, channel.sending_paused_until) == ("ok", None)


async def _is_paused(database: Database, channel: Channel) -> bool:
    async with database.reading() as session:
        return (await session.get_one(Channel, channel.id)).state == "auth_failed"


async def test_a_server_that_hangs_up_is_left_alone_for_a_minute_by_all_mail(
    sqlite_database: Database, blobs: BlobStore, clock: FrozenClock
) -> None:
    sender = FakeSender(TemporaryFailure("Too many connections.", code=421))
    async with a_worker(sqlite_database, blobs, sender):
        scene, first = await a_queued_reply(sqlite_database)
        await until(sqlite_database, lambda: _is_delayed(sqlite_database, first))
        async with sqlite_database.transaction() as session:
            channel = await session.get_one(Channel, scene.channel.id)
            second = await reply(
                session,
                await session.merge(scene.conversation),
                by=await an_agent(session, name="Bo"),
                text="One more thing.",
                settings=SETTINGS,
            )
            assert await deliveries.claim(session, worker="other", limit=9) == []
            assert channel.sending_text == "" and channel.state != "auth_failed"
        clock.advance(minutes=2)
        sqlite_database.feed.wake()
        for message in (first, second):
            await until_delivery(sqlite_database, message, DeliveryState.SENT)

    async with sqlite_database.reading() as session:
        assert (await session.get_one(Channel, scene.channel.id)).sending_paused_until is None


async def test_a_mailbox_without_a_way_out_takes_the_reply_and_then_says_what_is_missing(
    database: Database, blobs: BlobStore, clock: FrozenClock
) -> None:
    async with database.transaction() as session:
        channel = await a_mailbox_channel(session, smtp_url=None)
    scene, message = await a_queued_reply(database, channel=channel)
    accepted = await stored(database, message)
    async with a_worker(database, blobs, FakeSender()):
        failed = await until_delivery(database, message, DeliveryState.FAILED)

    assert accepted.delivery == DeliveryState.QUEUED
    assert failed.delivery_error == NO_WAY_OUT
    async with database.reading() as session:
        assert (await session.get_one(Case, scene.case.id)).status == Status.OPEN


async def test_a_chat_message_is_sent_at_once_and_then_shown_and_read(
    database: Database, blobs: BlobStore, clock: FrozenClock
) -> None:
    async with database.transaction() as session:
        channel = await a_webchat_channel(session)
    async with a_worker(database, blobs, FakeSender()):
        waiting = ReplySettings(tokens=KEYS.strand_tokens(), undo_seconds=10)
        scene, message = await a_queued_reply(database, channel=channel, settings=waiting)
        await until_delivery(database, message, DeliveryState.SENT)

    for state in (DeliveryState.DELIVERED, DeliveryState.READ, DeliveryState.DELIVERED):
        async with database.transaction() as session:
            up_to = await session.get_one(Message, message.id)
            await deliveries.acknowledge(session, scene.identity, up_to=up_to, state=state)

    assert (await stored(database, message)).delivery == DeliveryState.READ
    assert (await kinds(database))[-3:] == ["message.sent", "message.delivered", "message.read"]


async def test_a_worker_that_died_while_sending_leaves_one_marked_repeat(
    database: Database, blobs: BlobStore, clock: FrozenClock
) -> None:
    _, message = await a_queued_reply(database)
    dead = await _die_after_sending(database, blobs)
    sender = FakeSender()
    async with a_worker(database, blobs, sender):
        clock.advance(seconds=61)
        database.feed.wake()
        await until_delivery(database, message, DeliveryState.SENT)

    assert sender.attempts[0].raw == blobs.read(dead) and sender.composed == []
    async with database.reading() as session:
        assert (await session.scalars(select(Delivery.repeated))).one()


async def test_on_sqlite_a_restart_need_not_wait_for_the_lease(
    sqlite_database: Database, blobs: BlobStore, clock: FrozenClock
) -> None:
    _, message = await a_queued_reply(sqlite_database)
    await _die_after_sending(sqlite_database, blobs)

    async with a_worker(sqlite_database, blobs, FakeSender(), alone=True):
        sent = await until_delivery(sqlite_database, message, DeliveryState.SENT)
    assert sent.delivery == DeliveryState.SENT


async def _die_after_sending(database: Database, blobs: BlobStore) -> str:
    """Claim and store the bytes, as a worker does before it sends them; then nothing more."""
    digest = blobs.put(b"what was sent")
    async with database.transaction() as session:
        (departure,) = await deliveries.claim(session, worker="dead", limit=8)
        assert await deliveries.keep_raw(session, departure, digest)
    return digest


async def test_a_late_worker_changes_nothing_but_good_news(
    database: Database, blobs: BlobStore, clock: FrozenClock
) -> None:
    _, message = await a_queued_reply(database, to=("a@mail.example", "b@mail.example"))
    async with database.transaction() as session:
        (late,) = await deliveries.claim(session, worker="late", limit=8)
    clock.advance(seconds=61)
    async with database.transaction() as session:
        (now,) = await deliveries.claim(session, worker="now", limit=8)

    async with database.transaction() as session:
        answers = _answers({"a@mail.example": Outcome.SENT, "b@mail.example": Outcome.PERMANENT})
        await deliveries.settle(session, late, answers)
    after_late = await delivery_states(database, message)
    async with database.transaction() as session:
        answers = _answers(dict.fromkeys(now.recipients, Outcome.TEMPORARY))
        await deliveries.settle(session, now, answers)

    assert after_late == {"a@mail.example": "sent", "b@mail.example": "sending"}
    assert await delivery_states(database, message) == {"a@mail.example": "sent", "b@mail.example": "queued"}


def _answers(outcomes: dict[str, Outcome]) -> dict[str, RecipientOutcome]:
    return {address: RecipientOutcome(outcome=outcome) for address, outcome in outcomes.items()}


async def test_many_workers_send_each_message_once(
    database: Database, blobs: BlobStore, clock: FrozenClock
) -> None:
    sender = FakeSender()
    messages = [(await a_queued_reply(database))[1] for _ in range(12)]
    async with (
        a_worker(database, blobs, sender),
        a_worker(database, blobs, sender),
        a_worker(database, blobs, sender),
    ):
        for message in messages:
            await until_delivery(database, message, DeliveryState.SENT)

    assert len(sender.attempts) == 12 and set(sender.arrived.values()) == {1}


async def test_what_is_being_sent_may_finish_when_the_worker_stops(
    database: Database, blobs: BlobStore, clock: FrozenClock
) -> None:
    sender = FakeSender()
    sender.gate.clear()
    _, message = await a_queued_reply(database)
    worker = OutboxWorker(database, blobs, KEYS, {"email": sender})
    running = asyncio.create_task(worker.run())
    await until_delivery(database, message, DeliveryState.SENDING)

    running.cancel()
    sender.gate.set()
    await asyncio.gather(running, return_exceptions=True)

    assert (await stored(database, message)).delivery == DeliveryState.SENT


async def test_a_sample_channel_lets_everything_be_tried_and_sends_nothing(
    sqlite_database: Database, blobs: BlobStore, clock: FrozenClock
) -> None:
    async with sqlite_database.transaction() as session:
        channel = await a_mailbox_channel(session, smtp_url=None)
        channel.is_sample = True
    sender = FakeSender()
    async with a_worker(sqlite_database, blobs, sender):
        _, message = await a_queued_reply(sqlite_database, channel=channel)
        await until_delivery(sqlite_database, message, DeliveryState.SENT)

    assert sender.attempts == []
