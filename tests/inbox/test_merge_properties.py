"""Whatever happened before a merge and between it and its undo: the undo brings back what was there."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, event, given, settings, strategies as st
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from inbox.actions.events import record, write_events
from inbox.actions.merges import merge, undo_merge
from inbox.actions.messages import FilingRules, receive
from inbox.actions.moves import move_message, move_strand
from inbox.actions.replies import ReplySettings, reply
from inbox.actions.splits import join, split
from inbox.actions.undos import latest, undo
from inbox.actors import Actor
from inbox.clock import FrozenClock, using
from inbox.db import Database
from inbox.envelopes import Address, AddressKind, ChannelKind, InboundMessage
from inbox.errors import Conflict, Invalid
from inbox.models import (
    Agent,
    Case,
    Channel,
    Conversation,
    Customer,
    Direction,
    EventKind,
    Identity,
    IntakeRecord,
    Message,
    Model,
    Note,
    Status,
    Strand,
    TimelineEntry,
)
from inbox.placements import Arrival
from inbox.waiting import refresh_waiting
from tests.builders import KEYS, a_mailbox_channel, a_webchat_channel, an_agent

TOKENS = KEYS.strand_tokens()
PEOPLE = ("ana", "ben", "visitor", "other visitor")

PHASES = (Phase.explicit, Phase.generate)  # to shrink such histories takes minutes

# What a later message may change in the row of a strand, a case, a customer …: that came later, and stays.
CHANGED_BY_MESSAGES = {
    "cases": {
        "status",
        "assignee_id",
        "waiting_since",
        "snoozed_until",
        "resolved_at",
        "first_replied_at",
        "last_message_at",
        "last_channel_kind",
        "last_direction",
        "last_author",
        "preview",
    },
    "strands": {"case_id", "waiting_since", "answered_at", "last_inbound_at", "last_message_at"},
    "conversations": {"last_message_at"},
    "identities": {"last_seen_at"},
    "channels": {"last_message_at"},
}
HISTORY = {"events", "event_counter", "merges", "case_numbers", "undos"}

writes = st.tuples(st.just("write"), st.sampled_from(PEOPLE), st.none() | st.integers(0, 30))
replies = st.tuples(
    st.just("reply"), st.integers(0, 9), st.sampled_from([Status.PENDING, Status.OPEN, Status.RESOLVED])
)
notes = st.tuples(st.just("note"), st.integers(0, 9), st.just(0))
waits = st.tuples(st.just("wait"), st.sampled_from([1, 60, 60 * 24 * 8]), st.just(0))
orders = st.tuples(
    st.sampled_from(["split", "join", "move message", "move strand", "undo"]),
    st.integers(0, 30),
    st.integers(0, 30),
)
messages = writes | replies | waits
everything = writes | replies | notes | waits | orders


class Rewind(Exception):
    """Ends an example's transaction without a trace."""


@contextmanager
def rewound() -> Iterator[None]:
    try:
        yield
    except Rewind:
        return


class World:
    """People who write, an agent who answers, in one transaction."""

    def __init__(self, session: AsyncSession, clock: FrozenClock) -> None:
        self.session, self.clock = session, clock
        self.written = 0

    async def begin(self) -> "World":
        self.agent: Agent = await an_agent(self.session)
        self.mailbox: Channel = await a_mailbox_channel(self.session)
        self.widget: Channel = await a_webchat_channel(self.session)
        for person in PEOPLE:
            await self.write(person, None)
        return self

    def address(self, person: str) -> Address:
        if "visitor" in person:
            return Address(f"{self.widget.public_key}:{person}", "", AddressKind.VISITOR)
        return Address(f"{person}@mail.example", person.title())

    async def customer(self, person: str) -> Customer:
        query = select(Customer).join(Identity, Identity.customer_id == Customer.id)
        query = query.where(Identity.address == self.address(person).value)
        return (await self.session.scalars(query)).one()

    async def play(self, step: tuple[str, Any, Any]) -> None:
        verb, first, second = step
        if verb == "write":
            await self.write(first, second)
        elif verb == "reply":
            await self.reply(first, second)
        elif verb == "note":
            await self.note(first)
        elif verb == "wait":
            self.clock.advance(minutes=first)
        else:
            with suppress(Conflict, Invalid):
                await self.order(verb, first, second)
        await write_events(self.session)

    async def write(self, person: str, answering: int | None) -> None:
        self.written += 1
        self.clock.advance(seconds=7)
        sender = self.address(person)
        chats = sender.kind is AddressKind.VISITOR
        text = f"{person} writes for the {self.written}. time"
        digest = hashlib.sha256(text.encode()).hexdigest()
        inbound = InboundMessage(
            channel=ChannelKind.WEBCHAT if chats else ChannelKind.EMAIL,
            sender=sender,
            content_hash=digest,
            external_id=f"{digest[:16]}@mail.example",
            subject="" if chats else f"Question {self.written}",
            text=text,
            mailbox=None if chats else self.mailbox.address,
            references=() if chats else await self._references(answering),
            cc=() if chats else (Address(f"colleague{self.written % 3}@mail.example"),),
        )
        channel = self.widget if chats else self.mailbox
        row = IntakeRecord(channel_id=channel.id, digest=digest, size=1, source="ingest")
        self.session.add(row)
        await self.session.flush()
        await receive(
            self.session,
            [Arrival(record_id=row.id, channel=channel, message=inbound)],
            FilingRules(tokens=TOKENS),
        )
        await self._reread()

    async def _references(self, answering: int | None) -> tuple[str, ...]:
        if answering is None:
            return ()
        known = (await self.session.scalars(select(Message.external_id).order_by(Message.id))).all()
        reference = known[answering % len(known)] if known else None
        return (reference,) if reference else ()

    async def reply(self, which: int, then: Status) -> None:
        self.clock.advance(seconds=5)
        strands = (await self.session.scalars(select(Strand).order_by(Strand.id))).all()
        strand = strands[which % len(strands)]
        conversation = await self.session.get_one(Conversation, strand.conversation_id)
        await reply(
            self.session,
            conversation,
            by=self.agent,
            text="An answer",
            strand=strand,
            then=then,
            anyway=True,
            settings=ReplySettings(tokens=TOKENS),
        )

    async def note(self, which: int) -> None:
        cases = (await self.session.scalars(select(Case).order_by(Case.id))).all()
        case = cases[which % len(cases)]
        conversation = await self.session.get_one(Conversation, case.conversation_id)
        note = Note(
            conversation_id=conversation.id,
            origin_conversation_id=conversation.id,
            case_id=case.id,
            author_id=self.agent.id,
            text="Between us",
        )
        self.session.add(note)
        await self.session.flush()
        actor = Actor.agent(self.agent)
        record(
            self.session,
            EventKind.NOTE_ADDED,
            actor=actor,
            conversation=conversation,
            case=case,
            note=note,
        )

    async def order(self, verb: str, first: int, second: int) -> None:
        """What an agent does to put things in order."""
        session, agent = self.session, self.agent
        cases = (await session.scalars(select(Case).order_by(Case.id))).all()
        strands = (await session.scalars(select(Strand).order_by(Strand.id))).all()
        messages = (await session.scalars(select(Message).order_by(Message.id))).all()
        message, case = messages[first % len(messages)], cases[second % len(cases)]
        if verb == "split" and message.case_id is not None:
            own = await session.get_one(Case, message.case_id)
            await split(session, own, by=agent, from_message=message)
        elif verb == "join":
            await join(session, cases[first % len(cases)], into=case, by=agent)
        elif verb == "move message":
            await move_message(session, message, to=case, by=agent)
        elif verb == "move strand":
            conversation = await session.get_one(Conversation, case.conversation_id)
            await move_strand(session, strands[first % len(strands)], to=conversation, by=agent)
        elif (newest := await latest(session, by=agent)) is not None:
            await undo(session, newest.public_id, by=agent)

    async def _reread(self) -> None:
        await write_events(self.session)
        for row in (self.agent, self.mailbox, self.widget):
            await self.session.refresh(row)

    async def rows(self) -> dict[str, dict[int, dict[str, Any]]]:
        """Every row of every table, read past the session."""
        await self.session.flush()
        tables = {}
        for table in Model.metadata.sorted_tables:
            found = await self.session.execute(select(table))
            tables[table.name] = {row.id: dict(row._mapping) for row in found}
        return tables


def without(row: Mapping[str, Any], columns: set[str]) -> dict[str, Any]:
    return {column: value for column, value in row.items() if column not in columns}


async def assert_nothing_stands_between_two_conversations(session: AsyncSession) -> None:
    strand, case, entry = aliased(Strand), aliased(Case), aliased(TimelineEntry)
    pairs = select(Message, strand, case, entry).join(strand, strand.id == Message.strand_id)
    pairs = pairs.join(entry, entry.message_id == Message.id).outerjoin(case, case.id == Message.case_id)
    for message, of_strand, of_case, of_entry in await session.execute(pairs):
        assert message.conversation_id == of_strand.conversation_id == of_entry.conversation_id
        assert of_case is None or of_case.conversation_id == message.conversation_id
        assert of_entry.case_id == message.case_id
    for model in (Note, Strand, TimelineEntry):
        crossing = select(func.count()).select_from(model).join(Case, Case.id == model.case_id)
        assert await session.scalar(crossing.where(Case.conversation_id != model.conversation_id)) == 0


async def assert_everybody_waits_as_their_messages_say(session: AsyncSession) -> None:
    for case in (await session.scalars(select(Case).order_by(Case.id))).all():
        stored = case.waiting_since
        await refresh_waiting(session, case)
        assert case.waiting_since == stored, f"case {case.number}"


@pytest.mark.slow
@given(
    before=st.lists(everything, max_size=9),
    pair=st.permutations(PEOPLE),
    between=st.lists(messages, max_size=9),
)
@settings(max_examples=15, phases=PHASES, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_undoing_a_merge_brings_everything_back_and_sorts_what_came_between(
    sqlite_database: Database, before: list[Any], pair: list[str], between: list[Any]
) -> None:
    clock = FrozenClock()
    with rewound(), using(clock):
        async with sqlite_database.transaction() as session:
            world = await World(session, clock).begin()
            for step in before:
                await world.play(step)
            stood = await world.rows()
            customer, into = await world.customer(pair[0]), await world.customer(pair[1])
            if customer.id == into.id:
                raise Rewind
            done = await merge(session, customer, into=into, by=world.agent)
            for step in between:
                await world.play(step)
            together = await world.rows()
            await undo_merge(session, done, by=world.agent)
            await write_events(session)
            stand = await world.rows()
            event("with messages between" if len(together["messages"]) > len(stood["messages"]) else "alone")

            touched = touched_by_later(stood, together, stand)
            for table, rows in stood.items():
                if table in HISTORY:
                    continue
                for id_, row in rows.items():
                    if id_ not in together[table]:
                        continue  # a draft that was sent meanwhile
                    free = CHANGED_BY_MESSAGES.get(table, set()) if (table, id_) in touched else set()
                    assert id_ in stand[table], f"{table} {id_} is gone"
                    assert without(stand[table][id_], free) == without(row, free), f"{table} {id_}"
            assert_later_messages_are_with_whom_they_are_from(stood, stand)
            await assert_nothing_stands_between_two_conversations(session)
            await assert_everybody_waits_as_their_messages_say(session)
            raise Rewind


@pytest.mark.slow
@given(
    before=st.lists(everything, max_size=6),
    pair=st.permutations(PEOPLE),
    between=st.lists(everything, max_size=12),
)
@settings(max_examples=10, phases=PHASES, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_however_agents_rearrange_a_merged_conversation_its_undo_leaves_nothing_in_between(
    sqlite_database: Database, before: list[Any], pair: list[str], between: list[Any]
) -> None:
    clock = FrozenClock()
    with rewound(), using(clock):
        async with sqlite_database.transaction() as session:
            world = await World(session, clock).begin()
            for step in before:
                await world.play(step)
            customer, into = await world.customer(pair[0]), await world.customer(pair[1])
            if customer.id == into.id:
                raise Rewind
            done = await merge(session, customer, into=into, by=world.agent)
            for step in between:
                await world.play(step)
            together = await world.rows()
            await undo_merge(session, done, by=world.agent)
            await write_events(session)
            stand = await world.rows()
            for table in ("messages", "notes", "cases", "identities", "timeline_entries", "participants"):
                assert set(together[table]) <= set(stand[table]), table
            assert {row["customer_id"] for row in stand["identities"].values()} >= {customer.id, into.id}
            await assert_nothing_stands_between_two_conversations(session)
            await assert_everybody_waits_as_their_messages_say(session)
            raise Rewind


def touched_by_later(
    stood: dict[str, Any], together: dict[str, Any], stand: dict[str, Any]
) -> set[tuple[str, int]]:
    touched = set()
    for rows in (together["messages"], stand["messages"]):
        for message in (row for id_, row in rows.items() if id_ not in stood["messages"]):
            for table, column in (
                ("cases", "case_id"),
                ("strands", "strand_id"),
                ("conversations", "conversation_id"),
                ("identities", "identity_id"),
                ("channels", "channel_id"),
            ):
                touched.add((table, message[column]))
    for snapshot in (stood, together):  # resolving a case marks all of its strands
        for rows, column in ((snapshot["strands"], "id"), (snapshot["messages"], "strand_id")):
            touched |= {
                ("strands", row[column]) for row in rows.values() if ("cases", row["case_id"]) in touched
            }
    merged = {row["kept_conversation_id"] for row in stand["merges"].values()}
    merged |= {row["merged_conversation_id"] for row in stand["merges"].values()}
    if len(stand["messages"]) > len(stood["messages"]):
        touched |= {("conversations", id_) for id_ in merged}
    return touched


def assert_later_messages_are_with_whom_they_are_from(stood: dict[str, Any], stand: dict[str, Any]) -> None:
    messages = stand["messages"]
    for id_, message in messages.items():
        if id_ in stood["messages"]:
            continue
        if message["direction"] == Direction.INBOUND and message["identity_id"] is not None:
            customer_id = stand["identities"][message["identity_id"]]["customer_id"]
            assert stand["conversations"][message["conversation_id"]]["customer_id"] == customer_id
        answered = message["answers_message_id"]
        if answered is not None:
            assert message["conversation_id"] == messages[answered]["conversation_id"]
