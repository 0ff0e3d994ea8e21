"""The network breaks while things happen: what stands on the pages afterwards is what a fresh page shows."""

import asyncio
from collections.abc import Awaitable, Callable

from playwright.async_api import Frame, Page, expect

from tests.services.browser import NewContext
from tests.services.correspondence import INES, Mailbox, mail
from tests.services.proxy import TcpProxy
from tests.services.server import RunningServer
from tests.services.shop import Shop, write

# What the page adds for this reader and this moment is no part of what was pushed.
READ_LOG = """log => {
  const copy = log.cloneNode(true);
  copy.querySelectorAll('[data-made=new], #typing, .w-home').forEach(one => one.remove());
  for (const one of copy.querySelectorAll('*')) {
    const passing = ['style', 'title', 'data-told', 'data-tail'], all = [...one.attributes];
    const kept = all.filter(({name, value}) => !passing.includes(name) && (value || name !== 'class'));
    all.forEach(each => one.removeAttribute(each.name));
    kept.sort((a, b) => (a.name < b.name ? -1 : 1)).forEach(each => one.setAttribute(each.name, each.value));
  }
  const html = copy.innerHTML.replace(/token=[^"&]*/g, '').replace(/>\\s+/g, '>').replace(/\\s+</g, '<');
  return html.replace(/></g, '>\\n<').split('\\n');
}"""


async def shown(page: Page | Frame) -> list[str]:
    lines: list[str] = await page.locator("#log").evaluate(READ_LOG)
    return lines


async def same(old: Page | Frame, fresh: Page | Frame) -> None:
    """Wait until *old* has caught up and *fresh* has loaded, and compare."""
    for _ in range(100):
        if len(wanted := await shown(fresh)) > 10 and await shown(old) == wanted:
            break
        await asyncio.sleep(0.1)
    assert len(wanted) > 10 and await shown(old) == wanted


async def happen(
    server: RunningServer, conversation: str, proxy: TcpProxy, meanwhile: Callable[[], Awaitable[None]]
) -> None:
    """Twenty events; the network is cut at each third of them, and gone for good in the middle, when
    *meanwhile* happens."""
    messages = f"/conversations/{conversation}/messages"
    (case,) = (await server.api("GET", f"/conversations/{conversation}"))["cases"]
    path = f"/cases/{case['number']}"
    chat, email = [s["id"] for s in await strands(server, conversation)]

    def say(text: str, strand: str) -> Callable[[], Awaitable[object]]:
        return lambda: server.api("POST", messages, {"text": text, "strand_id": strand})

    def change(**what: object) -> Callable[[], Awaitable[object]]:
        return lambda: server.api("PATCH", path, what)

    def note(text: str) -> Callable[[], Awaitable[object]]:
        return lambda: server.api("POST", f"/conversations/{conversation}/notes", {"text": text})

    events = [say(f"Answer {n}", chat) for n in range(7)] + [say(f"By mail {n}", email) for n in range(2)]
    events += [note("First note"), note("Second note"), change(priority="high"), change(subject="Lamps")]
    events += [change(tags=["broken"]), change(status="resolved"), change(status="open")]
    events += [say(f"Last answer {n}", chat) for n in range(4)]
    assert len(events) == 20
    for n, event in enumerate(events):
        if n == 5:
            await proxy.refuse()
        if n == 10:
            await meanwhile()
        if n == 15:
            await proxy.accept()
        if n % 3 == 0:
            proxy.cut()
        await event()


async def strands(server: RunningServer, conversation: str) -> list[dict[str, str]]:
    """The chat and the email."""
    found = (await server.api("GET", f"/conversations/{conversation}"))["strands"]
    return sorted(found, key=lambda strand: strand["channel"]["kind"], reverse=True)


async def test_after_cuts_both_pages_show_what_a_fresh_page_shows(
    server: RunningServer,
    mailbox: Mailbox,
    shop: Shop,
    tcp_proxy: Callable[[int], Awaitable[TcpProxy]],
    new_context: NewContext,
) -> None:
    conversation = await mailbox.take(mail(INES, "Cracked lamp", "It arrived broken."))
    proxy = await tcp_proxy(server.port)
    base = f"http://127.0.0.1:{proxy.port}"
    shop.widget_base = base
    desk, phone = await new_context(), await new_context()
    maya, visitor = await desk.new_page(), await phone.new_page()
    panel = await shop.visit(visitor, who=shop.signed("u-1", "ines@norte.test", "Inês"))
    await write(panel, "I am here, too.")
    await server.sign_in(maya, "maya@desk.test", base=base)
    await maya.clock.install()
    await maya.goto(f"{base}/conversations/{conversation}")
    await expect(maya.locator("body")).to_have_attribute("data-live", "on")

    await maya.locator("#text").press_sequentially("We send")

    async def a_minute_later() -> None:
        await maya.keyboard.type(" a new")
        await expect(maya.locator("#offline")).to_contain_text("No connection")
        await maya.clock.fast_forward(60_000)
        await maya.keyboard.type(" shade.")

    await happen(server, conversation, proxy, a_minute_later)
    await panel.evaluate("dispatchEvent(new Event('online'))")  # as a browser says when its network is back
    await maya.evaluate("dispatchEvent(new Event('online'))")
    await write(panel, "Are you still there?")

    await expect(maya.locator("#log")).to_contain_text("Are you still there?")
    await expect(panel.locator("#log")).to_contain_text("Last answer 3")
    await maya.keyboard.type(" Promised")  # where the caret was
    await expect(maya.locator("#text")).to_have_value("We send a new shade. Promised")
    await expect(maya.locator("[data-draft-state]")).to_contain_text("Draft saved")
    fresh = await desk.new_page()
    await fresh.goto(maya.url)
    await expect(fresh.locator("#text")).to_have_value("We send a new shade. Promised")
    await same(maya, fresh)
    await same(panel, await shop.visit(await phone.new_page()))
