"""Hostile formatted mail in a real browser: nothing runs, and nothing is fetched before it is asked for.

Each of two walls is tried alone: what the sanitiser leaves, in a page without any policy; and what comes in
unsanitised, in the document that mail is shown in.
"""

import json
import os
import re
from pathlib import Path

from playwright.async_api import Page, Route

from inbox.sanitising import sanitise
from web.endpoints.documents import POLICY

DATA = Path(os.environ.get("ONETHREAD_TEST_DATA") or Path(__file__).parents[3] / "shared" / "data")
ATTACKS = DATA / "attacks"
CORPORA = ("xss_payloads", "email_html_vectors", "remote_leaks")
TOGETHER = 40  # payloads in one page
SITE = "http://mail.test"
# What every payload of the corpora does when it runs, one way or another.
WATCH = """window.ran = [];
for (const name of ['alert', 'confirm', 'prompt', 'print', 'open'])
  window[name] = (...args) => window.ran.push(name);
"""
OWN = [
    '<img src="https://track.test/p.gif" srcset="https://track.test/q.gif 2x">',
    '<table background="https://track.test/t.gif"><td style="background:u\\72l(https://track.test/s.gif)">x',
    '<style>@import "https://track.test/i.css"; p { background:url(https://track.test/j.gif) }</style>',
    '<link rel="stylesheet" href="https://track.test/l.css"><base href="https://track.test/">',
    '<svg><image href="https://track.test/v.svg"/></svg><video poster="https://track.test/m.jpg"></video>',
    "<img src=x onerror=alert(1)><script>alert(2)</script>",
    '<iframe srcdoc="<script>parent.alert(3)</script>"></iframe>',
    '<meta http-equiv="refresh" content="0;url=https://track.test/r"><body onload=alert(4)>',
    '<form action="https://track.test/f"><input autofocus onfocus=alert(5)></form>',
]


def payloads() -> list[str]:
    found = list(OWN)
    for name in CORPORA:
        file = ATTACKS / f"{name}.jsonl"
        found += (
            [json.loads(line)["payload"] for line in file.read_text().splitlines()] if file.exists() else []
        )
    return found


async def opened(page: Page, bodies: list[str], policy: str | None) -> tuple[list[str], list[str]]:
    """What ran, and what was asked for, while these bodies were shown one page after another."""
    asked: list[str] = []

    async def answer(route: Route) -> None:
        url = route.request.url
        if named := re.fullmatch(rf"{SITE}/mail/(\d+)", url):
            headers = {"Content-Type": "text/html; charset=utf-8"}
            if policy is not None:
                headers["Content-Security-Policy"] = policy
            body = bodies[int(named[1])]
            await route.fulfill(body=f"<!doctype html><title>Mail</title><body>{body}", headers=headers)
            return
        asked.append(url)
        await route.abort()

    await page.route("**/*", answer)
    if policy is None:
        await page.add_init_script(WATCH)
    ran: list[str] = []
    for number in range(len(bodies)):
        await page.goto(f"{SITE}/mail/{number}", wait_until="load")
        if policy is None:
            ran += await page.evaluate("window.ran")
        if page.url != f"{SITE}/mail/{number}":
            asked.append(f"navigated to {page.url}")
    return ran, asked


def together(parts: list[str]) -> list[str]:
    return ["\n".join(parts[start : start + TOGETHER]) for start in range(0, len(parts), TOGETHER)]


async def test_what_the_sanitiser_leaves_runs_nothing_and_asks_for_nothing(page: Page) -> None:
    found = payloads()
    ran, asked = await opened(page, together([sanitise(one, image_urls={}) for one in found]), None)
    print(f"\nsanitised, without a policy: {len(found)} payloads, {len(ran)} run, {len(asked)} requests")
    assert ran == [] and asked == []


async def test_the_document_of_a_mail_runs_nothing_even_where_nothing_was_sanitised(page: Page) -> None:
    found = payloads()
    policy = POLICY.format(pictures=f"{SITE}/pictures/").replace(
        "frame-ancestors 'self'", "frame-ancestors *"
    )
    messages: list[str] = []
    page.on("dialog", lambda dialog: messages.append(dialog.message))
    bodies = [re.sub(r"http-equiv", "data-x", one, flags=re.IGNORECASE) for one in found]  # one page for many
    _, asked = await opened(page, together(bodies), policy)
    print(
        f"\nunsanitised, in its document: {len(found)} payloads, {len(messages)} dialogs, {len(asked)} asked"
    )
    assert messages == []
    assert [url for url in asked if not url.startswith(SITE)] == []


async def test_the_payloads_are_live_where_nothing_stops_them(page: Page) -> None:
    """The control: without a wall they do run, so that the tests above can fail."""
    ran, asked = await opened(
        page, [one for one in OWN if "onerror" in one or "track.test/p.gif" in one], None
    )
    assert "alert" in ran and any("track.test" in url for url in asked)
