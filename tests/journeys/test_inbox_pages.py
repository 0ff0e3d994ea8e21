"""Two teammates in two browsers, and one without scripts, work through what a customer wrote."""

from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Page, expect

from tests.services.browser import NewContext
from tests.services.correspondence import Mailbox, mail
from tests.services.server import PASSWORD, RunningServer, running_server
from tests.services.smtp import SmtpSink


class Desk:
    """A server and the mailbox that it answers from."""

    def __init__(self, server: RunningServer, mailbox: Mailbox) -> None:
        self.base = server.base
        self._server = server
        self._mailbox = mailbox

    async def take(self, subject: str, text: str = "It arrived broken.") -> str:
        """File a mail of the Inês who writes of this; answers her address."""
        address = f"{subject.split()[-1].lower()}@norte.test"
        await self._mailbox.take(mail(f"Inês <{address}>", subject, text))
        return address

    async def signed_in(self, context: BrowserContext, name: str) -> Page:
        """A page of theirs."""
        page = await context.new_page()
        await self._server.sign_in(page, f"{name}@desk.test")
        return page

    async def open_case(self, page: Page, view: str, subject: str) -> None:
        """From the list of a view to the case of this subject."""
        await page.goto(f"{self.base}/inbox/{view}")
        await page.locator("a.row", has_text=subject).click()
        await expect(page.locator("#composer")).to_be_visible()
        await expect(page.locator("body")).to_have_attribute("data-live", "on")


@pytest.fixture(scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> AsyncIterator[Desk]:
    """An installation with Maya and Tom, whose emails wait ten seconds; each test has its own case."""
    folder = tmp_path_factory.mktemp("desk")
    with closing(SmtpSink()) as sink:
        async with running_server(folder, migrated_sqlite, undo_seconds="10") as server:
            mailbox = Mailbox(server)
            await mailbox.connect(sink)
            yield Desk(server, mailbox)


async def test_a_reply_goes_out_to_everybodys_screen_and_comes_back(
    desk: Desk, new_context: NewContext
) -> None:
    ines = await desk.take("Cracked lamp")
    maya = await desk.signed_in(await new_context(), "maya")
    tom = await desk.signed_in(await new_context(), "tom")
    await desk.open_case(maya, "unassigned", "Cracked lamp")
    await desk.open_case(tom, "unassigned", "Cracked lamp")
    await expect(maya.locator("#customer")).to_contain_text(ines)

    await maya.fill("#text", "A new shade is on its way.")
    await maya.keyboard.press("Control+Enter")

    await expect(tom.locator("#log .msg--team")).to_contain_text("A new shade is on its way.")
    await expect(tom.locator("#heads .pick").first).to_contain_text("Maya")
    await expect(maya.locator("#log .msg--team")).to_contain_text("You")
    await expect(maya.locator("#text")).to_have_value("")

    leaving = maya.locator(".toast", has_text="Email to Inês goes in 10 s")
    await leaving.get_by_role("button", name="Undo").click()
    await expect(tom.locator("#log .msg--team")).to_contain_text("Taken back, not sent")
    await expect(maya.locator("#text")).to_have_value("A new shade is on its way.")


async def test_what_arrives_while_somebody_writes_is_shown_before_it_is_sent(
    desk: Desk, new_context: NewContext
) -> None:
    await desk.take("Second thoughts")
    maya = await desk.signed_in(await new_context(), "maya")
    await desk.open_case(maya, "unassigned", "Second thoughts")
    await maya.locator("#text").press_sequentially("Shall we send a new one")
    await desk.take("Second thoughts", "Never mind, it was the packaging.")
    await expect(maya.locator("#log .msg--cust")).to_have_count(2)

    await maya.keyboard.press("Control+Enter")
    await expect(maya.locator("[data-guard]")).to_contain_text("it was the packaging")
    await expect(maya.locator("#text")).to_have_value("Shall we send a new one")
    await maya.locator("[data-send=reply]", has_text="Send anyway").click()
    await expect(maya.locator("#log .msg--team")).to_contain_text("Shall we send a new one")


async def test_a_note_and_a_handoff_reach_the_teammate(desk: Desk, new_context: NewContext) -> None:
    await desk.take("For the workshop")
    maya = await desk.signed_in(await new_context(), "maya")
    await desk.open_case(maya, "unassigned", "For the workshop")
    tom = await desk.signed_in(await new_context(), "tom")

    await maya.keyboard.press("n")
    await maya.fill("#text", "@Tom can you look?")
    await maya.keyboard.press("Control+Enter")
    await expect(maya.locator("#log .note")).to_contain_text("can you look?")
    await expect(tom.locator(".nav [data-counter=mentions]")).to_have_text("1")

    await maya.locator("#log").focus()
    await maya.keyboard.press("t")
    await maya.get_by_role("radio", name="Tom Rivera").check()
    await maya.fill("#sheet [name=reason]", "Knows the workshop")
    await maya.keyboard.press("Enter")
    await expect(maya.locator(".offer")).to_contain_text("Knows the workshop")
    await expect(maya.locator(".offer button", has_text="Accept")).to_be_hidden()

    await desk.open_case(tom, "mentions", "For the workshop")
    await tom.locator(".offer button", has_text="Accept").click()
    await expect(maya.locator("#heads .pick").first).to_contain_text("Tom")


async def test_the_list_follows_what_happens_to_cases(desk: Desk, new_context: NewContext) -> None:
    maya = await desk.signed_in(await new_context(), "maya")
    await maya.goto(f"{desk.base}/inbox/unassigned")
    await expect(maya.locator("body")).to_have_attribute("data-live", "on")
    await desk.take("Hello", "Is anybody there?")
    row = maya.locator("a.row", has_text="Hello")
    await expect(row).to_be_visible()
    await row.click()
    await expect(maya.locator("#composer")).to_be_visible()
    await maya.locator("#log").hover()  # under a pointer the list would hold still
    await maya.locator("#log").focus()
    await maya.keyboard.press("e")
    await expect(row).to_have_count(0)
    await expect(maya.locator("#toasts")).to_contain_text("Resolved")
    await maya.keyboard.press("z")
    await expect(row).to_have_count(1)


async def test_from_signing_in_to_resolving_by_keys_alone(desk: Desk, new_context: NewContext) -> None:
    await desk.take("No mouse here")
    page = await (await new_context()).new_page()
    await page.goto(f"{desk.base}/inbox/unassigned?sort=new")
    await tab_to(page, "[name=email]")
    await page.keyboard.type("maya@desk.test")
    await tab_to(page, "[name=password]")
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/inbox/unassigned**")
    await expect(page.locator("body")).to_have_attribute("data-live", "on")

    # By what every page has, Tab and Enter: letters may be switched off, or be those of a screen reader.
    await tab_to(page, ".skip")
    await page.keyboard.press("Enter")
    await tab_to(page, "a.row")
    await page.keyboard.press("Enter")
    await expect(page.locator("#thread-title")).to_be_focused()
    await tab_to(page, "#text")
    await page.keyboard.type("It is on its way.")
    await tab_to(page, "[data-send=reply]")
    await page.keyboard.press("Enter")
    await expect(page.locator("#log .msg--team")).to_contain_text("It is on its way.")
    await tab_to(page, "button[data-key=e]", back=True)
    await page.keyboard.press("Enter")
    await expect(page.locator("#announce, #toasts").get_by_text("Resolved").first).to_be_visible()


async def tab_to(page: Page, selector: str, *, back: bool = False) -> None:
    """Go on with Tab until it is reached, which must be soon."""
    for _ in range(60):
        if await page.evaluate("what => Boolean(document.activeElement?.matches(what))", selector):
            return
        await page.keyboard.press("Shift+Tab" if back else "Tab")
    raise AssertionError(f"{selector} is not reached")


async def test_everything_works_without_scripts(desk: Desk, new_context: NewContext) -> None:
    await desk.take("Plain paper")
    page = await desk.signed_in(await new_context(java_script_enabled=False), "maya")
    await page.goto(f"{desk.base}/inbox/unassigned")
    await page.locator("a.row", has_text="Plain paper").click()
    await page.fill("#text", "Written without a script.")
    await page.locator("[data-send=reply]").click()
    await expect(page.locator("#log .msg--team")).to_contain_text("Written without a script.")
    await page.locator("label.tab", has_text="Note").click()
    await page.fill("#text", "A note without a script.")
    await page.locator("[data-send=note]").click()
    await expect(page.locator("#log .note")).to_contain_text("A note without a script.")
    await page.locator("button", has_text="Resolve").first.click()
    await expect(page.locator("#heads")).to_contain_text("Resolved")


async def test_a_phone_shows_one_pane_at_a_time(desk: Desk, new_context: NewContext) -> None:
    ines = await desk.take("From a phone")
    phone = await new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = await desk.signed_in(phone, "maya")
    await page.goto(f"{desk.base}/inbox/unassigned")
    await page.locator("a.row", has_text="From a phone").tap()
    await expect(page.locator("#composer")).to_be_visible()
    await expect(page.locator("#rows")).to_be_hidden()
    await page.locator("[aria-label='Customer details']").tap()
    await expect(page.locator("#customer")).to_contain_text(ines)
    await expect(page.locator("#composer")).to_be_hidden()
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
