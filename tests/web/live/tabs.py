"""Agents' pages and tabs without a browser and without a network: a page is rendered from its partials, a tab
speaks with the application as live.js does, and is as slow as the test wants."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from bs4 import BeautifulSoup, Tag
from starlette.applications import Starlette
from starlette.types import Message

from inbox.actions import sign_ins
from inbox.actors import SYSTEM, Actor
from inbox.config import Settings
from inbox.db import Database
from inbox.models import Agent, Conversation
from inbox.queries import redirects, timelines
from inbox.words import ENGLISH
from web import threads
from web.live.cursors import cursor_of
from web.live.fragments import Fragments
from web.live.hub import Hub
from web.live.signals import Signals
from web.live.socket import live
from web.live.tail import Tail
from web.policy import Policy, socket
from web.templating import environment

PATIENCE = 20.0


class Page:
    """What an agent sees of a conversation, and how pushes change it: timeline.js in a few lines."""

    def __init__(self, html: str, cursor: str) -> None:
        self.soup = BeautifulSoup(html, "html.parser")
        self.cursor = cursor

    @property
    def log(self) -> Tag:
        found = self.soup.find(id="log")
        assert isinstance(found, Tag)
        return found

    @property
    def entries(self) -> list[Tag]:
        return [child for child in self.log.children if isinstance(child, Tag)]

    def apply(self, html: str) -> None:
        """Put pushed fragments into the page."""
        for part in list(BeautifulSoup(html, "html.parser").children):
            if not isinstance(part, Tag):
                continue
            swap = str(part.attrs.pop("hx-swap-oob"))
            if swap == "true":
                self._replace(part)
                continue
            assert swap == "beforeend:#log", swap
            for entry in [child for child in part.children if isinstance(child, Tag)]:
                self._place(entry)

    def _replace(self, part: Tag) -> None:
        twin = self.soup.find(id=str(part["id"]))
        if twin is not None:
            twin.replace_with(part)

    def _place(self, entry: Tag) -> None:
        twin = self.soup.find(id=str(entry["id"]))
        if twin is not None:
            twin.extract()
        later = [one for one in self.entries if _position(one) > _position(entry)]
        if later:
            later[0].insert_before(entry)
        else:
            self.log.append(entry)

    def looks(self) -> list[str]:
        """Each entry as it stands."""
        return [str(entry) for entry in self.entries]


def _position(entry: Tag) -> int:
    return int(str(entry["data-position"]))


async def page_of(
    database: Database, conversation: Conversation, actor: Actor = SYSTEM, *, language: str = ENGLISH
) -> Page:
    """A fresh page: the cursor first, then what stands there."""
    async with database.reading() as session:
        cursor = cursor_of(await timelines.newest_position(session))
        page = await timelines.newest(session, conversation, actor, limit=1000)
    template = environment(language).get_template("timeline/_entry.html")
    entries = "".join(template.render(entry=entry) for entry in page.entries)
    return Page(f'<div id="log">{entries}</div>', cursor)


async def beside_of_page(database: Database, conversation: Conversation, agent: Agent) -> str:
    """What stands beside the timeline for this agent, as its page asks for it."""
    async with database.reading() as session:
        now = await redirects.find_conversation(session, conversation.public_id)
        case = await threads.chosen_case(session, Actor.agent(agent), now)
        thread = await threads.beside_of(session, agent, now, case)
        template = environment().get_template("conversations/_beside.html")
        return template.render(thread=thread, agent=agent, csrf_token=lambda: "a token")


@dataclass(slots=True)
class Desk:
    """An application with nothing but /live."""

    app: Starlette
    database: Database
    hub: Hub

    async def sign_in(self, agent: Agent) -> str:
        """The cookie of a new session."""
        async with self.database.transaction() as session:
            token = await sign_ins.begin_session(session, agent, user_agent="a test")
        return f"onethread_session={token}"

    @asynccontextmanager
    async def tab(self, cookie: str, after: str | None = None) -> AsyncIterator["Tab"]:
        """A tab that is connected as long as the block lasts; *after* is its page's cursor, else of now."""
        if after is None:
            async with self.database.reading() as session:
                after = cursor_of(await timelines.newest_position(session))
        tab = Tab(after)
        running = asyncio.create_task(tab.run(self.app, cookie))
        try:
            yield tab
        finally:
            tab.leave()
            done, _ = await asyncio.wait({running}, timeout=PATIENCE)
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
            assert done, "the socket did not end"


class Tab:
    """One tab. `frames` is what it was told, `cursors` how far, by subscription.

    While `is_reading` is cleared it reads nothing.
    """

    def __init__(self, after: str) -> None:
        self.frames: list[dict[str, Any]] = []
        self.cursors = {"lists": after}
        self.closed_with: int | None = None
        self.is_reading = asyncio.Event()
        self.is_reading.set()
        self._said: asyncio.Queue[Message] = asyncio.Queue()
        self._changed = asyncio.Condition()
        self._said.put_nowait({"type": "websocket.connect"})

    async def run(self, app: Starlette, cookie: str) -> None:
        headers = {
            "host": "127.0.0.1:8000",
            "origin": "http://127.0.0.1:8000",
            "sec-fetch-site": "same-origin",
            "cookie": cookie,
        }
        scope = {
            "type": "websocket",
            "path": "/live",
            "raw_path": b"/live",
            "root_path": "",
            "scheme": "ws",
            "query_string": f"after={self.cursors['lists']}".encode(),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "client": ("127.0.0.1", 50_000),
            "server": ("127.0.0.1", 8000),
            "subprotocols": [],
            "state": {},
            "extensions": {},
        }
        await app(scope, self._said.get, self._send)

    async def _send(self, message: Message) -> None:
        if message["type"] == "websocket.close":
            self.closed_with = message.get("code", 1000)
        elif message["type"] == "websocket.send":
            await self.is_reading.wait()
            said = json.loads(message["text"])
            for frame in said if isinstance(said, list) else [said]:
                self.frames.append(frame)
                if "cursor" in frame:
                    self.cursors[frame["sub"]] = frame["cursor"]
        async with self._changed:
            self._changed.notify_all()

    def say(self, **frame: object) -> None:
        """One frame to the server."""
        self.say_text(json.dumps(frame))

    def say_text(self, text: str) -> None:
        self._said.put_nowait({"type": "websocket.receive", "text": text})

    def leave(self) -> None:
        """The network is cut."""
        self.is_reading.set()
        self._said.put_nowait({"type": "websocket.disconnect", "code": 1006})

    def open(self, conversation: Conversation, after: str) -> str:
        """Open a thread whose page has this cursor; answers the subscription."""
        sub = f"timeline:{conversation.public_id}"
        self.cursors[sub] = after
        self.say(t="open", sub=sub, after=after)
        return sub

    def of(self, sub: str) -> list[dict[str, Any]]:
        """The frames of one subscription."""
        return [frame for frame in self.frames if frame.get("sub") == sub]

    async def heard(self, part: str) -> None:
        """Wait for a frame with this part: html, signal, reset."""
        await self.until(lambda: any(part in frame for frame in self.frames))

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until the condition holds; it is looked at after every frame, and now and then."""
        async with asyncio.timeout(PATIENCE):
            while not condition():
                with suppress(TimeoutError):
                    async with asyncio.timeout(0.1), self._changed:
                        await self._changed.wait()


@asynccontextmanager
async def open_desk(
    database: Database, *, fragments: Fragments | None = None, kept: int = 10_000
) -> AsyncIterator[Desk]:
    """An application that serves /live over this database, with its tail running."""
    hub = Hub(database, Tail(database, fragments, kept=kept), Signals())
    app = Starlette(routes=[socket("/live", live, policy=Policy.AGENT)])
    app.state.onethread = SimpleNamespace(
        database=database, settings=Settings(base_url="http://127.0.0.1:8000")
    )
    app.state.live = hub
    running = asyncio.create_task(hub.run())
    try:
        await hub.tail.is_ready.wait()
        yield Desk(app, database, hub)
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
