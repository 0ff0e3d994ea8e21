"""web/static/views.js in a real browser: another view takes the old one's place once it is there."""

from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Page, Route, expect

from .scene import BODY, Stub, document, entry, log, part, row

pytestmark = pytest.mark.browser


async def test_the_old_rows_stay_until_the_new_ones_are_there_and_where_none_come(
    stub: Stub, opened: Callable[..., Awaitable[Page]]
) -> None:
    def view(title: str, rows: str, timeline: str = "") -> str:
        return document(part("view", title=title, rows=rows, log=timeline), BODY)

    page = await opened(view("Mine", row(1, 1), log(entry(1))), "/inbox/mine")
    await page.evaluate("window.here = true")
    title, held = page.locator("#list-title"), list[Route]()

    await page.route("**/inbox/all", lambda route: held.append(route))
    await page.click("text=All open")
    await expect(page.locator(".rows .sk")).not_to_have_count(0)  # it takes its time
    await expect(page.locator("#case-1")).to_be_hidden()
    await expect(title).to_have_text("All open")
    await held[0].abort()
    await expect(page.get_by_role("alert")).to_contain_text("load this view.")
    await expect(page.locator("#case-1")).to_be_visible()
    await expect(title).to_have_text("Mine")

    await page.unroute("**/inbox/all")
    stub.pages["/inbox/all"] = view("All open", row(7, 1))
    await page.get_by_role("button", name="Try again").click()
    await expect(page.locator("#case-7")).to_be_visible()
    await expect(page.locator("#case-1, #log, [role=alert]")).to_have_count(0)
    await expect(page.locator(".nav [aria-current]")).to_have_text("All open")
    await expect(page.locator("#announce")).to_have_text("All open")
    assert await page.evaluate("[location.pathname, window.here]") == ["/inbox/all", True]
