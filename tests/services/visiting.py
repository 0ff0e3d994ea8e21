"""The part of the product that people outside meet, on a real port: forms, the widget, and filing behind
them."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from sqlalchemy import func, select
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from websockets.asyncio.client import ClientConnection, connect

from channels.registry import ChannelParsers
from inbox.actions import deliveries
from inbox.actions.messages import FilingRules
from inbox.actions.queueing import ReplySettings
from inbox.actions.replies import reply
from inbox.blobs import BlobStore
from inbox.config import Settings
from inbox.db import Database
from inbox.errors import NotFound
from inbox.intake import IntakeDesk
from inbox.models import Agent, Channel, Conversation, Message
from inbox.secrets import Keys
from tests.builders import KEYS, a_webchat_channel, an_agent
from tests.services.launch import free_port
from web.endpoints import forms, webchat, widget
from web.headers import SecurityHeaders
from web.live.visitors import open_visiting
from web.problems import problem
from web.visiting import Visiting

SHOP = "https://shop.example"
STATIC = Path(__file__).parents[2] / "web" / "static"


@dataclass(frozen=True, slots=True)
class Served:
    """What the endpoints take from `app.state.onethread`."""

    settings: Settings
    database: Database
    blobs: BlobStore
    keys: Keys
    intake: IntakeDesk


def served(settings: Settings, database: Database, blobs: BlobStore, keys: Keys) -> Served:
    """An installation with its intake."""
    parsers = ChannelParsers(blobs, max_message_bytes=settings.max_message_bytes)
    intake = IntakeDesk(database, blobs, parsers, FilingRules(tokens=keys.strand_tokens()))
    return Served(settings, database, blobs, keys, intake)


def visitors_app(installation: Served, visiting: Visiting, *more: Route | Mount) -> Starlette:
    """The application of people outside alone."""

    async def not_found(request: Request, error: Exception) -> Response:
        return problem(404, str(error))

    app = Starlette(
        routes=[
            *forms.routes,
            *webchat.routes,
            *widget.routes,
            *more,
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        exception_handlers={NotFound: not_found},
    )
    app.add_middleware(SecurityHeaders, is_https=False)
    app.state.onethread = installation
    app.state.visiting = visiting
    return app


@asynccontextmanager
async def listening(app: Starlette, port: int = 0) -> AsyncIterator[str]:
    """Serve *app* on a port of its own, or on this one; answers its base URL."""
    port = port or free_port()
    config = uvicorn.Config(
        app, host="127.0.0.1", port=port, log_level="warning", ws="websockets-sansio", lifespan="off"
    )
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    running = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110  (uvicorn tells nobody when it has begun to listen)
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await running


@dataclass(slots=True)
class Panel:
    """A panel on a socket, as panel.js speaks."""

    socket: ClientConnection
    token: str = ""
    cursor: str = ""
    told: list[dict[str, Any]] = field(default_factory=list)

    async def say(self, **frame: Any) -> None:
        await self.socket.send(json.dumps(frame))

    async def until(self, key: str, value: object = None) -> dict[str, Any]:
        """The next frame that has *key* (with this value)."""
        async with asyncio.timeout(10):
            while True:
                frame = json.loads(await self.socket.recv())
                self.told.append(frame)
                self.token = frame.get("token") or self.token
                self.cursor = frame.get("cursor") or self.cursor
                if key in frame and (value is None or frame[key] == value):
                    return dict(frame)

    async def shows(self, words: str) -> str:
        """The next drawn frame that holds these words."""
        while words not in (html := (await self.until("html"))["html"]):
            continue
        return str(html)


@dataclass(slots=True)
class Site:
    """One channel, served."""

    base: str
    channel: Channel
    agent: Agent
    database: Database
    visiting: Visiting

    @property
    def path(self) -> str:
        return f"{self.base}/widget/{self.channel.public_key}"

    @asynccontextmanager
    async def panel(
        self, token: str | None = None, after: str | None = None, origin: str | None = SHOP
    ) -> AsyncIterator[Panel]:
        url = self.path.replace("http", "ws", 1) + "/live"
        async with connect(url, origin=origin) as socket:  # type: ignore[arg-type]
            panel = Panel(socket)
            await panel.say(t="hello", token=token, after=after)
            await panel.until("t", "ready")
            yield panel

    async def answer(self, text: str) -> Message:
        """What an agent writes to the newest conversation; it leaves at once."""
        settings = ReplySettings(tokens=KEYS.strand_tokens())
        async with self.database.transaction() as session:
            newest = select(Conversation).order_by(Conversation.id.desc()).limit(1)
            conversation = (await session.scalars(newest)).one()
            agent = await session.get_one(Agent, self.agent.id)
            message = await reply(session, conversation, by=agent, text=text, anyway=True, settings=settings)
        async with self.database.transaction() as session:
            await deliveries.deliver_chats(session)
        return message

    async def change(self, **settings: object) -> None:
        async with self.database.transaction() as session:
            channel = await session.get_one(Channel, self.channel.id)
            channel.settings = {**channel.settings, **settings}

    async def count(self, model: type) -> int:
        async with self.database.reading() as session:
            return int(await session.scalar(select(func.count()).select_from(model)) or 0)


@asynccontextmanager
async def webchat_site(
    settings: Settings, database: Database, blobs: BlobStore, *more: Route, **channel_settings: Any
) -> AsyncIterator[Site]:
    """A web-chat channel with these settings and two identity secrets, served with more routes."""
    async with database.transaction() as session:
        channel = await a_webchat_channel(session, name="Harbour & Pine")
        channel.settings = channel_settings
        channel.secrets = KEYS.seal(json.dumps({"identity_secrets": ["new secret", "old secret"]}))
        agent = await an_agent(session, name="Maya Okafor")
    async with open_visiting(database) as visiting:
        app = visitors_app(served(settings, database, blobs, KEYS), visiting, *more)
        async with listening(app) as base:
            yield Site(base, channel, agent, database, visiting)
