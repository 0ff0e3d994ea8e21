"""One person writes by email, in the chat and by a form, and an agent sees one thread grow by itself."""

import json

from playwright.async_api import expect

from tests.services.browser import NewContext
from tests.services.correspondence import INES, connect_mailbox, mail
from tests.services.dovecot import DovecotServer
from tests.services.server import RunningServer
from tests.services.shop import Shop, write
from tests.services.smtp import SmtpSink


async def test_mail_chat_and_form_of_one_person_are_one_thread(
    server: RunningServer, shop: Shop, dovecot: DovecotServer, smtp_sink: SmtpSink, new_context: NewContext
) -> None:
    page, visitor = [await (await new_context()).new_page() for _ in range(2)]
    user = await connect_mailbox(server, dovecot, smtp_sink)
    await server.sign_in(page, "maya@desk.test")
    await page.goto(f"{server.base}/inbox/all")
    await expect(page.locator("body")).to_have_attribute("data-live", "on")
    await page.evaluate("window.isStillTheSamePage = true")
    log = page.get_by_role("log")

    # A mail comes into the open inbox, and its answer leaves.
    first = mail(INES, "Cracked lamp", "It arrived broken.")
    dovecot.deliver(user, first.as_bytes())
    await page.get_by_role("link", name="Cracked lamp").click()
    await expect(log.get_by_role("article")).to_contain_text("It arrived broken.")
    await page.locator("#text").fill("A new one is on its way.")
    await page.get_by_role("button", name="Send", exact=False).first.click()
    (accepted,) = await smtp_sink.arrival()
    answer = accepted.message
    assert answer["Message-ID"] and "support@desk.test" in answer["From"] and answer["To"] == INES
    assert answer["Subject"] == "Re: Cracked lamp"
    assert answer["In-Reply-To"] == answer["References"] == first["Message-ID"]

    # Her answer lands in the same strand.
    second = mail(
        INES, "Re: Cracked lamp", "Thank you!", references=(first["Message-ID"], answer["Message-ID"])
    )
    dovecot.deliver(user, second.as_bytes())
    mails = log.locator("[data-kind=message]")
    await expect(mails).to_have_count(3)
    await expect(mails.last).to_contain_text("Thank you!")
    assert len(set(await mails.evaluate_all("all => all.map(one => one.dataset.strand)"))) == 1

    # She is signed in at the shop and chats there: she sees what she mailed, and it is the same thread.
    panel = await shop.visit(visitor, who=shop.signed("u-1", "ines@norte.test", "Inês Carvalho"))
    await expect(panel.locator("#log")).to_contain_text("It arrived broken.")
    await write(panel, "Will it come today?")
    await expect(log.locator("[data-channel-kind=webchat]")).to_contain_text("Will it come today?")

    # Whoever fills in a form only says who they are: the same thread, but a case of its own.
    form = await server.api("POST", "/channels", {"kind": "form", "name": "Contact"})
    sent = {"name": "Inês", "email": "ines@norte.test", "subject": "Returns", "message": "To which address?"}
    await server.post(
        f"/forms/{form['public_key']}", json.dumps(sent).encode(), **{"Content-Type": "application/json"}
    )
    await expect(log.locator("[data-channel-kind=form]")).to_contain_text("To which address?")
    await expect(page.locator("#rows li", has_text="claimed")).to_contain_text("To which address?")

    (conversation,) = (await server.api("GET", "/conversations"))["items"]
    assert sorted(conversation["channels"]) == ["email", "form", "webchat"]
    claimed = {case["subject"]: case["claimed"] for case in conversation["cases"]}
    assert claimed == {"Cracked lamp": False, "Returns": True}
    assert server.rows("SELECT count(*) FROM conversations WHERE merged_into_id IS NULL") == [(1,)]
    assert await page.evaluate("window.isStillTheSamePage"), "the page was loaded again"
