"""An agent reads: looks in without opening, finds words far back, opens a link; with keys of their own."""

from pathlib import Path

from playwright.async_api import Page, expect

from inbox.config import Settings
from inbox.queries import agents
from tests.builders import a_conversation, an_inbound_message
from tests.services.server import RunningServer, address_of
from web.installation import open_installation

MANY = 70


async def a_long_conversation(folder: Path) -> str:
    """Seventy messages, of which only the fourth speaks of a heron; answers where the page of it is."""
    async with (
        open_installation(Settings(data_dir=folder / "data")) as installation,
        installation.database.transaction() as session,
    ):
        maya = await agents.by_email(session, address_of("Maya"))
        scene = await a_conversation(session, assignee=maya, subject="A long story")
        for number in range(MANY):
            words = "A grey heron stands there." if number == 3 else f"Message {number}."
            await an_inbound_message(session, scene, text=words)
    return f"/conversations/{scene.conversation.public_id}?case={scene.case.number}"


async def test_peek_find_link_and_keys_of_ones_own(server: RunningServer, page: Page) -> None:
    there = await a_long_conversation(server.folder)
    heron = page.locator("#log > .msg", has_text="A grey heron")
    await server.sign_in(page, address_of("Maya"))

    # a look: the row stays unread
    await expect(page.locator("body")).to_have_attribute("data-live", "on")
    await page.keyboard.press("j")
    await page.keyboard.press("Space")
    await expect(page.locator("#peek")).to_contain_text(f"Message {MANY - 1}.")
    await expect(page.locator("#announce")).to_contain_text("Message")
    await page.keyboard.press("Escape")
    await expect(page.locator("#peek")).to_be_hidden()
    await expect(page.locator("#rows a.row--new:focus")).to_have_count(1)

    # found in what is not loaded, and marked
    await page.keyboard.press("o")
    await expect(page.locator("#thread-title")).to_be_focused()
    await expect(heron).to_have_count(0)
    await page.keyboard.press("f")
    await page.keyboard.type("grey  heron")
    await expect(page.locator("[data-found]")).to_have_text("1 of 1")
    await expect(heron).to_be_in_viewport()
    assert await page.evaluate("CSS.highlights.get('found-here').size") == 1
    await page.keyboard.press("Escape")
    await expect(page.locator("#log")).to_be_focused()

    # a link to it opens there; what is newer comes as one scrolls
    await heron.get_by_label("More about this message").focus()  # asks for its menu
    link = await heron.locator("[data-copy-link]").get_attribute("href")
    await page.goto(f"{server.base}{link}")
    await expect(heron).to_be_in_viewport()
    await page.locator("#log").evaluate("box => { box.scrollTop = box.scrollHeight }")
    await expect(page.locator("#log > .msg", has_text=f"Message {MANY - 1}.")).to_have_count(1)

    # another key, and none
    await page.goto(f"{server.base}/settings/shortcuts")
    await page.get_by_label("resolve, or reopen").fill("y")
    await page.get_by_role("button", name="Save").click()
    await page.goto(f"{server.base}{there}")
    await expect(page.locator("body")).to_have_attribute("data-live", "on")
    await page.keyboard.press("?")
    await expect(page.locator("#sheet dl > div", has_text="resolve, or reopen").locator("kbd")).to_have_text(
        "Y"
    )
    await page.keyboard.press("Escape")
    await expect(page.locator("#sheet")).to_be_hidden()
    await page.keyboard.press("e")
    await page.keyboard.press("s")
    await expect(page.locator("[data-star]")).to_have_attribute("aria-pressed", "true")
    await expect(page.locator("#heads")).not_to_contain_text("Resolved")
    await page.keyboard.press("y")
    await expect(page.locator("#heads")).to_contain_text("Resolved")
