"""A browser tab of the agents' app, and the stub behind it."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from playwright.async_api import BrowserContext, Page
from websockets.asyncio.server import serve

from .scene import Stub, until


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


@pytest.fixture
def opened(stub: Stub, page: Page) -> Callable[..., Awaitable[Page]]:
    async def visit(html: str, path: str = "/cases/1") -> Page:
        stub.pages[path] = html
        await page.goto(stub.url + path)
        await until(lambda: any(m["t"] == "open" for m in stub.said), "the thread is opened")
        return page

    return visit
