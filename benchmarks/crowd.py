"""Fills a database with many conversations at once: rows as `receive()` and people would have left them.

On SQLite only: the rows bring their keys, which PostgreSQL's sequences would not learn of.
"""

import itertools
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.db import Database
from inbox.ids import public_id
from inbox.models import (
    Agent,
    Case,
    CaseNumber,
    CaseTag,
    Channel,
    Conversation,
    Customer,
    Event,
    EventCounter,
    Identity,
    Message,
    Model,
    Note,
    Strand,
    Tag,
    Team,
    TimelineEntry,
)

AT_ONCE = 2_000  # conversations in one transaction
SHORT, LONG = 3, 40  # messages of most conversations, and of every LONG_EVERY-th if no other number is given
LONG_EVERY = 50
COLLEAGUES, TEAMS, TAGS = 12, 4, 15
ORDER: tuple[type[Model], ...] = (  # a row is written after those that it points to
    Customer,
    Identity,
    Conversation,
    Case,
    CaseTag,
    Strand,
    Message,
    Note,
    Event,
    TimelineEntry,
)
WORDS = (
    "Hello, my order 48213 has arrived, but the lamp does not switch on. I tried another bulb and another "
    "socket. Could you send me a new one, or tell me what else I can try? See https://shop.example/lamps."
)


@dataclass(frozen=True, slots=True)
class Crowd:
    """Whom the rows belong to; all cases have the one agent."""

    agent: Agent
    mailbox: Channel
    chat: Channel
    tags: tuple[int, ...]


async def fill(
    database: Database, agent: Agent, mailbox: Channel, chat: Channel, count: int, *, longest: int = LONG
) -> list[str]:
    """*count* more conversations. Answers the public ids of the long ones: two strands, *longest* messages,
    notes, two cases with tags."""
    crowd = Crowd(agent, mailbox, chat, await _company(database))
    long_ones: list[str] = []
    for begin in range(0, count, AT_ONCE):
        async with database.transaction() as session:
            maker = _Maker(crowd, await _newest(session), longest)
            long_ones += maker.make(range(begin, min(begin + AT_ONCE, count)))
            for model in ORDER:
                if maker.rows[model]:
                    await session.execute(insert(model.__table__), maker.rows[model])  # type: ignore[arg-type]
            await session.execute(update(EventCounter).values(position=maker.position))
            await session.execute(update(CaseNumber).values(newest=maker.number))
    return long_ones


async def _company(database: Database) -> tuple[int, ...]:
    async with database.transaction() as session:
        for number in range(COLLEAGUES):
            session.add(Agent(email=f"colleague{number}@desk.example", name=f"Colleague {number}"))
        session.add_all(Team(name=f"Team {n}", slug=f"team-{n}", hue=n + 1) for n in range(TEAMS))
        tags = [Tag(name=f"tag {n}", hue=n % 8 + 1) for n in range(TAGS)]
        session.add_all(tags)
        await session.flush()
        return tuple(tag.id for tag in tags)


async def _newest(session: AsyncSession) -> dict[str, int]:
    """The largest id of each table that is filled, the newest position and the newest case number."""
    models = (Customer, Identity, Conversation, Case, Strand, Message, Note, Event)
    newest = {m.__name__: await session.scalar(select(func.coalesce(func.max(m.id), 0))) or 0 for m in models}
    newest["position"] = await session.scalar(select(EventCounter.position)) or 0
    newest["number"] = await session.scalar(select(CaseNumber.newest)) or 0
    return newest


class _Maker:
    """Rows of several conversations; knows the next free id of each table."""

    def __init__(self, crowd: Crowd, newest: dict[str, int], longest: int) -> None:
        self.crowd, self._longest = crowd, longest
        self.position, self.number = newest.pop("position"), newest.pop("number")
        self._ids: dict[str, itertools.count[int]] = {
            name: itertools.count(last + 1) for name, last in newest.items()
        }
        self.rows: dict[type[Model], list[dict[str, Any]]] = {model: [] for model in ORDER}
        self._now = clock.now()

    def make(self, numbers: range) -> list[str]:
        """Make `rows`; answers the public ids of the long ones."""
        long_ones = []
        for number in numbers:
            is_long = number % LONG_EVERY == 0
            opened = self._conversation(number, self._longest if is_long else SHORT, is_long=is_long)
            if is_long:
                long_ones.append(opened)
        return long_ones

    def _add(self, model: type[Model], **values: Any) -> None:
        self.rows[model].append(values)

    def _id(self, model: type[Model]) -> int:
        return next(self._ids[model.__name__])

    def _conversation(self, number: int, messages: int, *, is_long: bool) -> str:
        at = self._now - timedelta(days=30) + timedelta(seconds=number)
        name, opened = f"Customer {number}", public_id()
        customer, conversation = self._id(Customer), self._id(Conversation)
        company = f"Company {number // 4}" if is_long else ""
        self._add(Customer, id=customer, public_id=public_id(), created_at=at, name=name, company=company)
        self._add(
            Conversation,
            id=conversation,
            public_id=opened,
            created_at=at,
            customer_id=customer,
            last_message_at=at + timedelta(minutes=messages),
        )
        channels = (self.crowd.mailbox, self.crowd.chat) if is_long else (self.crowd.mailbox,)
        strands = [self._strand(conversation, customer, number, channel, name) for channel in channels]
        for index in range(messages):
            channel, identity, case, strand = strands[index % len(strands)]
            moment = at + timedelta(minutes=index)
            self._message(conversation, case, strand, channel, identity, moment, is_ours=index % 4 == 3)
            if is_long and index % 8 == 7:
                self._note(conversation, case, moment)
        return opened

    def _strand(
        self, conversation: int, customer: int, number: int, channel: Channel, name: str
    ) -> tuple[Channel, int, int, int]:
        at = self._now
        identity, case, strand = self._id(Identity), self._id(Case), self._id(Strand)
        kind = "email" if channel is self.crowd.mailbox else "visitor"
        self._add(
            Identity,
            id=identity,
            created_at=at,
            customer_id=customer,
            kind=kind,
            address=f"{kind}{number}@mail.example",
            name=name,
            proof="received",
        )
        self.number += 1
        common = {"conversation_id": conversation, "origin_conversation_id": conversation}
        waiting = at - timedelta(seconds=number) if number % 3 else None
        self._add(
            Case,
            id=case,
            number=self.number,
            **common,
            status="open" if number % 3 else "pending",
            subject=f"The lamp of order {number}",
            assignee_id=self.crowd.agent.id,
            waiting_since=waiting,
            opened_at=at,
            last_message_at=at,
            last_channel_kind=channel.kind,
            last_direction="inbound",
            last_author=name,
            preview=WORDS[:120],
        )
        self._add(CaseTag, case_id=case, tag_id=self.crowd.tags[number % TAGS])
        self._add(
            Strand,
            id=strand,
            public_id=public_id(),
            created_at=at,
            **common,
            case_id=case,
            channel_id=channel.id,
            identity_id=identity,
            subject=f"The lamp of order {number}",
            mailbox=channel.address,
            waiting_since=waiting,
            last_inbound_at=at,
            last_message_at=at,
        )
        return channel, identity, case, strand

    def _message(
        self,
        conversation: int,
        case: int,
        strand: int,
        channel: Channel,
        identity: int,
        at: Any,
        *,
        is_ours: bool,
    ) -> None:
        message = self._id(Message)
        common = {"conversation_id": conversation, "case_id": case}
        self._add(
            Message,
            id=message,
            public_id=public_id(),
            created_at=at,
            **common,
            origin_conversation_id=conversation,
            strand_id=strand,
            channel_id=channel.id,
            identity_id=identity,
            position=self.position + 1,
            direction="outbound" if is_ours else "inbound",
            author_kind="agent" if is_ours else "customer",
            author_agent_id=self.crowd.agent.id if is_ours else None,
            subject="The lamp",
            text=WORDS,
            delivery="sent" if is_ours else None,
        )
        self._event("message.queued" if is_ours else "message.received", at, common, message_id=message)

    def _note(self, conversation: int, case: int, at: Any) -> None:
        note = self._id(Note)
        common = {"conversation_id": conversation, "case_id": case}
        self._add(
            Note,
            id=note,
            public_id=public_id(),
            created_at=at,
            **common,
            origin_conversation_id=conversation,
            author_id=self.crowd.agent.id,
            text="A spare one is on its way; the warehouse knows.",
        )
        self._event("note.added", at, common, note_id=note)

    def _event(self, kind: str, at: Any, common: dict[str, int], **subject: int) -> None:
        self.position += 1
        event = self._id(Event)
        entry = {"message_id": None, "note_id": None} | subject
        self._add(
            Event,
            id=event,
            position=self.position,
            kind=kind,
            at=at,
            **common,
            actor_kind="agent",
            actor_id=self.crowd.agent.id,
            **entry,
        )
        self._add(
            TimelineEntry,
            position=self.position,
            **common,
            kind=kind.partition(".")[0],
            event_id=event,
            **entry,
        )
