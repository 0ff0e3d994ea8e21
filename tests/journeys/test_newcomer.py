"""Somebody who has just started the server sees within two minutes what it is for."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Frame, Page, expect

from tests.journeys.test_screens import AXE, looked_at
from tests.services.server import PASSWORD, RunningServer

NewContext = Callable[..., Awaitable[BrowserContext]]


@pytest.fixture
async def fresh_server(tmp_path: Path) -> AsyncIterator[RunningServer]:
    """A server that nobody has set up; emails leave at once."""
    running = RunningServer(tmp_path, undo_seconds="0")
    await running.start()
    yield running
    await running.end()


def setup_link(server: RunningServer) -> str:
    found = re.search(r"http\S+/setup\?token=\S+", (server.folder / "server.log").read_text())
    assert found is not None
    return found[0]


async def set_up(page: Page, server: RunningServer) -> None:
    await page.goto(setup_link(server))
    await page.get_by_label("Your name").fill("Maya Okafor")
    await page.get_by_label("Email").fill("maya@desk.test")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Set up").click()
    await page.wait_for_url("**/inbox/mine")


async def panel_of(page: Page) -> Frame:
    """The chat's panel, which stands in a frame that scripts of the page cannot reach, perhaps already since
    the pointer came near."""
    await page.get_by_role("button", name="Open the chat").click()
    async with asyncio.timeout(20):
        while len(page.frames) < 2:
            await page.wait_for_event("frameattached")
    frame = page.frames[1]
    await expect(frame.get_by_role("textbox", name="Message")).to_be_visible()
    return frame


async def write_in_the_chat(page: Page, words: str) -> Frame:
    panel = await panel_of(page)
    await panel.get_by_role("textbox", name="Message").fill(words)
    await panel.get_by_role("textbox", name="Message").press("Enter")
    await expect(panel.locator("#log")).to_contain_text(words)
    return panel


async def test_three_ways_in_come_to_one_conversation(
    fresh_server: RunningServer, new_context: NewContext
) -> None:
    browser = await new_context()
    page, complaints = await browser.new_page(), list[str]()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await set_up(page, fresh_server)

    await page.get_by_role("button", name="Try it here").click()
    await page.wait_for_url("**/try")
    panel = await write_in_the_chat(page, "Hello, Robin here, in the chat.")
    customer = await browser.new_page()
    await customer.goto(f"{fresh_server.base}/try")
    await customer.get_by_role("button", name="Send the form").click()
    together = customer.get_by_text("All three are in one conversation.")
    async with asyncio.timeout(30):  # the chat's first words may come before its proof, which joins it
        while not await together.is_visible():
            await customer.goto(f"{fresh_server.base}/try")
    await expect(together).to_be_visible()

    desk = await browser.new_page()
    await desk.goto(f"{fresh_server.base}/inbox/all")
    # The form is a case of its own; so is a chat whose first words came before its proof.
    await expect(desk.locator("#rows > li").nth(1)).to_be_visible()
    await (
        desk.locator("#rows > li", has_text="My lamp arrived with a crack").get_by_role("link").first.click()
    )
    log = desk.locator("#log")
    await expect(log).to_contain_text("its shade has a crack")
    await expect(log).to_contain_text("Robin here, in the chat.")
    await expect(log).to_contain_text("Which address do I send the broken shade to?")
    await desk.get_by_placeholder("Write a reply").fill("A new shade is on its way.")
    await desk.get_by_role("button", name="Send", exact=False).first.click()
    await expect(panel.locator("#log")).to_contain_text("A new shade is on its way.")

    # A chat of one's own is seen as it will be, before it stands on any site; words from there are a test.
    await desk.goto(f"{fresh_server.base}/settings/channels/new/webchat")
    await desk.get_by_label("Name", exact=True).fill("Our site")
    await desk.get_by_label("Greeting (optional)").fill("What can we do for you?")
    for _ in range(3):
        await desk.get_by_role("button", name="Continue").click()
    preview = desk.frame_locator("#preview")
    await expect(preview.get_by_text("What can we do for you?")).to_be_visible()
    await expect(desk.get_by_text("Waiting for a test message")).to_be_visible()
    await preview.get_by_role("textbox", name="Message").fill("Is this on?")
    await preview.get_by_role("textbox", name="Message").press("Enter")
    await expect(desk.get_by_text("It arrived.")).to_be_visible()
    await expect(desk.get_by_text("Waiting for your site")).to_be_visible()
    assert complaints == []


async def test_the_sample_goes_with_one_press(fresh_server: RunningServer, new_context: NewContext) -> None:
    page = await (await new_context(reduced_motion="reduce")).new_page()
    await page.add_init_script(AXE)
    await page.goto(setup_link(fresh_server))
    assert await looked_at(page, "/setup") == []
    await page.set_viewport_size({"width": 1440, "height": 900})
    await set_up(page, fresh_server)
    await page.get_by_role("button", name="Try it here").click()
    await page.get_by_role("button", name="Remove the sample").click()
    await page.wait_for_url("**/inbox/mine")

    await expect(page.get_by_role("button", name="Try it here")).to_be_visible()
    await page.goto(f"{fresh_server.base}/settings/channels")
    await expect(page.get_by_text("Begin with one")).to_be_visible()


async def test_it_can_be_tried_without_scripts(fresh_server: RunningServer, new_context: NewContext) -> None:
    page = await (await new_context(java_script_enabled=False)).new_page()
    await set_up(page, fresh_server)

    await page.get_by_role("button", name="Try it here").click()
    await page.get_by_role("button", name="Send", exact=True).click()
    await expect(page.get_by_text("The mail is in the inbox.")).to_be_visible()
    await page.get_by_role("button", name="Send the form").click()

    await expect(page.get_by_text("The form was sent.")).to_be_visible()
    await page.goto(f"{fresh_server.base}/inbox/all")
    await expect(page.locator("#rows > li")).to_have_count(2)
