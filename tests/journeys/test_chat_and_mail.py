"""A chat goes on by mail when its visitor leaves, and in the chat when they come back with a proof."""

import re

from playwright.async_api import expect

from tests.services.browser import NewContext
from tests.services.correspondence import Mailbox, mail
from tests.services.server import RunningServer
from tests.services.shop import Shop, write
from tests.services.smtp import Accepted, SmtpSink

INES = "Inês <ines@norte.test>"


def words_of(accepted: Accepted) -> str:
    body = accepted.message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


async def test_a_visitor_leaves_answers_by_mail_and_comes_back(
    server: RunningServer, mailbox: Mailbox, smtp_sink: SmtpSink, shop: Shop, new_context: NewContext
) -> None:
    visitor, maya = [await (await new_context()).new_page() for _ in range(2)]
    (chat,) = [each for each in (await server.api("GET", "/channels"))["items"] if each["kind"] == "webchat"]
    await server.api("PATCH", f"/channels/{chat['id']}", {"settings": {"continuity_seconds": 3}})

    # She writes; the server is away for a moment, and nothing is lost or doubled.
    panel = await shop.visit(visitor)
    await write(panel, "Is the lamp in stock?")
    await panel.get_by_role("button", name="Add yours").click()
    await panel.fill("#email", "ines@norte.test")
    await panel.press("#email", "Enter")
    await expect(panel.locator("#foot")).to_contain_text("ines@norte.test")
    await server.end()
    await panel.fill("#text", "In brass, if you have it.")
    await panel.press("#text", "Enter")
    await expect(panel.get_by_text("Waiting to send")).to_be_visible()
    await server.start()
    await expect(panel.locator(".w-m--me[id]")).to_have_text(
        ["Is the lamp in stock?", "In brass, if you have it."]
    )
    await expect(panel.locator("#offline")).to_be_hidden()

    # She leaves. What she has not seen comes as one mail, in our words alone.
    await visitor.goto("about:blank")
    (conversation,) = (await server.api("GET", "/conversations"))["items"]
    for text in ("Two of them, in **brass**.", "Shall I put one aside?"):
        await server.api("POST", f"/conversations/{conversation['id']}/messages", {"text": text})
    (first,) = await smtp_sink.arrival()
    words = words_of(first)
    assert first.message["To"] == "ines@norte.test" and first.message["Subject"].startswith("Your chat with")
    assert "brass" in words and "Shall I put one aside?" in words and "in stock" not in words
    await server.sign_in(maya, "maya@desk.test")
    await maya.goto(f"{server.base}/conversations/{conversation['id']}")
    await expect(maya.get_by_role("log")).to_contain_text(
        "2 replies not seen in the chat: mailed to ines@norte"
    )

    # Her answer comes back into the same strand, and is answered by mail.
    answer = mail(INES, "Re: Your chat", "Yes please!", references=(first.message["Message-ID"],))
    assert await mailbox.take(answer) == conversation["id"]
    smtp_sink.reset()
    await server.api("POST", f"/conversations/{conversation['id']}/messages", {"text": "It is yours."})
    (second,) = await smtp_sink.arrival()
    assert "It is yours." in words_of(second)
    assert second.message["In-Reply-To"] == answer["Message-ID"]
    messages = (await server.api("GET", f"/conversations/{conversation['id']}/messages"))["items"]
    assert len({message["strand_id"] for message in messages}) == 1

    # Back in her browser: what went through the mailbox shows once she has proved that it is hers.
    panel = await shop.visit(visitor)
    await expect(panel.locator("#log")).to_contain_text("Shall I put one aside?")
    assert "Yes please!" not in await panel.inner_text("#log")
    smtp_sink.reset()
    await panel.click("#more")
    await panel.get_by_role("button", name="Show my earlier messages").click()
    await expect(panel.get_by_label("Your email")).to_have_value("ines@norte.test")
    await panel.get_by_role("button", name="Mail me a code").click()
    (third,) = await smtp_sink.arrival()
    code = re.search(r"\d{6}", words_of(third))
    assert code is not None
    await panel.get_by_label("The code from our mail").fill(code[0])
    await panel.get_by_role("button", name="Confirm").click()
    await expect(panel.locator("#log")).to_contain_text("Yes please!")
    await expect(panel.locator("#log")).to_contain_text("It is yours.")
    await expect(panel.get_by_text("You sent this by email")).to_be_visible()
    await expect(panel.get_by_text("Answered by email")).to_be_visible()
