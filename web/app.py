"""The one place where everything is put together."""

import gc
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection, Request
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from inbox.config import Settings, load_settings
from inbox.errors import OnethreadError
from web import csrf
from web.errors import LastResort, Problem, answer, respond
from web.headers import SecurityHeaders
from web.heads import draw_heads
from web.installation import Installation, open_installation
from web.live.hub import open_live
from web.live.visitors import open_visiting
from web.logs import RequestLog, configure_logs
from web.routes import ROUTES
from web.workers import background_work, mail_door

ANSWERS_ANYBODY = ("/healthz", "/readyz")
NOT_ALLOWED = 1008  # RFC 6455 §7.4.1
NOT_OUR_NAME = (
    "This server does not answer under that name. "
    "If it should, set ONETHREAD_BASE_URL to how browsers reach it."
)


Beside = Callable[[Installation], AbstractAsyncContextManager[None]]


def create_app(source: Installation | Settings, *, beside: Beside | None = None) -> Starlette:
    """The application. From settings it opens the installation itself and runs the background work, from its
    start to its end, and *beside* around that; of an open installation it serves pages only."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            if isinstance(source, Settings):
                installation = await stack.enter_async_context(open_installation(source))
                app.state.onethread = installation
                if beside is not None:
                    await stack.enter_async_context(beside(installation))
                await stack.enter_async_context(background_work(installation))
                await stack.enter_async_context(mail_door(installation))
            database = app.state.onethread.database
            app.state.visiting = await stack.enter_async_context(open_visiting(database))
            app.state.live = await stack.enter_async_context(
                open_live(database, app.state.visiting.signals, [draw_heads])
            )
            yield

    settings = source if isinstance(source, Settings) else source.settings
    app = Starlette(
        routes=ROUTES,
        lifespan=lifespan,
        middleware=[
            Middleware(SecurityHeaders, is_https=settings.is_https),
            Middleware(RequestLog),
            Middleware(LastResort),
            Middleware(KnownHost),
        ],
        exception_handlers={HTTPException: respond, OnethreadError: respond},
    )
    app.state.is_working = True
    if isinstance(source, Installation):
        app.state.onethread = source
    return app


def from_environment() -> Starlette:
    """The application by the environment's settings, for servers that start several processes."""
    settings = load_settings()
    configure_logs(settings.log_format)
    app = create_app(settings)
    gc.freeze()  # as in web/server.py
    return app


class KnownHost:
    """Refuses what was addressed to a name that is not ours."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_asked = scope["type"] in ("http", "websocket") and scope["path"] not in ANSWERS_ANYBODY
        if is_asked and not csrf.is_known_host(HTTPConnection(scope)):
            if scope["type"] == "websocket":
                await WebSocket(scope, receive, send).close(NOT_ALLOWED)
                return
            response = answer(Request(scope, receive), Problem(421, NOT_OUR_NAME))
            await response(scope, receive, send)
            return
        await self.app(scope, receive, send)
