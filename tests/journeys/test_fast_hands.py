"""An agent who never touches the mouse: ticks, acts on many, takes it back, finds, keeps a view, puts in a
reply."""

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from tests.services.correspondence import INES, Mailbox, mail
from tests.services.server import RunningServer, address_of

SAVE_VIEWS = """async names => { for (const name of names) await fetch('/views', { method: 'POST',
    headers: desk.headers(), body: new URLSearchParams({ name, words: 'lamp', audience: 'own' }) }); }"""
SUBJECTS = ("Cracked lamp", "Wrong invoice", "Late parcel")


async def violations(page: Page) -> list[str]:
    found = await Axe().run(page)
    return [f"{one['id']}: {one['nodes'][0]['html'][:160]}" for one in found.response["violations"]]


async def test_many_cases_a_view_the_palette_and_a_saved_reply_by_keys_alone(
    server: RunningServer, mailbox: Mailbox, page: Page
) -> None:
    for number, subject in enumerate(SUBJECTS):
        sender = f"Customer {number} <customer{number}@norte.test>"
        await mailbox.take(mail(sender, subject, f"{subject}, please help."))
    await server.sign_in(page, address_of("Maya"))

    # ticks and one undo
    await page.goto(f"{server.base}/inbox/unassigned")
    await page.locator("#rows a.row").first.focus()
    await page.keyboard.press("x")
    await page.keyboard.press("j")
    await page.keyboard.press("j")
    await page.keyboard.press("Shift+X")
    await expect(page.locator("#bulk-count")).to_have_text("3 selected")
    assert await violations(page) == []
    await page.locator("#bulk [value=resolve]").press("Enter")
    await expect(page.locator(".toast")).to_contain_text("3 resolved.")
    await expect(page.locator("#rows > li[id]:not(.is-gone)")).to_have_count(0)
    await expect(page.locator(".nav [data-counter=all]")).to_have_text("")
    await page.locator("#list-title").click()
    await page.keyboard.press("z")
    await expect(page.locator(".nav [data-counter=all]")).to_have_text("3")

    # search, operators, a view
    await page.keyboard.press("/")
    await page.wait_for_url("**/search")
    await page.keyboard.type("invoice is:open")
    await page.keyboard.press("Enter")
    await expect(page.locator("mark").first).to_have_text("invoice")
    await page.get_by_role("link", name="Save as a view").press("Enter")
    await page.fill("[name=name]", "Invoices")
    await page.press("[name=name]", "Enter")
    await expect(page.locator("#rows > li")).to_have_count(1)
    await mailbox.take(mail(INES, "Another invoice", "Please see this invoice."))
    await expect(page.locator("#rows > li[id], #rows-new:not([hidden])").first).to_be_visible()
    await expect(page.locator("#rows > li[id]")).to_have_count(2)

    # a saved reply, by the palette's way to the conversation
    await page.goto(f"{server.base}/settings/replies/new")
    await page.fill("[name=name]", "Refund on its way")
    await page.fill("[name=shortcut]", "refund")
    await page.fill("[name=text]", "Hello {{ customer.first_name }} of {{ customer.company }}, done.")
    await page.get_by_role("button", name="Save").click()
    await page.wait_for_url("**/settings/replies")
    await page.keyboard.press("Control+k")
    await page.keyboard.type("ines@norte")
    await expect(page.locator("#palette-list")).to_contain_text("Inês Carvalho")
    assert await violations(page) == []
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/conversations/**")
    await expect(page.locator("body")).to_have_attribute("data-live", "on")
    await page.keyboard.press("r")
    await page.keyboard.type("/ref")
    await expect(page.locator("#offers")).to_contain_text("Refund on its way")
    await page.keyboard.press("Tab")
    await expect(page.locator("#text")).to_have_value("Hello Inês of {{ customer.company }}, done.")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("[data-error]")).to_contain_text("Fill in what is marked")
    await page.keyboard.type("Norte")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#log .msg--team")).to_contain_text("Hello Inês of Norte, done.")
    await expect(page.locator("#heads")).to_contain_text("Pending")

    # nine saved views; what is sent resolves, or puts aside, and the next one opens
    await page.keyboard.press("Escape")
    await page.evaluate(SAVE_VIEWS, [f"View {number}" for number in range(2, 10)])
    await page.reload()
    await page.keyboard.press("1")
    await page.wait_for_url("**/inbox/view/**")
    for number, name in ((9, "View 9"), (2, "View 2"), (1, "Invoices")):
        leads_to = await page.locator(f'.nav [data-key="{number}"]').get_attribute("href")
        await page.keyboard.press(str(number))
        await page.wait_for_url(f"**{leads_to}")
        await expect(page.locator("#list-title")).to_have_text(name)
    await expect(page.locator("body")).to_have_attribute("data-live", "on")
    await page.keyboard.press("j")  # and write at once: what is typed while it opens is no key
    await answer(page, "A new invoice is on its way.", "Control+Shift+Enter")
    await expect(page.locator("#heads")).to_contain_text("Resolved")
    await page.keyboard.press("Escape")
    await page.keyboard.press("g")
    await page.keyboard.press("u")
    await page.wait_for_url("**/inbox/unassigned")
    await expect(page.locator("#rows a.row")).to_have_count(2)
    await open_first(page)
    await page.keyboard.press("j")
    await page.keyboard.press("o")
    await expect(page.locator("#rows a.row").nth(1)).to_have_attribute("aria-current", "true")
    await expect(page.locator("#thread-title")).to_be_focused()
    await page.keyboard.press("Escape")  # back to the row of what is open
    await expect(page.locator("#rows a.row").nth(1)).to_be_focused()
    await page.keyboard.press("k")
    await page.keyboard.press("o")
    await expect(page.locator("#rows a.row").nth(0)).to_have_attribute("aria-current", "true")
    await expect(page.locator("#thread-title")).to_be_focused()
    second = await page.locator("#rows a.row").nth(1).locator(".row__n").text_content()
    await answer(page, "I look for it.", "Control+Alt+Enter")
    await expect(page.locator(".nav [data-counter=snoozed]")).to_have_text("1")
    await expect(page.locator("#thread-title")).to_have_text((second or "").split(" (")[0])
    await page.keyboard.press("Control+k")
    await page.keyboard.type("snooze")  # what can be done here goes before the view of that name
    await expect(page.locator("#palette-list [aria-selected=true] span")).to_have_text("Snooze")
    await page.keyboard.press("Escape")
    await page.keyboard.press("h")
    await expect(page.locator(".th [value=hour]").first).to_be_visible()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page.locator(".nav [data-counter=snoozed]")).to_have_text("2")


async def open_first(page: Page) -> None:
    await expect(page.locator("body")).to_have_attribute("data-live", "on")
    await page.keyboard.press("j")
    await page.keyboard.press("o")
    await expect(page.locator("#thread-title")).to_be_focused()


async def answer(page: Page, words: str, keys: str) -> None:
    await page.keyboard.press("r")
    await page.keyboard.type(words)
    await expect(page.locator("#text")).to_have_value(words)
    await page.keyboard.press(keys)
