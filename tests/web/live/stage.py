"""A conversation on which things happen, for the parity of page and push."""

import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actions import (
    deliveries,
    departures,
    handoffs,
    messages,
    notes,
    replies,
    undos,
)
from inbox.clock import FrozenClock
from inbox.db import Database
from inbox.envelopes import (
    Address,
    ChannelKind,
    InboundMessage,
    Outcome,
    RecipientOutcome,
)
from inbox.models import (
    Agent,
    Case,
    Conversation,
    EventKind,
    Handoff,
    IntakeRecord,
    Message,
    Model,
    Note,
    Team,
)
from inbox.placements import Arrival
from tests.builders import (
    KEYS,
    Scene,
    a_conversation,
    a_customer,
    a_team,
    an_agent,
)

M = TypeVar("M", bound=Model)

RULES = messages.FilingRules(tokens=KEYS.strand_tokens())
SETTINGS = replies.ReplySettings(tokens=KEYS.strand_tokens())
_numbers = itertools.count(1)


@dataclass(slots=True)
class Stage:
    """A conversation by email, agents and a team, and the time, which goes on by itself."""

    database: Database
    clock: FrozenClock
    scene: Scene
    maya: Agent
    priya: Agent
    team: Team
    others: list[Conversation] = field(default_factory=list)

    @property
    def agents(self) -> tuple[Agent, Agent]:
        return self.maya, self.priya

    @asynccontextmanager
    async def act(self) -> AsyncIterator[AsyncSession]:
        """A transaction, some seconds after the last one."""
        self.clock.advance(seconds=7)
        async with self.database.transaction() as session:
            yield session

    async def now(self, session: AsyncSession, row: M) -> M:
        """A row as this session sees it."""
        return await session.get_one(type(row), row.id)

    async def case(self, session: AsyncSession) -> Case:
        return await self.now(session, self.scene.case)

    async def conversation(self, session: AsyncSession) -> Conversation:
        return await self.now(session, self.scene.conversation)

    async def reply(self, text: str = "It leaves **tomorrow**.") -> Message:
        async with self.act() as session:
            conversation = await self.conversation(session)
            return await replies.reply(session, conversation, by=self.maya, text=text, settings=SETTINGS)

    async def receive(self, text: str = "And my lamp?", **more: Any) -> None:
        """A mail from the scene's customer, through the front door."""
        number = next(_numbers)
        given: dict[str, Any] = {
            "channel": ChannelKind.EMAIL,
            "sender": Address(self.scene.identity.address, self.scene.customer.name),
            "content_hash": f"{number:064}",
            "external_id": f"{number}@norte.example",
            "subject": "Lamp",
            "text": text,
            "mailbox": self.scene.channel.address,
        }
        async with self.act() as session:
            channel = await self.now(session, self.scene.channel)
            row = IntakeRecord(channel_id=channel.id, digest="0" * 64, size=1, source="ingest")
            session.add(row)
            await session.flush()
            arrival = Arrival(record_id=row.id, channel=channel, message=InboundMessage(**(given | more)))
            await messages.receive(session, [arrival], RULES)

    async def depart(self, *outcomes: Outcome) -> None:
        """Let what waits in the outbox leave; each attempt has the next outcome."""
        for outcome in outcomes:
            self.clock.advance(minutes=30)
            async with self.act() as session:
                claimed = await departures.claim(session, worker="w", limit=10)
            for departure in claimed:
                answer = RecipientOutcome(outcome=outcome, text="550 no such user here")
                async with self.act() as session:
                    told = dict.fromkeys(departure.recipients, answer)
                    await deliveries.settle(session, departure, told)

    async def note(self, text: str = "@Priya please look") -> Note:
        async with self.act() as session:
            return await notes.add_note(session, await self.conversation(session), by=self.maya, text=text)

    async def offer(self, to: Agent | Team | None = None) -> Handoff:
        async with self.act() as session:
            return await handoffs.offer(
                session, await self.case(session), to=to or self.priya, by=self.maya, reason="Over my limit"
            )

    async def other_scene(self, name: str = "Bea Lund") -> Scene:
        async with self.act() as session:
            scene = await a_conversation(session, customer=await a_customer(session, name=name))
        self.others.append(scene.conversation)
        return scene

    async def undo(self) -> None:
        async with self.act() as session:
            newest = await undos.latest(session, by=self.maya)
            assert newest is not None
            await undos.undo(session, newest.public_id, by=self.maya)


async def set_stage(database: Database, clock: FrozenClock) -> Stage:
    """A stage with two messages."""
    async with database.transaction() as session:
        scene = await a_conversation(session, with_messages=2)
        maya, priya = await an_agent(session), await an_agent(session, name="Priya Nair")
        team = await a_team(session, priya, name=f"Returns {next(_numbers)}")
    return Stage(database, clock, scene, maya, priya, team)


Action = Callable[[Stage], AsyncIterator[None]]


@dataclass(frozen=True, slots=True)
class Play:
    """What happens, and which facts it records."""

    act: Action
    kinds: frozenset[EventKind]


def play(*kinds: EventKind) -> Callable[[Action], Play]:
    """Make a play of a generator; it must record facts of exactly these kinds."""
    return lambda action: Play(action, frozenset(kinds))
