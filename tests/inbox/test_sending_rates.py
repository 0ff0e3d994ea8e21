"""A mailbox sends no more mails than its provider lets out: what is more waits its turn, and says so."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import given, strategies as st
from sqlalchemy import func, select, text

from inbox.actions import automatic_mails, deliveries
from inbox.actions.channels import add_channel, change_channel
from inbox.actions.deliveries import Departure
from inbox.actions.replies import ReplySettings, cancel, reply
from inbox.actors import SYSTEM
from inbox.clock import FrozenClock
from inbox.db import Database
from inbox.envelopes import ChannelKind, Outcome, RecipientOutcome
from inbox.errors import Invalid
from inbox.models import (
    Agent,
    AutomaticKind,
    Channel,
    DeliveryState,
    Event,
    EventKind,
    Message,
    OutboxEntry,
    SendingTurn,
)
from inbox.sending_rates import SendingRate
from tests.builders import KEYS, a_conversation, a_mailbox_channel, an_agent

SETTINGS = ReplySettings(tokens=KEYS.strand_tokens(), undo_seconds=0)
GONE = RecipientOutcome(outcome=Outcome.SENT)


async def a_limited_mailbox(database: Database, rate: str) -> Channel:
    async with database.transaction() as session:
        mailbox = await a_mailbox_channel(session)
        return await change_channel(session, mailbox, by=SYSTEM, keys=KEYS, settings={"sending_rate": rate})


async def queue(database: Database, mailbox: Channel, count: int = 1) -> list[Message]:
    async with database.transaction() as session:
        agent = (await session.scalars(select(Agent))).first() or await an_agent(session)
        box = await session.merge(mailbox)
        messages = []
        for _ in range(count):
            scene = await a_conversation(session, channel=box)
            messages.append(
                await reply(session, scene.conversation, by=agent, text="It left.", settings=SETTINGS)
            )
        return messages


async def claim(database: Database, worker: str = "one") -> list[Departure]:
    async with database.transaction() as session:
        return await deliveries.claim(session, worker=worker, limit=100)


async def settle(
    database: Database, departures: Sequence[Departure], outcome: RecipientOutcome = GONE
) -> None:
    for departure in departures:
        async with database.transaction() as session:
            outcomes = dict.fromkeys(departure.recipients, outcome)
            await deliveries.settle(session, departure, outcomes)


async def leave(database: Database) -> list[int]:
    """One round of a worker; answers the messages that left."""
    departures = await claim(database)
    await settle(database, departures)
    return [departure.message_id for departure in departures]


async def next_moment(database: Database) -> datetime | None:
    async with database.reading() as session:
        return await deliveries.next_moment(session)


async def stored(database: Database, message: Message) -> tuple[Message, OutboxEntry]:
    async with database.reading() as session:
        entry = select(OutboxEntry).where(OutboxEntry.message_id == message.id)
        return await session.get_one(Message, message.id), (await session.scalars(entry)).one()


async def test_what_is_more_than_the_rate_waits_for_its_turn_in_order(
    database: Database, clock: FrozenClock
) -> None:
    mailbox = await a_limited_mailbox(database, "2/minute")
    messages = await queue(database, mailbox, 5)
    began = clock()

    assert await leave(database) == [message.id for message in messages[:2]]
    assert await leave(database) == []
    waiting, entry = await stored(database, messages[2])
    assert waiting.delivery == DeliveryState.QUEUED
    assert waiting.delivery_error == "This mailbox sends at most 2 mails a minute."
    assert (entry.waits_for_rate, entry.due_at, entry.attempts) == (
        "2/minute",
        began + timedelta(minutes=1),
        0,
    )
    assert (await stored(database, messages[4]))[1].due_at == began + timedelta(minutes=2)
    assert await next_moment(database) == began + timedelta(minutes=1)

    clock.advance(seconds=60)
    assert await leave(database) == [message.id for message in messages[2:4]]
    clock.advance(seconds=60)
    assert await leave(database) == [messages[4].id]
    left, entry = await stored(database, messages[4])
    assert (left.delivery, left.delivery_error, entry.waits_for_rate) == (DeliveryState.SENT, None, None)
    async with database.reading() as session:
        told = list(await session.scalars(select(Event.data).where(Event.kind == EventKind.MESSAGE_DELAYED)))
        turns = await session.scalar(select(func.count()).select_from(SendingTurn))
    assert [each["rate"] for each in told] == ["2/minute"] * 3
    assert turns == 1  # those of a minute ago count no more, and are gone


async def test_who_comes_later_stands_behind_those_that_wait(database: Database, clock: FrozenClock) -> None:
    mailbox = await a_limited_mailbox(database, "1/hour")
    first, second = await queue(database, mailbox, 2)
    assert await leave(database) == [first.id]
    clock.advance(minutes=59)
    (late,) = await queue(database, mailbox)
    assert await leave(database) == []
    clock.advance(minutes=1)

    assert await leave(database) == [second.id]
    assert (await stored(database, late))[1].due_at == clock() + timedelta(hours=1)


async def test_after_a_long_stop_no_more_leave_at_once_than_the_rate_says(
    sqlite_database: Database, clock: FrozenClock
) -> None:
    mailbox = await a_limited_mailbox(sqlite_database, "3/minute")
    await queue(sqlite_database, mailbox, 10)
    assert len(await leave(sqlite_database)) == 3
    clock.advance(hours=5)

    assert [len(await leave(sqlite_database)), len(await leave(sqlite_database))] == [3, 0]


async def test_many_workers_count_together(database: Database, clock: FrozenClock) -> None:
    mailbox = await a_limited_mailbox(database, "3/hour")
    await queue(database, mailbox, 12)

    async def one(name: str) -> list[Departure]:
        async with database.transaction() as session:
            return await deliveries.claim(session, worker=name, limit=2)

    claimed = [departure for some in await asyncio.gather(*map(one, "abcdef")) for departure in some]
    assert len({departure.message_id for departure in claimed}) == len(claimed) == 3


async def test_other_mailboxes_do_not_wait_with_it(sqlite_database: Database, clock: FrozenClock) -> None:
    slow = await a_limited_mailbox(sqlite_database, "1/day")
    async with sqlite_database.transaction() as session:
        quick = await a_mailbox_channel(session, name="Sales", address="sales@shop.example")
    held = await queue(sqlite_database, slow, 2)
    free = await queue(sqlite_database, quick, 3)

    assert await leave(sqlite_database) == [message.id for message in (held[0], *free)]


async def test_every_attempt_counts_and_a_recipient_who_waits_is_not_given_up(
    sqlite_database: Database, clock: FrozenClock
) -> None:
    mailbox = await a_limited_mailbox(sqlite_database, "1/day")
    first, second = await queue(sqlite_database, mailbox, 2)
    busy = RecipientOutcome(outcome=Outcome.TEMPORARY, text="Try later", code=451)
    await settle(sqlite_database, await claim(sqlite_database), busy)
    for _ in range(5):
        clock.advance(days=1)
        await leave(sqlite_database)

    states = [(await stored(sqlite_database, message))[0].delivery for message in (first, second)]
    assert states == [DeliveryState.SENT, DeliveryState.SENT]


async def test_one_that_is_taken_back_leaves_its_place(sqlite_database: Database, clock: FrozenClock) -> None:
    mailbox = await a_limited_mailbox(sqlite_database, "1/minute")
    _, second, third = await queue(sqlite_database, mailbox, 3)
    await leave(sqlite_database)
    async with sqlite_database.transaction() as session:
        agent = (await session.scalars(select(Agent))).one()
        await cancel(session, await session.get_one(Message, second.id), by=agent)
    clock.advance(minutes=2)

    assert await leave(sqlite_database) == [third.id]


@pytest.mark.parametrize(("rate", "left"), [("10/minute", 4), (None, 4), ("3/minute", 2)])
async def test_a_changed_rate_holds_at_once(
    sqlite_database: Database, clock: FrozenClock, rate: str | None, left: int
) -> None:
    mailbox = await a_limited_mailbox(sqlite_database, "1/day")
    await queue(sqlite_database, mailbox, 5)
    await leave(sqlite_database)
    async with sqlite_database.transaction() as session:
        box = await session.get_one(Channel, mailbox.id)
        await change_channel(session, box, by=SYSTEM, keys=KEYS, settings={"sending_rate": rate})

    assert len(await leave(sqlite_database)) == left


async def test_a_worker_that_died_waits_for_a_turn_too_and_is_repeated_then(
    sqlite_database: Database, clock: FrozenClock
) -> None:
    mailbox = await a_limited_mailbox(sqlite_database, "1/hour")
    (message,) = await queue(sqlite_database, mailbox)
    (lost,) = await claim(sqlite_database, "gone")
    async with sqlite_database.transaction() as session:
        assert await deliveries.keep_raw(session, lost, "0" * 64)
    clock.advance(minutes=5)
    assert await claim(sqlite_database) == []
    assert await next_moment(sqlite_database) == clock() + timedelta(minutes=55)
    clock.advance(minutes=55)

    (again,) = await claim(sqlite_database)
    assert (again.message_id, again.attempt) == (message.id, 2)


async def test_codes_take_turns_as_well_and_go_before_what_waits(
    sqlite_database: Database, clock: FrozenClock
) -> None:
    mailbox = await a_limited_mailbox(sqlite_database, "1/minute")
    _, waiting = await queue(sqlite_database, mailbox, 2)
    await leave(sqlite_database)
    async with sqlite_database.transaction() as session:
        box = await session.merge(mailbox)
        await automatic_mails.send(
            session,
            kind=AutomaticKind.CODE,
            mailbox=box,
            address="ana@mail.example",
            subject="Code",
            text="1",
            keys=KEYS,
        )
        assert await automatic_mails.claim(session, keys=KEYS, limit=4) == []
        assert await automatic_mails.next_moment(session) == clock() + timedelta(minutes=1)
    clock.advance(minutes=1)
    async with sqlite_database.transaction() as session:
        (code,) = await automatic_mails.claim(session, keys=KEYS, limit=4)

    assert code.address == "ana@mail.example"
    assert await leave(sqlite_database) == []
    assert (await stored(sqlite_database, waiting))[1].due_at == clock() + timedelta(minutes=1)


@pytest.mark.parametrize(
    "rate", ["0/minute", "30", "30/week", "-1/day", "30 / minute", "9" * 9 + "/day", "\u0663/day"]
)
async def test_what_is_no_rate_is_refused(sqlite_database: Database, rate: str) -> None:
    async with sqlite_database.transaction() as session:
        with pytest.raises(Invalid, match="30/minute"):
            await add_channel(
                session,
                kind=ChannelKind.EMAIL,
                name="Slow",
                by=SYSTEM,
                keys=KEYS,
                address="slow@shop.example",
                settings={"sending_rate": rate},
            )


@given(mails=st.integers(1, 1_000_000), period=st.sampled_from(["minute", "hour", "day"]))
def test_a_rate_is_read_as_it_is_written(mails: int, period: str) -> None:
    assert SendingRate.parse(str(SendingRate(mails, period))) == SendingRate(mails, period)


async def test_processes_that_send_from_several_mailboxes_do_not_wait_for_each_other_in_a_ring(
    postgres_url: str,
) -> None:
    async with Database(postgres_url) as database:
        first, second = [await a_limited_mailbox(database, "2/minute") for _ in range(2)]
        for mailbox in (first, second, second, first):
            await queue(database, mailbox)

        async def claim_two(worker: str) -> list[Departure]:
            async with database.transaction() as session:
                return await deliveries.claim(session, worker=worker, limit=2)

        async with database.transaction() as session:
            await session.scalar(select(Channel.id).where(Channel.id == first.id).with_for_update())
            one = asyncio.create_task(claim_two("one"))
            await until_waiting(database, 1)
            other = asyncio.create_task(claim_two("other"))
            await until_waiting(database, 2)
        claimed = await asyncio.gather(one, other)

    assert [len(departures) for departures in claimed] == [2, 2]


async def until_waiting(database: Database, count: int) -> None:
    """Until so many transactions wait for another one's lock."""
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    async with asyncio.timeout(10):
        while True:
            async with database.reading() as session:
                if await session.scalar(waiting) >= count:
                    return
