"""web/static/notify.js in a real browser: what is announced, and when it falls silent."""

import hashlib
import re
from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Page, Route, expect

from .scene import Stub, entry, thread, until

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


async def test_it_asks_even_where_the_socket_was_up_before_its_script_had_come(
    stub: Stub, page: Page, opened: Open
) -> None:
    async def late(route: Route) -> None:
        await until(lambda: any(told["t"] == "open" for told in stub.said), "the socket is up")
        await route.continue_()

    await page.route("**/static/notify.js", late)
    stub.pages["/notifications/news"] = (
        '<section data-unread="a"><b data-counter="notifications">1</b></section>'
    )
    await opened(thread(entry(1)).replace("</body>", f"{BELL}{SCRIPT}</body>"))

    await expect(page.locator("[data-counter=notifications]")).to_have_text("1")


DEVICE = """<div id="device" data-key="KEY" data-known="$known"><button data-allow hidden>Allow</button>
<p data-said="denied" hidden>No</p><p data-said="granted" hidden>Yes</p></div>
<script defer src="/static/devices.js"></script>"""
# Chromium subscribes to no push service in a window without a history.
PUSHES = """
let made = sessionStorage.address && subscription();
function subscription() {
  const endpoint = 'https://push.example/a';
  sessionStorage.address = endpoint;
  return {
    endpoint, toJSON: () => ({ endpoint, keys: { p256dh: 'P', auth: 'A' } }),
    unsubscribe: async () => { made = null; delete sessionStorage.address; },
  };
}
const pushManager = {
  getSubscription: async () => made || null,
  subscribe: async wanted => {
    sessionStorage.signer = wanted.applicationServerKey;
    return (made = subscription());
  },
};
const worker = { ready: Promise.resolve({ pushManager }) };
Object.defineProperty(navigator, 'serviceWorker', { value: worker });
window.Notification = {
  get permission() { return sessionStorage.permission || 'default'; },
  requestPermission: async () => (sessionStorage.permission = 'granted'),
};
"""


async def test_a_device_is_added_by_a_press_and_gives_up_when_it_was_stopped(
    stub: Stub, page: Page, opened: Open
) -> None:
    known = hashlib.sha256(b"https://push.example/a").hexdigest()
    whole = thread(entry(1)).replace("</body>", f"{DEVICE}</body>")
    posted: list[str] = []

    async def take(route: Route) -> None:
        posted.append(route.request.post_data or "")
        stub.pages["/cases/1"] = whole.replace("$known", f"abc {known}")
        await route.fulfill(status=204)

    await page.add_init_script(PUSHES)
    await opened(whole.replace("$known", ""))
    await page.route("**/settings/notifications/devices", take)
    button, granted = page.locator("[data-allow]"), page.locator("[data-said=granted]")
    await expect(granted).to_be_hidden()
    await button.click()
    await expect(granted).to_be_visible()
    await expect(button).to_be_hidden()

    assert posted == ["endpoint=https%3A%2F%2Fpush.example%2Fa&p256dh=P&auth=A"]
    assert await page.evaluate("sessionStorage.signer") == "KEY"

    stub.pages["/cases/1"] = whole.replace("$known", "")
    await page.reload()
    await expect(button).to_be_visible()
    await expect(granted).to_be_hidden()
    assert await page.evaluate("sessionStorage.address") is None
