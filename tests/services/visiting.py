"""The part of the product that people outside meet, on a real port: forms, the widget, and filing behind
them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from channels.registry import ChannelParsers
from inbox.actions.messages import FilingRules
from inbox.blobs import BlobStore
from inbox.config import Settings
from inbox.db import Database
from inbox.errors import NotFound
from inbox.intake import IntakeDesk
from inbox.secrets import Keys
from tests.services.launch import free_port
from web.endpoints import forms, webchat, widget
from web.headers import SecurityHeaders
from web.problems import problem
from web.visiting import Visiting

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
async def listening(app: Starlette) -> AsyncIterator[str]:
    """Serve *app* on a port of its own; answers its base URL."""
    port = free_port()
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
