"""Who is here and who types: told at once, never stored, and over when they leave."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field

import pytest

from inbox.db import Database
from inbox.models import Agent
from tests.builders import Scene, a_conversation, an_agent
from tests.web.live.tabs import Desk, Tab, open_desk, page_of
from web.live.presence import GONE_SECONDS, Presence, Viewer
from web.live.signals import Signal, SignalKind, Signals

MAYA, PRIYA = Viewer("a1", "Maya"), Viewer("a2", "Priya")


@dataclass(slots=True)
class Timers:
    """Time that passes when the test says so."""

    waiting: list[tuple[float, Callable[[], None], asyncio.TimerHandle]] = field(default_factory=list)

    def later(self, seconds: float, action: Callable[[], None]) -> asyncio.TimerHandle:
        loop = asyncio.get_running_loop()
        handle = asyncio.TimerHandle(loop.time() + seconds, action, (), loop)
        self.waiting.append((seconds, action, handle))
        return handle

    def pass_by(self) -> None:
        waiting, self.waiting = self.waiting, []
        for seconds, action, handle in waiting:
            assert seconds == GONE_SECONDS
            if not handle.cancelled():
                action()


@pytest.fixture
def told() -> list[list[str]]:
    return []


@pytest.fixture
def timers() -> Timers:
    return Timers()


@pytest.fixture
def presence(told: list[list[str]], timers: Timers) -> Iterator[Presence]:
    def hear(signal: Signal) -> None:
        told.append([one["name"] for one in signal.payload["agents"]])

    signals = Signals()
    with signals.subscribe(hear):
        yield Presence(signals, later=timers.later)


async def test_who_comes_is_told_once_however_many_tabs_they_have(
    presence: Presence, told: list[list[str]]
) -> None:
    presence.arrive(7, MAYA, "tab 1")
    presence.arrive(7, MAYA, "tab 2")
    presence.arrive(7, PRIYA, "tab 3")

    assert told == [["Maya"], ["Maya", "Priya"]]
    assert presence.viewers(7) == [MAYA, PRIYA]
    assert presence.viewers(8) == []


async def test_who_leaves_is_gone_after_a_while_and_a_reload_does_not_show(
    presence: Presence, told: list[list[str]], timers: Timers
) -> None:
    presence.arrive(7, MAYA, "tab 1")
    presence.arrive(7, PRIYA, "tab 2")

    presence.leave(7, MAYA, "tab 1")
    presence.arrive(7, MAYA, "tab 1, loaded again")
    presence.leave(7, PRIYA, "tab 2")
    before = list(told)
    timers.pass_by()

    assert before == [["Maya"], ["Maya", "Priya"]]
    assert told[-1] == ["Maya"]
    assert len(told) == 3


async def test_a_tab_that_left_twice_takes_nobody_else_along(presence: Presence, timers: Timers) -> None:
    presence.arrive(7, MAYA, "tab 1")
    presence.arrive(7, MAYA, "tab 2")

    presence.leave(7, MAYA, "tab 1")
    presence.leave(7, MAYA, "tab 1")
    timers.pass_by()

    assert presence.viewers(7) == [MAYA]


@dataclass(slots=True)
class Office:
    desk: Desk
    scene: Scene
    maya: Agent
    cookies: tuple[str, str]

    async def open(self, tab: Tab) -> None:
        tab.open(self.scene.conversation, (await page_of(self.desk.database, self.scene.conversation)).cursor)
        await tab.heard("signal")


@pytest.fixture
async def office(sqlite_database: Database) -> AsyncIterator[Office]:
    async with open_desk(sqlite_database) as desk:
        async with sqlite_database.transaction() as session:
            scene, maya, priya = (
                await a_conversation(session),
                await an_agent(session),
                await an_agent(session),
            )
        yield Office(desk, scene, maya, (await desk.sign_in(maya), await desk.sign_in(priya)))


def signals(tab: Tab, name: str) -> list[dict[str, object]]:
    return [frame["signal"][name] for frame in tab.frames if name in frame.get("signal", {})]


async def test_teammates_see_who_looks_and_who_types(office: Office) -> None:
    conversation = office.scene.conversation.public_id
    async with office.desk.tab(office.cookies[0]) as maya, office.desk.tab(office.cookies[1]) as priya:
        await office.open(priya)
        maya.say(t="view", conversation=conversation)
        maya.say(t="typing", conversation=conversation, on=True)
        await priya.until(lambda: signals(priya, "typing") and len(signals(priya, "presence")) > 1)

    agent = {"id": office.maya.public_id, "name": office.maya.name}
    assert signals(priya, "presence")[-1] == {"conversation": conversation, "agents": [agent]}
    typing = {"conversation": conversation, "agent": agent["id"], "name": agent["name"], "on": True}
    assert signals(priya, "typing")[0] == typing
    assert all("cursor" not in frame for frame in priya.frames if "typing" in frame.get("signal", {}))


async def test_who_opens_a_thread_is_told_who_is_there(office: Office) -> None:
    conversation = office.scene.conversation.public_id
    async with office.desk.tab(office.cookies[0]) as maya:
        maya.say(t="view", conversation=conversation)
        await maya.until(lambda: office.desk.hub.presence.viewers(office.scene.conversation.id))
        async with office.desk.tab(office.cookies[1]) as priya:
            await office.open(priya)

    assert [one["name"] for one in signals(priya, "presence")[0]["agents"]] == [office.maya.name]  # type: ignore[attr-defined]


async def test_a_customer_who_types_shows_in_every_list_unless_a_case_is_private(office: Office) -> None:
    conversation = office.scene.conversation
    async with office.desk.database.transaction() as session:
        hidden = await a_conversation(session)
        hidden.case.is_private = True
    async with office.desk.tab(office.cookies[0]) as tab:
        await office.open(tab)
        for one in (hidden.conversation, conversation):
            office.desk.hub.signals.publish(
                SignalKind.TYPING, one.id, {"side": "customer", "on": True, "agent": None}
            )
        await tab.until(lambda: signals(tab, "typing"))

    assert signals(tab, "typing") == [
        {"conversation": conversation.public_id, "agent": None, "name": "Ana Sousa", "on": True}
    ]


async def test_who_may_see_no_case_of_a_conversation_is_not_there_and_does_not_type(
    office: Office,
) -> None:
    async with office.desk.database.transaction() as session:
        hidden = await a_conversation(session)
        hidden.case.is_private = True
    heard: list[Signal] = []
    with office.desk.hub.signals.subscribe(heard.append):
        async with office.desk.tab(office.cookies[0]) as tab:
            tab.say(t="open", sub=f"timeline:{hidden.conversation.public_id}", after="")
            tab.say(t="view", conversation=hidden.conversation.public_id)
            tab.say(t="typing", conversation=hidden.conversation.public_id, on=True)
            await office.open(tab)

    assert office.desk.hub.presence.viewers(hidden.conversation.id) == []
    assert [one.conversation_id for one in heard if one.conversation_id == hidden.conversation.id] == []
    assert all(one["conversation"] != hidden.conversation.public_id for one in signals(tab, "presence"))


async def test_somebody_whose_tab_goes_types_no_more(office: Office) -> None:
    conversation = office.scene.conversation.public_id
    async with office.desk.tab(office.cookies[1]) as priya:
        await office.open(priya)
        async with office.desk.tab(office.cookies[0]) as maya:
            maya.say(t="typing", conversation=conversation, on=True)
            await priya.until(lambda: signals(priya, "typing"))
        await priya.until(lambda: signals(priya, "typing")[-1]["on"] is False)
        assert signals(priya, "typing")[0]["on"] is True


async def test_words_of_a_note_are_not_told_as_typing(office: Office) -> None:
    async with office.desk.tab(office.cookies[0]) as tab:
        await office.open(tab)
        payload = {"side": "agent", "on": True, "agent": {"id": "x", "name": "X"}}
        key = office.scene.conversation.id
        office.desk.hub.signals.publish(SignalKind.TYPING, key, payload | {"is_note": True})
        office.desk.hub.signals.publish(SignalKind.TYPING, key, payload | {"agent": None, "side": "customer"})
        await tab.until(lambda: signals(tab, "typing"))

    assert [one["agent"] for one in signals(tab, "typing")] == [None]
