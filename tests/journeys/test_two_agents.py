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
    await offering.get_by_role("radio", name="Tom Rivera").check()
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
        await expect(tom.locator("summary.via")).to_have_text("to Web chat, then email")
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


async def test_two_agents_see_what_the_other_does_and_who_is_away(
    server: RunningServer, mailbox: Mailbox, smtp_sink: SmtpSink, new_context: NewContext
) -> None:
    conversation = await mailbox.take(mail(INES, "Lamp", "The shade is cracked."))
    maya, tom = await two_desks(server, new_context, conversation)
    await expect(maya.locator("[data-people]")).to_have_text("1 teammate is here")

    # Typing is claiming, the other reads the draft, and Send asks.
    await tom.locator("#text").press_sequentially("A new shade leaves")
    await expect(tom.locator(".toast")).to_contain_text("Yours now")
    await expect(responsible(maya)).to_have_text("Tom")
    await expect(maya.locator("#writing")).to_contain_text("Tom Rivera is writing a reply")
    await expect(maya.locator("[data-send=reply]")).to_contain_text("Send anyway")
    await expect(tom.locator("[data-draft-state]")).to_contain_text("saved")
    await maya.get_by_role("link", name="See draft").click()
    draft = maya.get_by_role("dialog", name="The draft of Tom Rivera")
    await expect(draft).to_contain_text("A new shade leaves")
    await draft.get_by_role("link", name="Close").click()

    # Whoever follows finds it in a view of their own.
    await maya.locator("#log").focus()
    await maya.keyboard.press("Shift+F")
    await expect(maya.locator("#own [aria-pressed=true]")).to_have_attribute("aria-label", "Following")
    await expect(maya.locator("[data-counter=following]").first).to_have_text("1")

    # Tom goes away, and Maya covers: the case is hers, and the history says why.
    await tom.goto(f"{server.base}/settings/absence")
    await tom.get_by_label("Who covers").select_option("Maya Okafor")
    await tom.get_by_role("button", name="Set absence").click()
    await expect(tom.get_by_text("without an end yet")).to_be_visible()
    await expect(responsible(maya)).to_have_text("Maya")
    await expect(maya.locator("#log .ev").last).to_contain_text("Tom Rivera is away")
    await maya.get_by_label("More actions").first.click()
    await maya.get_by_role("link", name="Who has had it").click()
    history = maya.get_by_role("dialog", name="Who has had")
    await expect(history).to_contain_text("Covers for Tom Rivera")
    await expect(history).to_contain_text("Began to answer")
    await history.get_by_role("link", name="Close").click()

    # Who is let go is out at once; one undo lets them in again.
    await maya.goto(f"{server.base}/settings/agents")
    await maya.get_by_role("link", name="Change Tom Rivera").click()
    await maya.get_by_role("link", name="Deactivate…").click()
    await maya.get_by_role("button", name="Deactivate").click()
    await expect(tom.locator("#signed-out")).to_be_visible()
    await maya.get_by_role("button", name="Undo").click()
    await expect(maya.get_by_role("link", name="Change Tom Rivera")).to_be_visible()
