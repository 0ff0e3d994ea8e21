"""The agents' app without its server: real scripts and sheets, and a socket that the test speaks through."""

import asyncio
import json
import mimetypes
import time
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import ServerConnection
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from web.endpoints.static import SCRIPTS as SERVED

MAYA = "agent-maya"
BODY = f'data-agent="{MAYA}" data-cursor="L0" data-zone="UTC"'
PAGES = Path(__file__).parent / "pages"
STATIC = Path(__file__).parents[3] / "web" / "static"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "connect-src 'self'; frame-src 'self'"
)
SHEETS = ("tokens.css", "base.css", "thread.css", "app.css", "pages.css")
UNANSWERED = ("notify.js", "together.js")  # what they ask the server for, the scene does not answer
SCRIPTS = tuple(name for name in SERVED if name not in UNANSWERED)


def document(body: str, attributes: str = "") -> str:
    """A whole page with the app's scripts around `body`."""
    files = "".join(f'<script defer src="/static/{name}"></script>' for name in SCRIPTS)
    files += "".join(f'<link rel="stylesheet" href="/static/{name}">' for name in SHEETS)
    return part("document", files=files, body=body, attributes=attributes)


def part(name: str, **values: str) -> str:
    """The file of that name in pages/, with its $names filled in."""
    return Template((PAGES / f"{name}.html").read_text()).substitute(values)


def entry(
    position: int,
    text: str = "",
    *,
    by: str = "customer-1",
    strand: str = "s1",
    kind: str = "webchat",
    minute: int = 0,
) -> str:
    agent = by.startswith("agent")
    return part(
        "message",
        position=str(position),
        text=text or f"message {position}",
        by=by,
        own=f'data-author-agent="{by}"' if agent else "",
        side="team" if agent else "cust",
        strand=strand,
        kind=kind,
        minute=f"{minute:02}",
    ).strip()


def change(position: int) -> str:
    return f'<p class="ev" id="entry-{position}" data-position="{position}" data-kind="change">change</p>'


def log(entries: str, conversation: str = "c1", cursor: str = "T0", more: str = "") -> str:
    return part("log", entries=entries, conversation=conversation, cursor=cursor, more=more)


def thread(
    entries: str, body: str = BODY, more: str = "", conversation: str = "c1", cursor: str = "T0"
) -> str:
    inner = log(entries, conversation, cursor, more)
    return document(part("thread", log=inner, conversation=conversation), body)


def added(*entries: str) -> str:
    return f'<div hx-swap-oob="beforeend:#log">{"".join(entries)}</div>'


def inbox(rows: str) -> str:
    return document(part("inbox", rows=rows, log=log(entry(1))), BODY)


def row(number: int, rank: object, text: str = "") -> str:
    link = f'<a class="row" href="/cases/{number}">{text or f"case {number}"}</a>'
    return f'<li id="case-{number}" data-rank="{rank}" data-conversation="c{number}">{link}</li>'


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


async def until(said: Callable[[], object], wanted: str, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not said():
        assert time.monotonic() < deadline, f"never: {wanted}"
        await asyncio.sleep(0.01)
