"""Whatever happens between a panel and the server, the panel shows in the end what a fresh one shows."""

import random
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import select

from inbox.actions import handoffs, resolutions
from inbox.blobs import BlobStore
from inbox.config import Settings
from inbox.db import Database
from inbox.models import Agent, Case, Handoff, HandoffState, Status
from tests.builders import an_agent
from tests.services.visiting import SHOP, Panel, Site, webchat_site

STEPS = 30
_MESSAGE = re.compile(r'<div class="w-m.*?(?=<div class="w-m[ "]|\Z)', re.DOTALL)
_NAMED = re.compile(r'id="(m-\w+)" data-position="(\d+)"')


@dataclass(slots=True)
class Screen:
    """What panel.js makes of the frames that it is told: messages by their ids, and how the chat stands."""

    shown: dict[str, tuple[int, str]] = field(default_factory=dict)
    state: dict[str, Any] = field(default_factory=dict)

    def take(self, frames: list[dict[str, Any]]) -> None:
        for frame in frames:
            if "html" in frame:
                if frame.get("reset"):
                    self.shown.clear()
                for html in _MESSAGE.findall(frame["html"]):
                    named = _NAMED.search(html)
                    assert named is not None, html
                    self.shown[named[1]] = (int(named[2]), html)
            self.state = frame.get("state", self.state)

    def in_order(self) -> list[str]:
        return [html for _, html in sorted(self.shown.values())]


@pytest.fixture
async def site(settings: Settings, sqlite_database: Database, blobs: BlobStore) -> AsyncIterator[Site]:
    async with webchat_site(settings, sqlite_database, blobs, origins=[SHOP]) as served:
        yield served


@pytest.mark.parametrize("seed", [1, 2])
async def test_after_any_storm_a_panel_shows_what_a_fresh_one_shows(site: Site, seed: int) -> None:
    dice, screen, token, cursor = random.Random(seed), Screen(), "", ""
    async with site.database.transaction() as session:
        tom = await an_agent(session, name="Tomás Leal")
    for number in range(STEPS):
        site.visiting.rates._full_again_at.clear()
        async with AsyncExitStack() as stack:
            panel = await stack.enter_async_context(site.panel(token or None, cursor or None))
            for _ in range(dice.randrange(1, 4)):
                await _something(dice, site, panel, number, tom.id)
            if dice.random() < 0.7:
                await panel.say(t="nonsense")  # its answer comes after all that was told before
                await panel.until("t", "refused")
        screen.take(panel.told)  # the socket is cut here, at whatever moment
        token, cursor = panel.token, panel.cursor or cursor
    async with site.panel(token, cursor) as last, site.panel(token) as fresh:
        for each in (last, fresh):
            await each.say(t="nonsense")
            await each.until("t", "refused")
    screen.take(last.told)
    wanted = Screen()
    wanted.take(fresh.told)
    assert screen.in_order() == wanted.in_order() and wanted.shown
    assert screen.state == wanted.state


async def _something(dice: random.Random, site: Site, panel: Panel, number: int, tom_id: int) -> None:
    what = dice.choice(["write", "write", "answer", "answer", "see", "resolve", "offer", "withdraw", "rate"])
    if what == "write" or not await site.count(Case):
        client_id = f"{number:08}{dice.randrange(2):08}"  # now and then the same once more
        await panel.say(t="message", client_id=client_id, text=f"Message {client_id}")
        await panel.until("t", "filed")
    elif what == "answer":
        await site.answer(f"Answer *{number}*")
    elif what == "see":
        shown = [named[1] for frame in panel.told for named in _NAMED.finditer(str(frame.get("html")))]
        if shown:
            await panel.say(t="seen", message=dice.choice(shown).removeprefix("m-"))
    elif what == "rate":
        await panel.say(t="rate", score=dice.randrange(1, 6))
    else:
        await _something_inside(what, site, tom_id)


async def _something_inside(what: str, site: Site, tom_id: int) -> None:
    async with site.database.transaction() as session:
        maya, tom = await session.get_one(Agent, site.agent.id), await session.get_one(Agent, tom_id)
        case = (await session.scalars(select(Case))).one()
        offered = (
            await session.scalars(select(Handoff).where(Handoff.state == HandoffState.OFFERED))
        ).first()
        if what == "resolve":
            await resolutions.resolve(session, case, by=maya)
        elif what == "offer" and offered is None and case.status == Status.OPEN:
            await handoffs.offer(session, case, to=tom, by=maya, reason="Brass is yours")
        elif what == "withdraw" and offered is not None:
            await handoffs.withdraw(session, offered, by=maya)
