"""An agent looks after a customer while a colleague has the same thread open: what is known, a call, a card's
number that must go, a second address, somebody who is not to be heard."""

from playwright.async_api import Page, expect

from tests.services.browser import NewContext
from tests.services.correspondence import INES, Mailbox, mail
from tests.services.server import RunningServer, address_of

CARD = "4111 1111 1111 1111"
HOME = "Inês at home <ines@home.test>"


async def open_thread(server: RunningServer, page: Page, conversation: str) -> None:
    await page.goto(f"{server.base}/conversations/{conversation}")
    await expect(page.locator("body")).to_have_attribute("data-live", "on")


async def test_what_is_known_of_a_customer_and_what_must_go(
    server: RunningServer, mailbox: Mailbox, new_context: NewContext
) -> None:
    other = await mailbox.take(mail(HOME, "Garden chair", "Is it oak?"))
    thread = await mailbox.take(mail(INES, "Lamp", f"Please charge {CARD} for the lamp."))
    maya, tom = [await (await new_context()).new_page() for _ in range(2)]
    for page, name in ((maya, "Maya"), (tom, "Tom")):
        await server.sign_in(page, address_of(name))
        await open_thread(server, page, thread)

    # What is known is changed in its place, and stands on the other screen at once.
    panel, his = maya.locator("#customer"), tom.locator("#customer")
    await panel.locator(".ed").filter(has=maya.get_by_label("Company")).locator("summary").click()
    await panel.get_by_label("Company").fill("Norte Studio")
    await panel.get_by_label("Company").press("Enter")
    await expect(his.locator(".cp")).to_contain_text("Norte Studio")
    await expect(panel.locator(".cp")).to_contain_text("Norte Studio")  # and its field is shut again
    await expect(panel.locator(".ed[open]")).to_have_count(0)
    await expect(panel.locator("#ed-company")).to_be_focused()

    # Their own page shows what was changed there, too, and what was undone.
    await maya.goto(server.base + str(await panel.locator("h2 a").get_attribute("href")))
    await maya.locator("#tags-more").click()
    await maya.get_by_placeholder("New tag").fill("Trade")
    await maya.get_by_placeholder("New tag").press("Enter")
    await expect(maya.locator(".tags .tag")).to_have_text("Trade")
    await maya.get_by_role("button", name="Undo").click()
    await expect(maya.locator(".tags .tag")).to_have_count(0)
    await open_thread(server, maya, thread)

    # A call stands in the thread of both.
    await panel.get_by_role("link", name="Log a call").click()
    await maya.get_by_label("What was said").fill(f"She says that {CARD} is her card.")
    await maya.get_by_label("Minutes").fill("5")
    await maya.get_by_role("button", name="Log it").click()
    await maya.wait_for_url("**/conversations/**")
    await expect(tom.locator("#log")).to_contain_text("5 min")

    # A card's number goes, from both messages and from both screens.
    mailed = tom.locator("#log article.msg").first
    await expect(mailed).to_contain_text(CARD)
    await maya.locator("#log article.msg").first.get_by_label("More about this message").click()
    await maya.get_by_role("link", name="Remove words…").click()
    await maya.get_by_label("Why").fill("A card's number")
    await maya.get_by_role("button", name="Next", exact=True).click()
    await expect(maya.locator("main")).to_contain_text("1 other message that repeats it")
    await maya.get_by_role("button", name="Remove for good").click()
    await expect(maya.locator("#log")).to_contain_text("Please charge [removed] for the lamp.")
    await expect(tom.locator("#log")).to_contain_text("She says that [removed] is her card.")
    assert CARD not in await tom.content()
    messages = await server.every(f"/conversations/{thread}/messages")
    assert CARD not in str(messages) and len(messages) == 2
    await maya.goto(f"{server.base}/settings/audit")
    await expect(maya.locator("table")).to_contain_text("A card's number")

    # The same person at home: compared, merged, parted again.
    ids = [(await server.api("GET", f"/conversations/{one}"))["customer_id"] for one in (other, thread)]
    await maya.goto(f"{server.base}/customers/{ids[0]}/merge?into={ids[1]}")
    await expect(maya.get_by_role("heading", name="Are they one person?")).to_be_visible()
    await maya.get_by_role("button", name="Merge", exact=True).click()
    await maya.wait_for_url(f"**/conversations/{thread}")
    await expect(tom.locator("#log")).to_contain_text("Is it oak?")
    await maya.locator("#customer").get_by_role("button", name="Undo", exact=True).click()
    for log in (tom.locator("#log"), maya.locator("#log")):
        await expect(log).not_to_contain_text("Is it oak?")

    # Who is blocked writes, and nobody's list grows.
    await maya.goto(f"{server.base}/customers/{ids[0]}/block")
    await maya.get_by_role("button", name="Block", exact=True).click()
    await maya.wait_for_url("**/undo/**")
    await mailbox.take(mail(HOME, "Buy now", "Cheap lamps"))
    cases = await server.every("/cases?status=spam")
    assert {case["subject"] for case in cases} == {"Garden chair", "Buy now"}
