"""What agents write to each other reaches nobody outside: in no mail, no frame, no answer, no page."""

import asyncio

from playwright.async_api import Page, Response, WebSocket, expect

from tests.services.browser import NewContext
from tests.services.correspondence import INES, Mailbox, mail
from tests.services.server import RunningServer
from tests.services.shop import Shop, write
from tests.services.smtp import SmtpSink

SECRET = "zanzibar"  # in every note
PUBLIC = "tomorrow"  # in every answer: what must be found wherever the secret must not


class Overheard:
    """Everything that a visitor's browser is told by anybody."""

    def __init__(self, page: Page) -> None:
        self.frames: list[str] = []
        self._bodies: list[asyncio.Task[str]] = []
        page.on("websocket", self._listen)
        page.on("response", self._read)

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: self.frames.append(str(frame)))

    def _read(self, response: Response) -> None:
        if response.ok:  # at once: the browser forgets it with the page
            self._bodies.append(asyncio.create_task(response.text()))

    async def everything(self) -> str:
        """The frames, and the bodies of the answers."""
        bodies = await asyncio.gather(*self._bodies)
        return "\n".join([*self.frames, *bodies]).casefold()


async def add_note(page: Page, text: str) -> None:
    await page.locator("label.tab", has_text="Note").click()
    await page.locator("#text").press_sequentially(text)
    await page.locator("button[data-send=note]").click()
    await expect(page.locator("#log .note").last).to_contain_text(text)


async def answer(page: Page, text: str) -> None:
    await page.locator("label.tab", has_text="Reply").click()
    await page.locator("#text").fill(text)
    await page.locator("button[data-send=reply]").click()
    await expect(page.locator("#log .msg--team").last).to_contain_text(text)


async def test_a_note_is_nowhere_outside(
    server: RunningServer, mailbox: Mailbox, shop: Shop, smtp_sink: SmtpSink, new_context: NewContext
) -> None:
    conversation = await mailbox.take(mail(INES, "Refund", "When do I get it?"))
    maya, visitor = [await (await new_context()).new_page() for _ in range(2)]
    overheard = Overheard(visitor)
    who = shop.signed("u-1", "ines@norte.test", "Inês")
    panel = await shop.visit(visitor, who=who)
    await server.sign_in(maya, "maya@desk.test")
    await maya.goto(f"{server.base}/conversations/{conversation}")
    await add_note(maya, f"Her limit is {SECRET}")
    await answer(maya, f"By mail: {PUBLIC}")
    await smtp_sink.arrival()

    await write(panel, "Are you sure?")
    await maya.reload()
    await add_note(maya, f"Still {SECRET}, @Maya")
    await expect(maya.locator("summary.via")).to_contain_text("to Web chat")
    await answer(maya, f"In the chat: {PUBLIC}")
    await expect(panel.locator("#log")).to_contain_text(f"In the chat: {PUBLIC}")
    live = await panel.content()
    panel = await shop.visit(visitor, who=who)
    await expect(panel.locator("#log")).to_contain_text(f"In the chat: {PUBLIC}")
    loaded = await panel.content()

    mails = "\n".join(accepted.raw.decode() for accepted in smtp_sink.ledger)
    told = await overheard.everything()
    for name, words in {"mail": mails, "frames": told, "panel": live, "fresh panel": loaded}.items():
        assert PUBLIC in words.casefold(), f"{name}: nothing was overheard, so this shows nothing"
        assert SECRET not in words.casefold(), f"{name}: the note got out"
    assert SECRET in await maya.locator("#log").inner_text()
