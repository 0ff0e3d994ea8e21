"""Two teammates in two browsers, and one without scripts, work through what a customer wrote."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Page, expect

from tests.services.server import PASSWORD, RunningServer

SUPPORT = "help@desk.test"
NewContext = Callable[..., Awaitable[BrowserContext]]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[RunningServer]:
    """An installation with Maya, Priya and a mailbox that is fed by hand; emails wait ten seconds."""
    running = RunningServer(tmp_path)
    await running.start()
    running.take_token(running.add_agent("Maya Okafor", role="admin"))
    running.add_agent("Priya Nair")
    running.cli("channel", "add", "email", "Help", "--address", SUPPORT)
    yield running
    await running.end()


async def write_in(desk: RunningServer, text: str, *, subject: str = "Cracked lamp") -> None:
    """What Inês sends."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "Inês <ines@norte.test>", SUPPORT, subject
    message["Date"], message["Message-ID"] = formatdate(), make_msgid(domain="norte.test")
    message.set_content(text)
    await asyncio.to_thread(desk.cli, "ingest", "Help", "-", stdin=message.as_string())


async def signed_in(desk: RunningServer, context: BrowserContext, name: str) -> Page:
    page = await context.new_page()
    await page.goto(f"{desk.base}/sign-in")
    await page.fill("[name=email]", f"{name}@desk.test")
    await page.fill("[name=password]", PASSWORD)
    await page.press("[name=password]", "Enter")
    await page.wait_for_url("**/inbox/mine")
    return page


async def open_case(page: Page, view: str) -> None:
    """From the list of a view to its first case."""
    await page.goto(page.url.partition("/inbox")[0] + f"/inbox/{view}")
    await page.locator("a.row").first.click()
    await expect(page.locator("#composer")).to_be_visible()
    await expect(page.locator("body")).to_have_attribute("data-live", "on")


async def test_a_reply_goes_out_to_everybodys_screen_and_comes_back(
    desk: RunningServer, new_context: NewContext
) -> None:
    await write_in(desk, "It arrived broken.")
    maya = await signed_in(desk, await new_context(), "maya")
    priya = await signed_in(desk, await new_context(), "priya")
    await open_case(maya, "unassigned")
    await open_case(priya, "unassigned")
    await expect(maya.locator("#customer")).to_contain_text("ines@norte.test")

    await maya.fill("#text", "A new shade is on its way.")
    await maya.keyboard.press("Control+Enter")

    await expect(priya.locator("#log .msg--team")).to_contain_text("A new shade is on its way.")
    await expect(priya.locator("#heads .pick").first).to_contain_text("Maya")
    await expect(maya.locator("#log .msg--team")).to_contain_text("You")
    await expect(maya.locator("#text")).to_have_value("")

    await maya.locator(".toast", has_text="Email to Inês goes in 10 s").locator("button").click()
    await expect(priya.locator("#log .msg--team")).to_contain_text("Taken back, not sent")
    await expect(maya.locator("#text")).to_have_value("A new shade is on its way.")


async def test_what_arrives_while_somebody_writes_is_shown_before_it_is_sent(
    desk: RunningServer, new_context: NewContext
) -> None:
    await write_in(desk, "It arrived broken.")
    maya = await signed_in(desk, await new_context(), "maya")
    await open_case(maya, "unassigned")
    await maya.locator("#text").press_sequentially("Shall we send a new one")
    await write_in(desk, "Never mind, it was the packaging.")
    await expect(maya.locator("#log .msg--cust")).to_have_count(2)

    await maya.keyboard.press("Control+Enter")
    await expect(maya.locator("[data-guard]")).to_contain_text("it was the packaging")
    await expect(maya.locator("#text")).to_have_value("Shall we send a new one")
    await maya.locator("[data-send=reply]", has_text="Send anyway").click()
    await expect(maya.locator("#log .msg--team")).to_contain_text("Shall we send a new one")


async def test_a_note_and_a_handoff_reach_the_teammate(desk: RunningServer, new_context: NewContext) -> None:
    await write_in(desk, "It arrived broken.")
    maya = await signed_in(desk, await new_context(), "maya")
    await open_case(maya, "unassigned")
    priya = await signed_in(desk, await new_context(), "priya")

    await maya.keyboard.press("n")
    await maya.fill("#text", "@Priya can you look?")
    await maya.keyboard.press("Control+Enter")
    await expect(maya.locator("#log .note")).to_contain_text("can you look?")
    await expect(priya.locator(".nav [data-counter=mentions]")).to_have_text("1")

    await maya.locator("#log").focus()
    await maya.keyboard.press("t")
    await maya.select_option("#handoff select", label="Priya Nair")
    await maya.fill("#handoff [name=reason]", "Knows the workshop")
    await maya.keyboard.press("Enter")
    await expect(maya.locator(".offer")).to_contain_text("Knows the workshop")
    await expect(maya.locator(".offer button", has_text="Accept")).to_be_hidden()

    await open_case(priya, "mentions")
    await priya.locator(".offer button", has_text="Accept").click()
    await expect(maya.locator("#heads .pick").first).to_contain_text("Priya")


async def test_the_list_follows_what_happens_to_cases(desk: RunningServer, new_context: NewContext) -> None:
    maya = await signed_in(desk, await new_context(), "maya")
    await maya.goto(f"{desk.base}/inbox/unassigned")
    await expect(maya.locator("body")).to_have_attribute("data-live", "on")
    await write_in(desk, "Is anybody there?", subject="Hello")
    row = maya.locator("a.row", has_text="Hello")
    await expect(row).to_be_visible()
    await row.click()
    await expect(maya.locator("#composer")).to_be_visible()
    await maya.locator("#log").focus()
    await maya.keyboard.press("e")
    await expect(row).to_have_count(0)
    await expect(maya.locator("#heads")).to_contain_text("Resolved")
    await maya.keyboard.press("z")
    await expect(row).to_have_count(1)


async def test_everything_works_without_scripts(desk: RunningServer, new_context: NewContext) -> None:
    await write_in(desk, "It arrived broken.")
    page = await signed_in(desk, await new_context(java_script_enabled=False), "maya")
    await page.goto(f"{desk.base}/inbox/unassigned")
    await page.locator("a.row").first.click()
    await page.fill("#text", "Written without a script.")
    await page.locator("[data-send=reply]").click()
    await expect(page.locator("#log .msg--team")).to_contain_text("Written without a script.")
    await page.locator("label.tab", has_text="Note").click()
    await page.fill("#text", "A note without a script.")
    await page.locator("[data-send=note]").click()
    await expect(page.locator("#log .note")).to_contain_text("A note without a script.")
    await page.locator("button", has_text="Resolve").first.click()
    await expect(page.locator("#heads")).to_contain_text("Resolved")


async def test_a_phone_shows_one_pane_at_a_time(desk: RunningServer, new_context: NewContext) -> None:
    await write_in(desk, "It arrived broken.")
    phone = await new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = await signed_in(desk, phone, "maya")
    await page.goto(f"{desk.base}/inbox/unassigned")
    await page.locator("a.row").first.tap()
    await expect(page.locator("#composer")).to_be_visible()
    await expect(page.locator("#rows")).to_be_hidden()
    await page.locator("[aria-label='Customer details']").tap()
    await expect(page.locator("#customer")).to_contain_text("ines@norte.test")
    await expect(page.locator("#composer")).to_be_hidden()
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
