"""A page of the agents' app without its server: the real scripts and style sheets, and a socket that the test speaks through."""

import json
import mimetypes
from collections.abc import AsyncIterator, Awaitable, Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.async_api import BrowserContext, Page
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

STATIC = Path(__file__).parents[3] / "web" / "static"
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; frame-src 'self'"
SCRIPTS = ("htmx.min.js", "app.js", "timeline.js", "lists.js", "live.js", "composer.js")


def document(body: str, attributes: str = "") -> str:
    """A whole page with the app's scripts around `body`."""
    scripts = "".join(f'<script defer src="/static/{name}"></script>' for name in SCRIPTS)
    sheets = "".join(
        f'<link rel="stylesheet" href="/static/{name}.css">' for name in ("tokens", "app", "pages")
    )
    config = '{"includeIndicatorStyles":false,"allowEval":false}'
    head = (
        f"<meta charset=utf-8><meta name=csrf content=c5rf><title>Mine</title>{sheets}{scripts}"
        f"<meta name=htmx-config content='{config}'>"
    )
    return f'<!doctype html><html lang="en"><head>{head}</head><body {attributes}>{body}</body></html>'


class Stub:
    """Serves pages that a test sets by path, the static files, and /live."""

    def __init__(self) -> None:
        self.pages: dict[str, str | Callable[[dict[str, list[str]]], str]] = {}
        self.asked: list[str] = []  # paths with queries, in order
        self.sockets: list[ServerConnection] = []
        self.said: list[dict[str, Any]] = []  # what the browser sent, over all sockets
        self.url = ""

    async def push(self, **frame: Any) -> None:
        """Sends one frame over the newest socket."""
        await self.sockets[-1].send(json.dumps(frame))

    async def close(self, code: int | None) -> None:
        """Ends the newest socket with a close code; None cuts the connection without a word (1006)."""
        socket = self.sockets[-1]
        if code is None:
            socket.transport.abort()
        else:
            await socket.close(code)

    def query(self, number: int) -> dict[str, str]:
        """The query of the socket with that number, as {name: value}."""
        request = self.sockets[number].request
        assert request is not None
        return {name: values[0] for name, values in parse_qs(urlsplit(request.path).query).items()}

    async def talk(self, socket: ServerConnection) -> None:
        self.sockets.append(socket)
        try:
            async for text in socket:
                self.said.append(json.loads(text))
        except ConnectionClosed:
            return

    def answer(self, _: ServerConnection, request: Request) -> Response | None:
        parts = urlsplit(request.path)
        if parts.path == "/live":
            return None
        self.asked.append(request.path)
        if parts.path.startswith("/static/"):
            file = STATIC / parts.path.removeprefix("/static/")
            return reply(file.read_bytes(), mimetypes.guess_type(file.name)[0] or "text/plain")
        page = self.pages.get(parts.path)
        if page is None:
            return reply(b"not found", "text/plain", HTTPStatus.NOT_FOUND)
        text = page if isinstance(page, str) else page(parse_qs(parts.query))
        return reply(text.encode(), "text/html; charset=utf-8")


def reply(body: bytes, kind: str, status: HTTPStatus = HTTPStatus.OK) -> Response:
    headers = Headers({"Content-Type": kind, "Content-Length": str(len(body)), "Connection": "close"})
    headers["Content-Security-Policy"] = POLICY
    return Response(status.value, status.phrase, headers, body)


@pytest.fixture
async def stub() -> AsyncIterator[Stub]:
    """A server of the test's own."""
    server = Stub()
    async with serve(server.talk, "127.0.0.1", 0, process_request=server.answer) as listening:
        server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        yield server


@pytest.fixture
async def page(new_context: Callable[..., Awaitable[BrowserContext]]) -> AsyncIterator[Page]:
    """A tab whose scripts may not fail: an uncaught error or a broken content policy fails the test."""
    context = await new_context(viewport={"width": 1440, "height": 900})
    tab = await context.new_page()
    wrong: list[str] = []
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    tab.on(
        "console", lambda line: wrong.append(line.text) if "Content Security Policy" in line.text else None
    )
    yield tab
    await tab.close()
    assert wrong == []
