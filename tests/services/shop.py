"""Another site, on an origin of its own, whose pages carry the product's widget."""

import hashlib
import hmac
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Frame, Page
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from websockets.asyncio.client import connect

from tests.services.server import RunningServer
from tests.services.visiting import Panel, listening

PAGE = """<!doctype html><html lang="en"><head><title>Lamp</title><link rel="icon" href="data:,"></head>
<body><h1>Alder table lamp</h1>
<script src="{base}/widget.js" data-channel="{key}" async></script></body></html>"""


class Shop:
    """The site. `widget_base` is where its page takes the widget from: the server, or a proxy before it."""

    def __init__(self, server: RunningServer) -> None:
        self.server = server
        self.widget_base = server.base
        self.url = ""
        self.key = ""
        self._secret = ""

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Shop"]:
        """Serve the page, with a chat channel that only this site may show."""
        async with listening(Starlette(routes=[Route("/", self._page)])) as self.url:
            settings = {"origins": [self.url]}
            chat = {"kind": "webchat", "name": "Harbour & Pine", "settings": settings}
            channel = await self.server.api("POST", "/channels", chat)
            self.key = channel["public_key"]
            self._secret = self.server.secrets_of(channel["id"])["identity_secrets"][0]
            yield self

    def signed(self, user_id: str, email: str, name: str) -> dict[str, str | int]:
        """What the shop's own server says about who is signed in there."""
        expires = int(time.time()) + 600
        content = f"{self.key}\n{user_id}\n{email}\n{expires}".encode()
        signature = hmac.new(self._secret.encode(), content, hashlib.sha256).hexdigest()
        return {"id": user_id, "email": email, "name": name, "expires": expires, "signature": signature}

    async def visit(self, page: Page, *, who: dict[str, str | int] | None = None) -> Frame:
        """Go there, signed in as *who*, and open the chat; answers the panel's document."""
        # The frame stands in a closed shadow root, where no selector reaches it.
        async with page.expect_event("framenavigated", predicate=_is_panel) as navigated:
            await page.goto(self.url)
            await page.wait_for_function("window.onethread && !Array.isArray(window.onethread)")
            if who is not None:
                await page.evaluate("who => onethread.identify(who)", who)
            await page.evaluate("onethread.open()")
        panel: Frame = await navigated.value
        await panel.wait_for_selector("#composer")
        return panel

    @asynccontextmanager
    async def chat(self, *, who: dict[str, str | int] | None = None) -> AsyncIterator[Panel]:
        """A panel without a browser, on a socket of its own."""
        url = f"{self.server.base}/widget/{self.key}/live".replace("http", "ws", 1)
        async with connect(url, origin=self.url) as socket:  # type: ignore[arg-type]
            panel = Panel(socket)
            await panel.say(t="hello", token=None, after=None)
            await panel.until("t", "ready")
            if who is not None:
                await panel.say(t="identify", **who)
                await panel.until("signed", True)
            yield panel

    async def _page(self, request: Request) -> Response:
        return HTMLResponse(PAGE.format(base=self.widget_base, key=self.key))


async def write(panel: Frame, text: str) -> None:
    """What a visitor does in the panel, until the server has it."""
    await panel.fill("#text", text)
    await panel.press("#text", "Enter")
    await panel.locator(".w-m--me[id]", has_text=text).wait_for()


def _is_panel(frame: Frame) -> bool:
    return frame.url.endswith("/panel")
