"""Two agents at two computers work on one customer: handing over, answering at once, answering one of two."""

from playwright.async_api import Locator, Page, expect

from tests.services.browser import NewContext
from tests.services.correspondence import INES, Mailbox, mail
from tests.services.server import RunningServer
from tests.services.shop import Shop
from tests.services.smtp import SmtpSink


async def two_desks(server: RunningServer, new_context: NewContext, conversation: str) -> tuple[Page, Page]:
    """Maya and Tom, each with this conversation open."""
    desks = []
    for name in ("maya", "tom"):
        page = await (await new_context()).new_page()
        await server.sign_in(page, f"{name}@desk.test")
        await page.goto(f"{server.base}/conversations/{conversation}")
        await expect(page.locator("body")).to_have_attribute("data-live", "on")
        desks.append(page)
    return desks[0], desks[1]


async def send(page: Page) -> None:
    await page.locator("button[data-send=reply]").click()


def responsible(page: Page) -> Locator:
    """What the head of the case says about who has it."""
    return page.locator("#heads .pick").first.locator("strong")


async def test_a_handoff_is_accepted_and_nobody_answers_blindly(
    server: RunningServer, mailbox: Mailbox, smtp_sink: SmtpSink, new_context: NewContext
) -> None:
    conversation = await mailbox.take(mail(INES, "Refund", "I want my money back."))
    maya, tom = await two_desks(server, new_context, conversation)

    await maya.get_by_role("link", name="Hand off").click()
    offering = maya.get_by_role("dialog", name="Hand off")
    await offering.get_by_label("To").select_option("Tom Rivera")
    await offering.get_by_label("Why").fill("Over my limit")
    await offering.get_by_role("button", name="Hand off").click()
    offer = tom.get_by_role("article", name="Handoff by Maya Okafor")
    await expect(offer).to_contain_text("Over my limit")
    for each in (maya, tom):
        await expect(responsible(each)).to_have_text("Maya")  # until somebody accepts
    await offer.get_by_role("button", name="Accept").click()
    await expect(maya.get_by_role("article", name="Handoff by")).to_contain_text("Accepted")
    await expect(responsible(maya)).to_have_text("Tom")

    await maya.locator("#text").fill("You have it tomorrow.")
    await tom.locator("#text").fill("You have it today.")
    await send(tom)
    await smtp_sink.arrival()
    await send(maya)
    await expect(maya.locator("[data-guard]")).to_contain_text("You have it today.")
    await expect(maya.locator("#text")).to_have_value("You have it tomorrow.")
    assert len(smtp_sink.ledger) == 1, "a blind reply went out"

    await maya.get_by_role("button", name="Send anyway").click()
    both = await smtp_sink.arrival(2)
    assert b"You have it tomorrow." in both[1].raw
    await expect(tom.locator("#log .msg--team")).to_have_count(2)


async def test_answering_the_chat_leaves_the_mail_open_and_says_so(
    server: RunningServer, mailbox: Mailbox, shop: Shop, smtp_sink: SmtpSink, new_context: NewContext
) -> None:
    conversation = await mailbox.take(mail(INES, "Order 48213", "Where is it?"))
    async with shop.chat(who=shop.signed("u-1", "ines@norte.test", "Inês")) as chat:
        await chat.say(t="message", client_id="client-0001", text="And my refund?", files=[])
        await chat.until("t", "filed")
        maya, tom = await two_desks(server, new_context, conversation)

        # Tom answers the chat; what he leaves unanswered is said before he sends.
        await expect(tom.locator("summary.via")).to_have_text("to Web chat")
        await expect(tom.locator(".owed:visible")).to_contain_text("“Order 48213”")
        await tom.locator("#text").fill("It was sent on Monday.")
        await send(tom)
        await chat.shows("It was sent on Monday.")

    waiting = f"/conversations/{conversation}"
    (case,) = (await server.api("GET", waiting))["cases"]
    assert (case["status"], case["subject"]) == ("open", "Order 48213") and case["waiting_since"]

    # Maya answers the mail, and nothing is left.
    await expect(maya.locator("#log .msg--team")).to_contain_text("It was sent on Monday.")
    await maya.reload()
    await expect(maya.locator("summary.via")).to_have_text("to Email")
    await expect(maya.locator(".owed:visible")).to_have_count(0)
    await maya.locator("#text").fill("It is at your door.")
    await send(maya)
    await smtp_sink.arrival()
    (case,) = (await server.api("GET", waiting))["cases"]
    assert case["status"] == "pending" and case["waiting_since"] is None
