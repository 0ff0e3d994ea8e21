"""Whatever workers and mail servers do: nobody is forgotten, nobody who was reached is written to again."""

from collections import Counter
from dataclasses import dataclass, field

from hypothesis import HealthCheck, given, settings, strategies as st
from sqlalchemy import select

from inbox import clock as product_clock
from inbox.actions import deliveries
from inbox.actions.deliveries import Departure
from inbox.actions.replies import ReplySettings, reply
from inbox.clock import FrozenClock
from inbox.db import Database
from inbox.envelopes import Address, Outcome, RecipientOutcome
from inbox.models import Delivery, OutboxEntry
from tests.builders import KEYS, a_conversation, an_agent

ADDRESSES = tuple(f"{name}@mail.example" for name in "abc")
FATES = ("dies before composing", "dies after composing", "settles", "settles when another has taken over")
LIVES = st.lists(
    st.tuples(st.sampled_from(FATES), st.tuples(*[st.sampled_from(list(Outcome))] * 3)), max_size=6
)
GOOD_LIFE = ("settles", (Outcome.SENT,) * 3)


@dataclass(slots=True)
class Ledger:
    """What an onlooker knows: who was reached, who was refused, and how often nobody could tell."""

    reached: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    unsure: Counter[str] = field(default_factory=Counter)
    composed: bool = False

    def check(self, departures: list[Departure]) -> None:
        for address in (address for departure in departures for address in departure.recipients):
            assert address not in self.reached | self.refused, "written to again"
            assert self.unsure[address] <= 1, "a third try would be a guess"

    def note(self, departure: Departure, outcomes: dict[str, Outcome]) -> None:
        for address in departure.recipients:
            if outcomes[address] is Outcome.SENT:
                self.reached.add(address)
            elif outcomes[address] is Outcome.PERMANENT:
                self.refused.add(address)
            elif outcomes[address] is Outcome.UNKNOWN:
                self.unsure[address] += 1


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lives=LIVES)
async def test_nobody_is_forgotten_and_nobody_reached_is_written_to_again(
    sqlite_database: Database, lives: list[tuple[str, tuple[Outcome, ...]]]
) -> None:
    clock = FrozenClock()
    with product_clock.using(clock):
        message_id = await _queue(sqlite_database)
        ledger = Ledger()
        for fate, outcomes in [*lives, *[GOOD_LIFE] * 4]:
            clock.advance(hours=3)
            answers = dict(zip(ADDRESSES, outcomes, strict=True))
            await _live(sqlite_database, ledger, fate, answers, clock)
        states, entry_state = await _end(sqlite_database, message_id)

    sent = {address for address, state in states.items() if state == "sent"}
    failed = {address for address, state in states.items() if state == "failed"}
    unknown = {address for address, state in states.items() if state == "unknown"}
    assert sent == ledger.reached and failed == ledger.refused - ledger.reached
    assert sent | failed | unknown == set(ADDRESSES)
    assert all(ledger.unsure[address] == 2 for address in unknown)
    assert entry_state == ("failed" if failed else "done")


async def _live(
    database: Database, ledger: Ledger, fate: str, outcomes: dict[str, Outcome], clock: FrozenClock
) -> None:
    """What one worker lives through."""
    departures = await _claim(database, ledger)
    if not departures:
        return
    (departure,) = departures
    if fate != "dies before composing":
        async with database.transaction() as session:
            assert await deliveries.keep_raw(session, departure, "0" * 64)
        ledger.composed = True
    if fate == "settles":
        ledger.note(departure, outcomes)
        return await _settle(database, departure, outcomes)
    if ledger.composed:
        ledger.unsure.update(departure.recipients)
    if fate == "settles when another has taken over":
        clock.advance(minutes=2)
        others = await _claim(database, ledger)
        ledger.unsure.update(address for other in others for address in other.recipients)  # it dies
        ledger.reached |= {a for a in departure.recipients if outcomes[a] is Outcome.SENT}
        await _settle(database, departure, outcomes)
    return None


async def _claim(database: Database, ledger: Ledger) -> list[Departure]:
    async with database.transaction() as session:
        departures = await deliveries.claim(session, worker=f"{product_clock.now()}", limit=8)
    ledger.check(departures)
    return departures


async def _settle(database: Database, departure: Departure, outcomes: dict[str, Outcome]) -> None:
    answers = {address: RecipientOutcome(outcome=outcome) for address, outcome in outcomes.items()}
    async with database.transaction() as session:
        await deliveries.settle(session, departure, answers)


async def _queue(database: Database) -> int:
    async with database.transaction() as session:
        scene = await a_conversation(session)
        message = await reply(
            session,
            scene.conversation,
            by=await an_agent(session),
            text="It left today.",
            to=[Address(value=address) for address in ADDRESSES],
            settings=ReplySettings(tokens=KEYS.strand_tokens(), undo_seconds=0),
        )
    return message.id


async def _end(database: Database, message_id: int) -> tuple[dict[str, str], str]:
    async with database.reading() as session:
        rows = await session.scalars(select(Delivery).where(Delivery.message_id == message_id))
        states = {delivery.address: delivery.state for delivery in rows}
        entries = select(OutboxEntry.state).where(OutboxEntry.message_id == message_id)
        return states, (await session.scalars(entries)).one()
