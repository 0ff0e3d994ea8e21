"""An admin builds a form by buttons; a customer without scripts sends it; a wave of spam is swept away."""

from collections.abc import Awaitable, Callable

import httpx2
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import BrowserContext, Page, expect

from tests.services.server import RunningServer

NewContext = Callable[..., Awaitable[BrowserContext]]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


async def is_accessible(page: Page) -> None:
    found = await Axe().run(page, options={"runOnly": RULES})
    assert found.violations_count == 0, found.generate_report()


async def build(page: Page, server: RunningServer) -> str:
    """Make a form with a choice, moved above the message; answers its public address."""
    await page.goto(f"{server.base}/settings/channels/new/form")
    await page.get_by_label("Name", exact=True).fill("Returns")
    await page.get_by_role("button", name="Add a question").click()
    await page.get_by_label("Question 6", exact=True).fill("What would you like?")
    await page.get_by_label("Type of question 6").select_option("radio")
    await page.get_by_label("Must question 6 be answered?").select_option("yes")
    await page.get_by_label("Help for question 6").fill("We do what we can.")
    await page.get_by_role("button", name="Move question 6 up").click()
    await page.get_by_role("button", name="Move question 5 up").click()
    await page.get_by_label("question 4", exact=False).locator("xpath=self::textarea").fill("Refund\nRepair")
    async with page.context.expect_page() as opened:
        await page.get_by_role("button", name="Preview").click()
    preview = await opened.value
    await expect(preview.get_by_role("radio", name="Repair")).to_be_visible()
    await expect(preview.get_by_role("button", name="Send")).to_be_disabled()
    await preview.close()
    await page.get_by_role("button", name="Continue").click()
    await page.get_by_role("button", name="Continue").click()
    return await page.locator("#hosted").inner_text()


async def test_a_form_from_its_first_question_to_the_sweep(
    server: RunningServer, new_context: NewContext
) -> None:
    page = await (await new_context(bypass_csp=True)).new_page()
    await server.sign_in(page, "maya@desk.test")
    public = await build(page, server)
    await is_accessible(page)

    customer = await (
        await new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    ).new_page()
    await customer.goto(public)
    await customer.get_by_label("Email").fill("ines@norte.example")
    await customer.get_by_role("radio", name="Repair").check()
    await customer.get_by_label("Message").fill("The shade is cracked.")
    await customer.wait_for_timeout(2_100)  # nobody fills it in faster: that is what the form knows robots by
    await customer.get_by_role("button", name="Send").click()
    await expect(customer.get_by_role("status")).to_contain_text("We have your message")
    await expect(page.get_by_text("It arrived.")).to_be_visible()

    for scheme in ("light", "dark"):
        looker = await (await new_context(bypass_csp=True, color_scheme=scheme)).new_page()
        await looker.goto(public)
        await is_accessible(looker)

    async with httpx2.AsyncClient() as robot:
        for number in range(3):
            answers = {"email": f"{number}@mail.example", "what_would_you_like": "Refund", "message": "Buy"}
            assert (await robot.post(public, json=answers)).status_code == 202
    await page.get_by_role("link", name="Finish later").click()
    await page.get_by_role("button", name="Mark 4 as spam").click()
    await expect(page.get_by_text("4 submissions", exact=True)).to_be_visible()
    await page.get_by_role("button", name="Undo").click()
    await expect(page.get_by_text("Undone")).to_be_visible()

    await page.get_by_role("button", name="Pause this form").click()
    await customer.goto(public)
    await expect(customer.get_by_role("status")).to_contain_text("This form is closed just now")
