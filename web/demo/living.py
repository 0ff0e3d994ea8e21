"""The demo's customers while it runs: somebody writes every few seconds, and answers what agents wrote."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from channels.email.sink import mail_sink
from inbox.actions import channels as ways
from inbox.actors import SYSTEM
from inbox.envelopes import AddressKind
from inbox.loggers import get_logger
from inbox.queries import channels
from inbox.queries.correspondents import Answered, answered_since, newest_message_id
from web.demo import steps
from web.demo.company import Company, known_company
from web.demo.letters import Person
from web.demo.player import Player
from web.demo.story import Line, Story, story
from web.installation import Installation

PAUSE = (4.0, 10.0)
THINKING = (6.0, 25.0)
LOOK_SECONDS = 1.0
PAGES = ("", "account", "delivery", "floor-lamps/pine", "shades/linen")

log = get_logger(__name__)


@asynccontextmanager
async def living_company(installation: Installation) -> AsyncIterator[None]:
    """Let customers write for as long as the block lasts. What leaves by mail goes to a server that keeps
    nothing."""
    async with mail_sink() as smtp_url, asyncio.TaskGroup() as tasks:
        company = await known_company(installation)
        async with installation.database.transaction() as session:
            mailbox = await channels.by_id(session, company.mailbox.public_id)
            await ways.change_channel(
                session, mailbox, by=SYSTEM, keys=installation.keys, settings={"smtp_url": smtp_url}
            )
        crowd = Crowd(installation, company)
        running = [tasks.create_task(crowd.write()), tasks.create_task(crowd.read())]
        try:
            yield
        finally:
            for task in running:
                task.cancel()


class Crowd:
    """All customers together. *chance* decides who writes what; tests give one that is known."""

    def __init__(
        self,
        installation: Installation,
        company: Company,
        *,
        told: Story | None = None,
        chance: random.Random | None = None,
    ) -> None:
        self._installation = installation
        self._company = company
        self._player = Player(installation, company)
        self._told = told or story()
        self._chance = chance or random.Random()

    async def write(self) -> None:
        """Let somebody write every few seconds, for ever."""
        while True:
            await asyncio.sleep(self._chance.uniform(*PAUSE))
            try:
                await self.say_something()
            except Exception:
                log.exception("demo.not_written")

    async def say_something(self) -> None:
        """Let one customer write one thing."""
        people = [self._told.people[key] for key in self._told.writing_on]
        who, line = self._chance.choice(people), self._chance.choice(self._told.lines)
        await self._player.take(self._step(who, line))

    async def read(self) -> None:
        """Let customers answer, after a while, what agents write from now on."""
        async with self._installation.database.reading() as session:
            seen = await newest_message_id(session)
        async with asyncio.TaskGroup() as tasks:
            while True:
                await asyncio.sleep(LOOK_SECONDS)
                async with self._installation.database.reading() as session:
                    fresh = await answered_since(session, seen)
                for answered in fresh:
                    seen = max(seen, answered.message.id)
                    tasks.create_task(self._answer_later(answered))

    async def answer(self, answered: Answered) -> None:
        """Let whoever was written to answer, the way they were written to."""
        who = self._person(answered)
        if who is None:
            return
        text = self._chance.choice(self._told.answers)
        if answered.kind == AddressKind.VISITOR:
            await self._player.chat(who, text, page="https://harbourpine.example/", is_signed=False)
        else:
            await self._player.answer_mail(who, f"{text}\n\n{who.name.split()[0]}")

    async def _answer_later(self, answered: Answered) -> None:
        undo = self._installation.settings.undo_seconds if answered.kind == AddressKind.EMAIL else 0
        await asyncio.sleep(undo + self._chance.uniform(*THINKING))
        try:
            await self.answer(answered)
        except Exception:
            log.exception("demo.not_answered")

    def _person(self, answered: Answered) -> Person | None:
        for who in self._told.people.values():
            if answered.address in (who.address, self._player.visitor(who)):
                return who
        return None

    def _step(self, who: Person, line: Line) -> steps.Step:
        order = str(self._chance.randint(47000, 48999))
        text = line.text.format(order=order, first=who.name.split()[0])
        if line.way == "chat":
            page = f"https://harbourpine.example/{self._chance.choice(PAGES)}"
            return steps.Chat(who=who, ago=0, text=text, page=page)
        if line.way == "form":
            fields = {"order": order, "item": "Linen shade", "wish": line.wish, "message": text}
            return steps.Form(who=who, ago=0, fields=fields)
        return steps.Mail(who=who, ago=0, subject=line.subject.format(order=order), text=text)
