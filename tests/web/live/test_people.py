"""Who is here, and who is away, told to everybody who has a page open."""

import asyncio
import json
from datetime import timedelta
from typing import Any

from inbox import clock
from inbox.actions.absences import plan_absence
from inbox.actors import Actor
from inbox.db import Database
from tests.builders import an_agent
from tests.web.live.tabs import open_desk
from web.live import people as module
from web.live.people import People
from web.live.presence import Viewer


class Page:
    """A page that keeps what it was told."""

    def __init__(self, viewer: Viewer) -> None:
        self.viewer = viewer
        self.is_idle = False
        self.told: list[dict[str, Any]] = []

    def whisper(self, key: str, frame: str) -> None:
        assert key == "people"
        self.told.append(json.loads(frame)["signal"]["people"])


async def test_pages_are_told_who_comes_who_goes_and_who_is_away(
    sqlite_database: Database, monkeypatch: Any
) -> None:
    async with sqlite_database.transaction() as session:
        maya, priya = await an_agent(session), await an_agent(session, name="Priya Nair")
    pages = [Page(Viewer(maya.public_id, maya.name))]
    people = People(sqlite_database, lambda: pages)
    await people.look()
    await people.look()
    pages.append(Page(Viewer(priya.public_id, priya.name)))
    people.welcome(pages[1])
    await people.look()
    async with sqlite_database.transaction() as session:
        until = clock.now() + timedelta(days=1)
        await plan_absence(session, priya, ends_at=until, cover=None, by=Actor.agent(priya))
    await people.look()
    monkeypatch.setattr(module, "GONE_SECONDS", 0.0)
    del pages[1]
    await people.look()

    here = [[one["name"] for one in frame["here"]] for frame in pages[0].told]
    assert here == [["Maya Okafor"], ["Maya Okafor", "Priya Nair"], ["Maya Okafor", "Priya Nair"], []]
    assert [frame["away"] for frame in pages[0].told] == [[], [], [priya.public_id], [priya.public_id]]


async def test_somebody_is_away_while_all_of_their_pages_are_left_alone(sqlite_database: Database) -> None:
    maya, priya = Viewer("maya", "Maya"), Viewer("priya", "Priya")
    pages = [Page(maya), Page(priya), Page(priya)]
    people = People(sqlite_database, lambda: pages)
    for idle in ((False, True), (True, True), (True, False)):
        pages[1].is_idle, pages[2].is_idle = idle
        await people.look()

    told = pages[0].told
    assert [[one["name"] for one in frame["here"]] for frame in told] == [
        ["Maya", "Priya"],
        ["Maya"],
        ["Maya", "Priya"],
    ]
    assert [frame["away"] for frame in told] == [[], ["priya"], []]
    assert people.here == {"maya", "priya"} and not people.idle


async def test_a_tab_says_that_it_is_left_alone_and_when_somebody_is_back(sqlite_database: Database) -> None:
    async with open_desk(sqlite_database) as desk:
        async with sqlite_database.transaction() as session:
            maya = await an_agent(session)
        async with desk.tab(await desk.sign_in(maya)) as tab:
            seen = []
            for on in (True, False):
                tab.say(t="idle", on=on)
                async with asyncio.timeout(10):
                    while desk.hub.people.idle != ({maya.public_id} if on else frozenset()):
                        await asyncio.sleep(0.01)
                        await desk.hub.people.look()
                seen.append(maya.public_id in desk.hub.people.idle)

            assert seen == [True, False]
