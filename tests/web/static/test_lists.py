"""web/static/lists.js in a real browser: rows come when a signal names them, and never move under a hand."""

import itertools
import time
from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Page, expect

from .scene import Stub, inbox, row, until

pytestmark = pytest.mark.browser
Open = Callable[..., Awaitable[Page]]


async def shown(page: Page) -> list[str]:
    found = await page.eval_on_selector_all("#rows > li", "all => all.map(e => e.id.slice(5))")
    return [str(number) for number in found]


async def test_a_signal_fetches_the_changed_rows_and_puts_them_in_their_places(
    stub: Stub, opened: Open
) -> None:
    asked: list[str] = []

    def answer(query: dict[str, list[str]]) -> str:
        asked.extend(query["changed"])
        return (
            row(2, 35, "two, later")
            + row(9, 15)
            + '<li id="case-3" data-gone></li><b data-counter="mine">7</b>'
            + '<b data-counter="notifications">2</b>'
        )

    stub.pages["/inbox/mine"] = answer
    page = await opened(inbox(row(1, 10) + row(2, 20) + row(3, 30) + row(4, 40)), "/inbox")
    for number in (2, 3, 9, 2):
        await stub.push(sub="lists", cursor=f"L{number}", signal={"cases": [number]})
    await expect(page.locator("#case-9")).to_be_attached()
    assert await shown(page) == ["1", "9", "2", "4"]
    assert sorted(set(itertools.chain(*(part.split(",") for part in asked)))) == ["2", "3", "9"]
    assert any("sort=due" in path for path in stub.asked)
    await expect(page.locator("#case-2 a")).to_have_text("two, later")
    await expect(page.locator("#case-2 a")).to_have_attribute("aria-current", "true")
    await expect(page.locator("[data-counter]")).to_have_text("7")
    assert await page.title() == "(2) Mine"


async def test_a_burst_of_signals_asks_at_most_once_a_second(stub: Stub, opened: Open) -> None:
    times: list[float] = []

    def answer(query: dict[str, list[str]]) -> str:
        times.append(time.monotonic())
        return "".join(row(int(n), n) for n in query["changed"][0].split(","))

    stub.pages["/inbox/mine"] = answer
    page = await opened(inbox(row(1, 1)), "/inbox")
    for number in range(2, 40):
        await stub.push(sub="lists", cursor=f"L{number}", signal={"cases": [number]})
    await expect(page.locator("#case-39")).to_be_attached()
    await page.wait_for_function("document.querySelectorAll('#rows > li').length === 39")
    assert len(times) <= 3
    assert all(b - a > 0.9 for a, b in itertools.pairwise(times))


async def test_rows_do_not_jump_under_the_pointer(stub: Stub, opened: Open) -> None:
    stub.pages["/inbox/mine"] = lambda query: row(3, 1, "three, now first") + row(9, 2)
    page = await opened(inbox(row(1, 10) + row(2, 20) + row(3, 30)), "/inbox")
    await page.hover("#case-2 a")
    await stub.push(sub="lists", cursor="L1", signal={"cases": [3, 9]})
    await expect(page.locator("#rows-new")).to_have_text("1 new")
    assert await shown(page) == ["1", "2", "3"]
    await expect(page.locator("#case-3 a")).to_have_text("three, now first")
    # Pressed without the pointer, which would leave the list on its way: that alone settles the rows.
    await page.dispatch_event("#rows-new", "click")
    assert await shown(page) == ["3", "9", "1", "2"]
    await expect(page.locator("#rows-new")).to_be_hidden()


async def test_a_focused_row_keeps_its_focus_when_it_changes(stub: Stub, opened: Open) -> None:
    stub.pages["/inbox/mine"] = lambda query: row(2, 1, "changed") + '<li id="case-1" data-gone></li>'
    page = await opened(inbox(row(1, 10) + row(2, 20)), "/inbox")
    await page.focus("#case-2 a")
    await stub.push(sub="lists", cursor="L1", signal={"cases": [1, 2]})
    await expect(page.locator("#case-2 a")).to_have_text("changed")
    await expect(page.locator("#case-2 a")).to_be_focused()


async def test_a_list_that_could_not_be_asked_is_asked_again(stub: Stub, opened: Open) -> None:
    page = await opened(inbox(row(1, 10)), "/inbox")
    await stub.push(sub="lists", cursor="L1", signal={"cases": [9]})
    await until(lambda: any("changed=9" in path for path in stub.asked), "a first try, which finds no page")
    stub.pages["/inbox/mine"] = row(9, 1)
    await expect(page.locator("#case-9")).to_be_attached(timeout=10_000)


async def test_a_finger_that_moves_a_row_far_resolves_it_and_a_little_does_nothing(
    stub: Stub, opened: Open
) -> None:
    page = await opened(inbox(row(1, 10) + row(2, 20)), "/inbox")
    posted: list[str] = []
    page.on("request", lambda one: posted.append(one.url) if one.method == "POST" else None)
    moved = """async (row, across) => {
      const finger = { pointerType: 'touch', isPrimary: true, pointerId: 5, clientY: 100, bubbles: true };
      const at = (kind, x) => row.dispatchEvent(new PointerEvent(kind, { ...finger, clientX: 200 + x }));
      at('pointerdown', 0); at('pointermove', across / 2); at('pointermove', across);
      const said = row.parentElement.dataset.swipe;
      at('pointerup', across); row.click();
      await new Promise(done => setTimeout(done, 100));
      return said;
    }"""
    row_2 = page.locator("#case-2 a")
    said = [await row_2.evaluate(moved, across) for across in (30, 120)]
    await until(lambda: posted, "the case is resolved")

    assert said == ["", "Resolve"]
    assert [url.removeprefix(stub.url) for url in posted] == ["/cases/2/resolution"]
    assert page.url.endswith("/inbox"), "lifting the finger opens nothing"


def opening(number: int) -> str:
    """A row that opens its case beside the list."""
    url = f"/cases/{number}?case={number}"
    return row(number, number).replace(
        f'href="/cases/{number}"', f'href="{url}" hx-get="{url}" hx-target="#thread" hx-swap="outerHTML"'
    )


async def test_a_row_that_one_rests_on_is_fetched_once_and_opens_from_there(stub: Stub, opened: Open) -> None:
    for number in (1, 3):
        stub.pages[f"/cases/{number}"] = f'<main id="thread" data-case="{number}">case {number} opened</main>'
    page = await opened(inbox("".join(opening(number) for number in (1, 2, 3))), "/inbox")

    def asked(number: int) -> list[str]:
        return [path for path in stub.asked if path.startswith(f"/cases/{number}")]

    await page.hover("#case-3 a")
    await until(lambda: asked(3), "it is fetched before it is asked for")
    await page.click("#case-3 a")
    await expect(page.locator("#thread")).to_have_text("case 3 opened")
    await page.hover("#case-3 a")
    assert len(asked(3)) == 1

    # What has changed since is fetched anew.
    await page.hover("#case-1 a")
    await until(lambda: asked(1), "another is fetched")
    stub.pages["/inbox/mine"] = opening(1)
    await stub.push(sub="lists", cursor="L1", signal={"cases": [1]})
    await until(lambda: any("changed=1" in path for path in stub.asked), "the list knows that it changed")
    await page.click("#case-1 a")
    await expect(page.locator("#thread")).to_have_text("case 1 opened")
    assert len(asked(1)) == 2
