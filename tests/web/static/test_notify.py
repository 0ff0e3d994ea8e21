"""web/static/notify.js in a real browser: what is announced, and when it falls silent."""

import re
from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Page, expect

from .scene import Stub, entry, thread

pytestmark = pytest.mark.browser
Open = Callable[..., Awaitable[Page]]

BELL = '<p><a class="nv" href="/notifications">Bell</a><b data-counter="notifications"></b></p>'
SCRIPT = '<script defer src="/static/notify.js"></script>'
HEARD = """document.addEventListener('desk:sound', e => {
    document.body.dataset.heard = (document.body.dataset.heard || '') + e.detail[0];
})"""


def told(tag: str, sound: str, *, age: int = 1) -> str:
    return (
        f'<p data-id="{tag}" data-case="1" data-conversation="c9" data-sound="{sound}" data-alert="never" '
        f'data-age="{age}" data-url="/cases/1" data-title="Ana wrote">#1</p>'
    )


async def test_it_sounds_for_what_is_new_and_rings_until_somebody_takes_it(stub: Stub, opened: Open) -> None:
    def news(unread: str, count: str, *announced: str) -> str:
        counter = f'<b data-counter="notifications">{count}</b>'
        return f'<section data-unread="{unread}">{counter}{"".join(announced)}</section>'

    async def push(answer: str) -> None:
        stub.pages["/notifications/news"] = answer
        await stub.push(signal={"notifications": True})

    stub.pages["/notifications/news"] = news("a", "1", told("a", "distinct"))
    page = await opened(thread(entry(1)).replace("</body>", f"{BELL}{SCRIPT}</body>"))
    body, counter = page.locator("body"), page.locator("[data-counter=notifications]")
    await expect(counter).to_have_text("1")
    await page.evaluate(HEARD)
    await page.clock.install()
    await page.keyboard.press("Escape")
    await expect(body).to_have_attribute("data-sounds", "here")

    # what waited before the page was there is no news; of several the loudest sounds, and nothing that is old
    await push(news("c b a", "2", told("b", "soft"), told("c", "distinct")))
    await expect(counter).to_have_text("2")
    await expect(body).to_have_attribute("data-heard", "d")
    await push(news("d c b a", "3", told("d", "distinct", age=90)))
    await expect(counter).to_have_text("3")
    await push(news("e d", "4", told("e", "none")))
    await expect(counter).to_have_text("4")
    await expect(body).to_have_attribute("data-heard", "d")
    assert await page.title() == "(4) Mine"
    assert any(path.endswith("/notifications/news?after=d") for path in stub.asked)

    # a chat that nobody has
    await push(news("f e", "5", told("f", "ring")))
    await expect(body).to_have_attribute("data-ringing", "")
    await page.clock.run_for(2_500)
    await expect(body).to_have_attribute("data-heard", re.compile("^drr+$"))
    await push(news("e", "4"))
    await expect(counter).to_have_text("4")
    await page.clock.run_for(2_500)
    await expect(body).not_to_have_attribute("data-ringing", "")
    before = len(await body.get_attribute("data-heard") or "")

    # one that nobody takes falls silent by itself
    await push(news("g e", "5", told("g", "ring")))
    await expect(body).to_have_attribute("data-ringing", "")
    await page.clock.run_for(33_000)
    await expect(body).not_to_have_attribute("data-ringing", "")
    after = len(await body.get_attribute("data-heard") or "")
    assert 11 <= after - before <= 14, "half a minute"
