"""What concerns an agent reaches all their tabs, sounds in one, and is old news in all once it was seen."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import BrowserContext, Page, expect

from tests.services.correspondence import INES, Mailbox, mail
from tests.services.server import RunningServer, address_of

LISTEN = "document.addEventListener('desk:sound', e => { document.body.dataset.heard = e.detail; })"
SHOWN = """titles => navigator.serviceWorker.ready.then(worker => worker.getNotifications())
    .then(all => all.map(one => one.title).join() === titles)"""


async def violations(page: Page) -> list[str]:
    found = await Axe().run(page)
    return [f"{one['id']}: {one['nodes'][0]['html'][:160]}" for one in found.response["violations"]]


async def pushed(context: BrowserContext, page: Page, base: str, told: dict[str, Any]) -> None:
    """Hand a push to the service worker, as the browser's push service would."""
    session = await context.new_cdp_session(page)
    found: list[dict[str, Any]] = []
    session.on("ServiceWorker.workerRegistrationUpdated", lambda event: found.extend(event["registrations"]))
    await page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    await session.send("ServiceWorker.enable")
    while not found:
        await page.evaluate("new Promise(requestAnimationFrame)")
    named = {"origin": base, "registrationId": found[-1]["registrationId"]}
    await session.send("ServiceWorker.deliverPushMessage", {**named, "data": json.dumps(told)})
    await session.detach()


async def test_two_tabs_one_sound_a_badge_and_a_push(
    server: RunningServer, mailbox: Mailbox, new_context: Callable[..., Awaitable[BrowserContext]]
) -> None:
    context = await new_context(viewport={"width": 1280, "height": 900}, permissions=["notifications"])
    first, second = await context.new_page(), await context.new_page()
    await server.sign_in(first, address_of("Maya"))
    await second.goto(f"{server.base}/notifications")
    for tab in (first, second):
        await tab.bring_to_front()
        await tab.evaluate(LISTEN)
        await tab.locator(".ws").focus()
        await tab.keyboard.press("Escape")  # a tab in which nobody has pressed anything may make no sound
        await expect(tab.locator("body")).to_have_attribute("data-live", "on")
    await expect(first.locator("body")).to_have_attribute("data-sounds", "here")
    await expect(second.locator("body")).to_have_attribute("data-sounds", "waiting")

    # a message in a case of hers: both tabs count it, one sounds
    conversation = await mailbox.take(mail(INES, "Cracked lamp", "My lamp is cracked."))
    [case] = (await server.api("GET", "/cases"))["items"]
    maya = next(one for one in (await server.api("GET", "/agents"))["items"] if one["name"] == "Maya Okafor")
    await server.api("PATCH", f"/cases/{case['number']}", {"assignee_id": maya["id"]})
    await mailbox.take(mail(INES, "Cracked lamp", "And the shade, too."))
    for tab in (first, second):
        await expect(tab.locator(".nav [data-counter=notifications]")).to_have_text("1")
        await expect(tab).to_have_title(f"(1) {'Mine' if tab is first else 'Notifications'} · Onethread")
    await expect(first.locator("body")).to_have_attribute("data-heard", "soft")
    assert await second.get_attribute("body", "data-heard") is None
    await expect(second.locator("#notifications li")).to_contain_text("Inês Carvalho wrote")
    assert await violations(second) == []

    # seen in one tab, it is old news in the other
    await first.bring_to_front()
    await first.goto(f"{server.base}/conversations/{conversation}")
    await expect(second.locator(".nav [data-counter=notifications]")).to_have_text("")
    await expect(second).to_have_title("Notifications · Onethread")

    # the sound goes on in the tab that is left
    await first.close()
    await expect(second.locator("body")).to_have_attribute("data-sounds", "here")

    # the settings, and what a push does on this device
    await second.bring_to_front()
    await second.goto(f"{server.base}/settings/notifications")
    assert await violations(second) == []
    told = {"title": "Ana wrote", "body": "#1", "url": "/inbox/mine", "unread": 1}
    await pushed(context, second, server.base, {**told, "tag": "a", "alert": "always", "standing": ["a"]})
    await second.wait_for_function(SHOWN, arg="Ana wrote")
    await pushed(context, second, server.base, {**told, "tag": "b", "alert": "hidden", "standing": ["b"]})
    await second.wait_for_function(SHOWN, arg="")

    # without a network an own page says so, and nothing of anybody's is kept
    await context.set_offline(True)
    await second.goto(f"{server.base}/inbox/mine")
    await expect(second.get_by_role("heading")).to_have_text("No connection")
    kept = await second.evaluate(
        "caches.keys().then(all => Promise.all(all.map(name => caches.open(name).then(one => one.keys()))))"
        ".then(all => all.flat().map(one => new URL(one.url).pathname))"
    )
    assert sorted(kept) == ["/offline", "/static/door.css", "/static/icon-192.png"]
