"""Agents' sockets: nothing lost and nothing twice, for those who may see it and for nobody else."""

import asyncio
import random
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest

from inbox.actions import agents, assignments
from inbox.actions.cases import open_case
from inbox.actions.merges import merge
from inbox.actors import SYSTEM
from inbox.db import Database
from inbox.models import Agent, Case, Customer, Place
from inbox.queries.shown import Entry
from tests.builders import Scene, a_conversation, a_customer, an_agent, an_inbound_message
from tests.web.live.tabs import Desk, Page, Tab, open_desk, page_of
from web.live import hub as hub_module, socket as socket_module
from web.live.cursors import cursor_of
from web.live.fragments import Fragments, draw_entry

EVENTS = 200


@dataclass(slots=True)
class Office:
    """A desk, a conversation, and an agent with a session."""

    desk: Desk
    scene: Scene
    agent: Agent
    cookie: str

    async def write(self, text: str = "more") -> None:
        async with self.desk.database.transaction() as session:
            await an_inbound_message(session, self.scene, text=text)

    async def page(self) -> Page:
        return await page_of(self.desk.database, self.scene.conversation)


@pytest.fixture
async def office(database: Database) -> AsyncIterator[Office]:
    async with open_desk(database) as desk:
        yield await staffed(desk)


async def staffed(desk: Desk) -> Office:
    async with desk.database.transaction() as session:
        scene, agent = await a_conversation(session), await an_agent(session)
    return Office(desk, scene, agent, await desk.sign_in(agent))


def applied(page: Page, tab: Tab, sub: str) -> Page:
    for frame in tab.of(sub):
        page.apply(frame["html"])
    return page


async def test_what_happens_reaches_an_open_thread_and_the_lists(office: Office) -> None:
    page = await office.page()

    async with office.desk.tab(office.cookie) as tab:
        sub = tab.open(office.scene.conversation, page.cursor)
        await office.write("a new one")
        await tab.until(lambda: tab.of(sub) and tab.of("lists"))

    assert applied(page, tab, sub).looks() == (await office.page()).looks()
    assert "a new one" in page.looks()[-1]
    assert tab.of("lists")[-1]["signal"] == {"cases": [office.scene.case.number]}
    assert tab.cursors[sub] == tab.cursors["lists"] == (await office.page()).cursor


async def test_what_was_missed_before_the_thread_was_opened_is_replayed(office: Office) -> None:
    page = await office.page()
    for number in range(3):
        await office.write(f"missed {number}")

    async with office.desk.tab(office.cookie, after=page.cursor) as tab:
        sub = tab.open(office.scene.conversation, page.cursor)
        await tab.until(lambda: tab.of(sub) and tab.of("lists"))

    assert applied(page, tab, sub).looks() == (await office.page()).looks()


async def test_two_tabs_at_different_places_lose_nothing_and_get_nothing_twice(
    sqlite_database: Database,
) -> None:
    async with open_desk(
        sqlite_database, kept=20
    ) as desk:  # a small ring: both ways of catching up are taken
        office = await staffed(desk)
        pages = [await office.page(), await office.page()]
        chance = random.Random(7)
        newest: list[str] = []  # the last cursor, once everything has been written

        async def follow(page: Page) -> list[int]:
            got: list[int] = []
            lists, cursor = page.cursor, page.cursor
            while cursor not in newest:
                wanted = chance.randint(1, 3)
                frames, lists, cursor = await some_frames(office, lists, cursor, wanted, newest)
                for frame in frames:
                    page.apply(frame["html"])
                    got += [int(number) for number in re.findall(r"event (\d+);", frame["html"])]
            return got

        followers = [asyncio.create_task(follow(page)) for page in pages]
        number = 0
        while number < EVENTS:
            async with desk.database.transaction() as session:
                for _ in range(min(chance.randint(1, 9), EVENTS - number)):
                    await an_inbound_message(session, office.scene, text=f"event {number};")
                    number += 1
        fresh = await office.page()
        newest.append(fresh.cursor)
        async with asyncio.timeout(60):
            got = [await follower for follower in followers]

        assert got == [list(range(EVENTS))] * 2
        assert [page.looks() for page in pages] == [fresh.looks()] * 2


async def some_frames(
    office: Office, lists: str, cursor: str, wanted: int, last: list[str]
) -> tuple[list[dict[str, str]], str, str]:
    """Connect at these cursors, and stay until so many frames have come or the last cursor is reached.

    Answers the frames and the cursors to go on with.
    """
    async with office.desk.tab(office.cookie, after=lists) as tab:
        sub = tab.open(office.scene.conversation, cursor)
        await tab.until(lambda: len(tab.of(sub)) >= wanted or tab.cursors[sub] in last)
        return tab.of(sub), tab.cursors["lists"], tab.cursors[sub]


async def test_a_slow_reader_is_shown_the_door_and_resumes(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket_module, "SEND_SECONDS", 0.05)
    monkeypatch.setattr(hub_module, "LOOK_SECONDS", 0.02)
    async with open_desk(sqlite_database) as desk:
        office = await staffed(desk)
        page = await office.page()
        async with desk.tab(office.cookie) as tab:
            sub = tab.open(office.scene.conversation, page.cursor)
            await tab.until(lambda: tab.frames)
            tab.is_reading.clear()
            for number in range(5):
                await office.write(f"unread {number}")
            await tab.until(lambda: tab.closed_with)
        for frame in tab.of(sub):
            page.apply(frame["html"])

        async with desk.tab(office.cookie, after=tab.cursors["lists"]) as again:
            again.open(office.scene.conversation, tab.cursors[sub])
            newest = (await office.page()).cursor
            await again.until(lambda: again.cursors[sub] == newest)

        assert tab.closed_with == 1013
        assert applied(page, again, sub).looks() == (await office.page()).looks()


async def test_an_event_is_drawn_once_for_fifty_readers(sqlite_database: Database) -> None:
    drawn: list[str] = []

    def counting(entry: Entry, place: Place, language: str) -> str:
        drawn.append(entry.element_id)
        return draw_entry(entry, place, language)

    async with (
        open_desk(sqlite_database, fragments=Fragments(draw=counting)) as desk,
        AsyncExitStack() as open_tabs,
    ):
        office = await staffed(desk)
        page = await office.page()
        tabs = [await open_tabs.enter_async_context(desk.tab(office.cookie)) for _ in range(50)]
        for tab in tabs:
            tab.open(office.scene.conversation, page.cursor)
            await tab.heard("signal")  # who is here: the thread is open
        await office.write("for everybody")
        for tab in tabs:
            await tab.heard("html")

    assert len(drawn) == 1
    assert len({str([frame for frame in tab.frames if "html" in frame]) for tab in tabs}) == 1


async def test_those_who_may_not_see_a_case_hear_nothing_of_it(office: Office) -> None:
    async with office.desk.database.transaction() as session:
        scene, outsider = office.scene, await an_agent(session, name="Otto")
        private = await open_case(session, scene.conversation, subject="Salary", channel=scene.channel)
        private.is_private, private.assignee_id = True, office.agent.id
    others = await office.desk.sign_in(outsider)
    page = await office.page()

    async with office.desk.tab(office.cookie) as insider, office.desk.tab(others) as other:
        sub = insider.open(scene.conversation, page.cursor)
        other.open(scene.conversation, page.cursor)
        async with office.desk.database.transaction() as session:
            await an_inbound_message(session, scene, text="for a few", case=private)
        await office.write("for everybody")
        newest = (await office.page()).cursor
        await insider.until(lambda: insider.cursors[sub] == newest and insider.of("lists"))
        await other.until(lambda: other.cursors[sub] == newest and other.of("lists"))

    told = [str(tab.of(sub)) for tab in (insider, other)]
    assert "for a few" in told[0], "somebody must see it for this test to mean anything"
    assert "for a few" not in told[1]
    assert "for everybody" in told[1]
    assert str(private.number) in str(insider.of("lists"))
    assert str(private.number) not in str(other.of("lists"))


async def test_who_loses_sight_of_a_private_case_is_told_to_look_again(office: Office) -> None:
    async with office.desk.database.transaction() as session:
        scene, outsider = office.scene, await an_agent(session, name="Otto")
        case = await session.get_one(Case, scene.case.id)
        case.is_private, case.assignee_id = True, outsider.id
    others = await office.desk.sign_in(outsider)
    page = await office.page()

    async with office.desk.tab(others) as tab:
        sub = tab.open(scene.conversation, page.cursor)
        await tab.until(lambda: tab.frames)
        async with office.desk.database.transaction() as session:
            case = await session.get_one(Case, scene.case.id)
            await assignments.assign(session, case, to=office.agent, by=SYSTEM)
        await tab.until(lambda: tab.of(sub) and tab.of("lists"))

    assert tab.of(sub) == [{"sub": sub, "reset": True}]
    assert tab.of("lists")[-1]["signal"] == {"cases": [case.number]}


@pytest.mark.parametrize("cursor", ["", "nonsense", "p-1", "pffffffff", cursor_of(10**9)])
async def test_a_cursor_that_fits_nothing_asks_for_a_fresh_page(office: Office, cursor: str) -> None:
    async with office.desk.tab(office.cookie, after=cursor) as tab:
        sub = tab.open(office.scene.conversation, cursor)
        await tab.until(lambda: tab.of("lists") and tab.of(sub))

    assert tab.of("lists") == [{"sub": "lists", "reset": True}]
    assert tab.of(sub) == [{"sub": sub, "reset": True}]


async def test_a_thread_that_was_merged_away_is_asked_for_anew(office: Office) -> None:
    async with office.desk.database.transaction() as session:
        other = await a_conversation(session, customer=await a_customer(session, name="Ana again"))
        kept = await a_conversation(session, customer=await a_customer(session, name="Bea"))
    page = await page_of(office.desk.database, other.conversation)

    async with office.desk.tab(office.cookie) as tab:
        sub = tab.open(other.conversation, page.cursor)
        await tab.until(lambda: tab.frames)
        async with office.desk.database.transaction() as session:
            gone = await session.get_one(Customer, other.customer.id)
            await merge(
                session, gone, into=await session.get_one(Customer, kept.customer.id), by=office.agent
            )
        await tab.until(lambda: tab.of(sub))
    async with office.desk.tab(office.cookie) as later:
        later.open(other.conversation, page.cursor)
        await later.until(lambda: later.of(sub))

    assert tab.of(sub) == later.of(sub) == [{"sub": sub, "reset": True}]


async def test_without_a_session_there_is_no_socket(office: Office) -> None:
    async with office.desk.tab("onethread_session=wrong") as tab:
        await tab.until(lambda: tab.closed_with)

    assert (tab.closed_with, tab.frames) == (4401, [])


async def test_a_session_that_ends_takes_its_sockets_along(office: Office) -> None:
    async with office.desk.database.transaction() as session:
        other = await an_agent(session)
    colleague = await office.desk.sign_in(other)

    async with office.desk.tab(office.cookie) as tab, office.desk.tab(colleague) as stays:
        stays.open(office.scene.conversation, (await office.page()).cursor)
        await stays.until(lambda: stays.frames)
        async with office.desk.database.transaction() as session:
            await agents.deactivate(session, await session.get_one(Agent, office.agent.id), by=SYSTEM)
        await tab.until(lambda: tab.closed_with)
        await office.write("after")
        await stays.until(lambda: stays.of("lists"))

    assert tab.closed_with == 4401
    assert stays.closed_with is None


@pytest.mark.parametrize(
    "text", ["{", "[]", "7", '{"t":9}', '{"t":"nonsense"}', '{"t":"open","sub":"timeline:x"}']
)
async def test_what_is_not_understood_is_counted_and_ignored(office: Office, text: str) -> None:
    before = socket_module.ignored._value.get()

    async with office.desk.tab(office.cookie) as tab:
        tab.say_text(text)
        await office.write("still here")
        await tab.until(lambda: tab.of("lists"))

    assert tab.closed_with is None
    assert socket_module.ignored._value.get() == before + 1


async def test_a_flood_of_frames_ends_the_socket(office: Office) -> None:
    async with office.desk.tab(office.cookie) as tab:
        for _ in range(40):
            tab.say(t="pong")
        await tab.until(lambda: tab.closed_with)

    assert tab.closed_with == 1008


async def test_a_frame_that_is_too_long_ends_the_socket(office: Office) -> None:
    async with office.desk.tab(office.cookie) as tab:
        tab.say(t="pong", filling="x" * 70_000)
        await tab.until(lambda: tab.closed_with)

    assert tab.closed_with == 1009


async def test_a_quiet_socket_is_asked_whether_it_is_there(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket_module, "PING_SECONDS", 0.05)
    monkeypatch.setattr(hub_module, "LOOK_SECONDS", 0.02)

    async with office.desk.tab(office.cookie) as tab:
        await tab.until(lambda: {"ping": 1} in tab.frames)
        assert tab.frames.count({"ping": 1}) >= 1


async def test_another_process_that_writes_is_noticed(database: Database, database_url: str) -> None:
    async with open_desk(database) as desk, Database(database_url) as elsewhere:
        office = await staffed(desk)
        async with desk.tab(office.cookie) as tab:
            async with elsewhere.transaction() as session:
                await an_inbound_message(session, office.scene, text="from the command line")
            await tab.until(lambda: tab.of("lists"))
            assert tab.of("lists")
