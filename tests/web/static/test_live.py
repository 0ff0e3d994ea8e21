"""web/static/live.js, timeline.js and lists.js in a real browser, against a server that only says what a test tells it to."""

import asyncio
import itertools
import random
import time
from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Page, expect

from .conftest import Stub, document

pytestmark = pytest.mark.browser
MAYA = "agent-maya"
BODY = f'data-agent="{MAYA}" data-cursor="L0" data-zone="UTC"'


def entry(
    position: int,
    text: str = "",
    *,
    by: str = "customer-1",
    strand: str = "s1",
    kind: str = "webchat",
    minute: int = 0,
) -> str:
    own = f' data-author-agent="{by}"' if by.startswith("agent") else ""
    side = "team" if own else "cust"
    return (
        f'<article class="msg msg--{side}" id="entry-{position}" data-position="{position}" data-kind="message" data-author="{by}"{own}'
        f' data-message="m{position}" data-strand="{strand}" data-channel-kind="{kind}" data-strand-label="line {strand}">'
        f'<div class="msg__c"><div class="msg__h"><b data-author-name>{by}</b>'
        f'<time datetime="2026-11-20T10:{minute:02}:00Z" data-format="clock"></time></div>'
        f'<div class="bub"><p data-text>{text or f"message {position}"}</p></div></div></article>'
    )


def change(position: int) -> str:
    return f'<p class="ev" id="entry-{position}" data-position="{position}" data-kind="change">change {position}</p>'


def log(entries: str, sub: str = "timeline:c1", cursor: str = "T0", more: str = "") -> str:
    return (
        f'<div class="log" id="log" tabindex="0" data-refresh data-sub="{sub}" data-cursor="{cursor}" data-conversation="{sub[9:]}" {more}>'
        f'{entries}<p class="typing" id="typing" hidden><i><b></b></i><span data-text></span></p></div>'
    )


def thread(
    entries: str, body: str = BODY, more: str = "", sub: str = "timeline:c1", cursor: str = "T0"
) -> str:
    return document(
        f'<div class="app" data-pane="thread"><ul class="rows" id="rows" data-list="/inbox/mine" data-refresh></ul><main class="thread" id="thread">'
        f'<header id="head"><input id="subject" value="before"></header>{log(entries, sub, cursor, more)}'
        '<div class="fabs"><button type="button" class="fab" id="missed" hidden><span data-n></span></button></div>'
        '<div class="notices"><div id="writing" class="bar" hidden><span data-text></span></div></div>'
        f'<form class="comp" id="composer" data-composer data-conversation="{sub[9:]}" action="/send"><textarea name="text"></textarea><button>Send</button></form>'
        '</main></div><div id="offline" class="bar bar--off" hidden><span data-countdown></span><button type="button" data-reconnect>Try now</button></div>'
        '<p id="signed-out" hidden>Sign in</p><div id="announce" class="vh" aria-live="polite"></div>',
        body,
    )


async def until(said: Callable[[], object], wanted: str, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not said():
        assert time.monotonic() < deadline, f"never: {wanted}"
        await asyncio.sleep(0.01)


@pytest.fixture
def opened(stub: Stub, page: Page) -> Callable[..., Awaitable[Page]]:
    async def visit(html: str, path: str = "/cases/1") -> Page:
        stub.pages[path] = html
        await page.goto(stub.url + path)
        await until(lambda: any(m["t"] == "open" for m in stub.said), "the thread is opened")
        return page

    return visit


def added(*entries: str) -> str:
    return f'<div hx-swap-oob="beforeend:#log">{"".join(entries)}</div>'


async def order(page: Page) -> list[int]:
    return [
        int(p)
        for p in await page.eval_on_selector_all(
            "#log > [data-position]", "all => all.map(e => e.dataset.position)"
        )
    ]


async def test_a_page_resumes_its_lists_and_its_thread_from_where_it_was_rendered(
    stub: Stub, opened: Callable[..., Awaitable[Page]]
) -> None:
    await opened(thread(entry(1)))
    assert stub.query(0) == {"after": "L0"}
    assert {"t": "open", "sub": "timeline:c1", "after": "T0"} in stub.said
    await until(lambda: {"t": "view", "conversation": "c1"} in stub.said, "presence after two seconds")


@pytest.mark.parametrize("code", [1000, 1001, None, 1011, 1012, 1013, 4401])
async def test_the_socket_comes_back_after_every_close_code_and_resumes_each_cursor(
    stub: Stub, opened: Callable[..., Awaitable[Page]], code: int | None
) -> None:
    page = await opened(thread(entry(1)))
    await stub.push(sub="timeline:c1", cursor="T7", html=added(entry(2)))
    await stub.push(sub="lists", cursor="L9", signal={"cases": []})
    await expect(page.locator("#entry-2")).to_be_visible()
    await page.wait_for_function("document.body.dataset.cursor === 'L9'")
    await stub.close(code)
    await until(lambda: len(stub.sockets) == 2, "a second socket")
    await until(lambda: {"t": "open", "sub": "timeline:c1", "after": "T7"} in stub.said, "the thread resumes")
    assert stub.query(1) == {"after": "L9"}
    await page.wait_for_function("document.body.dataset.live === 'on'")
    await expect(page.locator("#offline")).to_be_hidden()


async def test_what_is_replayed_stands_once_and_an_edit_replaces_in_place(
    stub: Stub, opened: Callable[..., Awaitable[Page]]
) -> None:
    page = await opened(thread(entry(1) + entry(2)))
    for _ in range(2):
        await stub.push(sub="timeline:c1", cursor="T1", html=added(entry(2, "edited"), entry(3)))
    await stub.push(
        sub="timeline:c1", cursor="T2", html='<article id="entry-99" hx-swap-oob="true">nowhere</article>'
    )
    await stub.push(
        sub="timeline:c1",
        cursor="T3",
        html=entry(3, "sent").replace("<article", '<article hx-swap-oob="true"', 1),
    )
    await expect(page.locator("#entry-3 [data-text]")).to_have_text("sent")
    assert await order(page) == [1, 2, 3]
    await expect(page.locator("#entry-2 [data-text]")).to_have_text("edited")
    await expect(page.locator("#entry-99")).to_have_count(0)


async def test_entries_stand_in_the_order_of_their_positions_however_they_come(
    stub: Stub, opened: Callable[..., Awaitable[Page]]
) -> None:
    page = await opened(thread(entry(10) + entry(20)))
    for position in (40, 5, 15, 30, 25):
        await stub.push(sub="timeline:c1", cursor=f"T{position}", html=added(entry(position)))
    await expect(page.locator("#entry-25")).to_be_attached()
    assert await order(page) == [5, 10, 15, 20, 25, 30, 40]


async def test_frames_of_a_thread_that_was_left_are_not_applied(
    stub: Stub, opened: Callable[..., Awaitable[Page]]
) -> None:
    page = await opened(thread(entry(1)))
    await page.evaluate(
        """html => { document.getElementById('log').outerHTML = html;
                     document.dispatchEvent(new CustomEvent('htmx:afterSettle')); }""",
        log(entry(1, "other"), "timeline:c2", "U0"),
    )
    await until(
        lambda: {"t": "open", "sub": "timeline:c2", "after": "U0"} in stub.said, "the next thread is opened"
    )
    assert {"t": "close", "sub": "timeline:c1"} in stub.said
    await stub.push(sub="timeline:c1", cursor="T1", html=added(entry(2)))
    await stub.push(sub="timeline:c2", cursor="U1", html=added(entry(3)))
    await expect(page.locator("#entry-3")).to_be_attached()
    assert await order(page) == [1, 3]


async def test_opening_the_same_thread_again_starts_the_socket_anew(
    stub: Stub, opened: Callable[..., Awaitable[Page]]
) -> None:
    page = await opened(thread(entry(1)))
    await page.evaluate(
        """html => { document.getElementById('log').outerHTML = html;
                     document.dispatchEvent(new CustomEvent('htmx:afterSettle')); }""",
        log(entry(1), cursor="T5"),
    )
    await until(
        lambda: {"t": "open", "sub": "timeline:c1", "after": "T5"} in stub.said,
        "the thread is opened from its new page",
    )
    assert len(stub.sockets) == 2


async def test_a_reader_at_the_end_stays_at_the_end(
    stub: Stub, opened: Callable[..., Awaitable[Page]]
) -> None:
    page = await opened(thread("".join(entry(n) for n in range(1, 60))))
    await stub.push(sub="timeline:c1", cursor="T1", html=added(*(entry(n) for n in range(60, 70))))
    await expect(page.locator("#entry-69")).to_be_in_viewport()
    assert await page.evaluate("log.scrollHeight - log.scrollTop - log.clientHeight") < 2
    await expect(page.locator("#missed")).to_be_hidden()


async def test_a_reader_further_up_is_not_moved_and_is_told_how_many_came(
    stub: Stub, opened: Callable[..., Awaitable[Page]]
) -> None:
    page = await opened(thread("".join(entry(n, by=f"c{n}") for n in range(10, 70))))
    await page.evaluate("log.scrollTop = 900")
    await page.wait_for_function("log.dataset.pinned === ''")
    before = await page.locator("#entry-30").bounding_box()
    assert before is not None
    await stub.push(sub="timeline:c1", cursor="T1", html=added(entry(5, by="early"), entry(80), entry(81)))
    await expect(page.locator("#missed")).to_have_text("3 new messages")
    after = await page.locator("#entry-30").bounding_box()
    assert after is not None and abs(after["y"] - before["y"]) < 1
    await page.click("#missed")
    await expect(page.locator("#entry-81")).to_be_in_viewport()
    await expect(page.locator("#missed")).to_be_hidden()


async def test_words_focus_and_caret_survive_what_arrives(
    stub: Stub, opened: Callable[..., Awaitable[Page]]
) -> None:
    page = await opened(thread(entry(1)))
    await page.fill("textarea", "half a reply")
    await page.evaluate("document.querySelector('textarea').setSelectionRange(4, 4)")
    await stub.push(
        sub="timeline:c1",
        cursor="T1",
        html=added(entry(2))
        + '<header id="head" hx-swap-oob="true"><input id="subject" value="after"></header>',
    )
    await expect(page.locator("#subject")).to_have_value("after")
    state = await page.evaluate(
        "(t => [t.value, t === document.activeElement, t.selectionStart])(document.querySelector('textarea'))"
    )
    assert state == ["half a reply", True, 4]


async def test_a_fragment_that_holds_the_focus_waits_until_it_has_left(
    stub: Stub, opened: Callable[..., Awaitable[Page]]
) -> None:
    page = await opened(thread(entry(1)))
    await page.focus("#subject")
    await stub.push(
        sub="timeline:c1",
        cursor="T1",
        html='<header id="head" hx-swap-oob="true"><input id="subject" value="after"></header>',
    )
    await stub.push(sub="timeline:c1", cursor="T2", html=added(entry(2)))
    await expect(page.locator("#entry-2")).to_be_attached()
    await expect(page.locator("#subject")).to_have_value("before")
    await page.focus("textarea")
    await expect(page.locator("#subject")).to_have_value("after")


async def test_a_reset_takes_the_page_anew_and_leaves_the_composer_alone(
    stub: Stub, opened: Callable[..., Awaitable[Page]]
) -> None:
    page = await opened(thread(entry(1) + entry(2)))
    await page.fill("textarea", "half a reply")
    stub.pages["/cases/1"] = thread(entry(1) + entry(7), BODY.replace("L0", "L5"), cursor="T5")
    await stub.push(sub="timeline:c1", reset=True)
    await expect(page.locator("#entry-7")).to_be_attached()
    await expect(page.locator("#entry-2")).to_have_count(0)
    await expect(page.locator("textarea")).to_have_value("half a reply")
    await expect(page.locator("textarea")).to_be_focused()
    await until(
        lambda: {"t": "open", "sub": "timeline:c1", "after": "T5"} in stub.said,
        "the thread goes on from its new page",
    )
    assert stub.query(-1) == {"after": "L5"}


async def test_a_reset_that_leads_to_another_conversation_takes_the_words_along(
    stub: Stub, opened: Callable[..., Awaitable[Page]]
) -> None:
    page = await opened(thread(entry(1)))
    await page.fill("textarea", "half a reply")
    stub.pages["/cases/1"] = thread(entry(1, "merged"), sub="timeline:c2", cursor="U3")
    await stub.push(sub="timeline:c1", reset=True)
    await expect(page.locator("#entry-1 [data-text]")).to_have_text("merged")
    await expect(page.locator("textarea")).to_have_value("half a reply")
    await until(
        lambda: {"t": "open", "sub": "timeline:c2", "after": "U3"} in stub.said,
        "the other conversation is opened",
    )


async def test_a_silent_socket_is_replaced_and_a_ping_is_answered(
    stub: Stub, opened: Callable[..., Awaitable[Page]]
) -> None:
    await opened(thread(entry(1), BODY + ' data-idle="600"'))
    await stub.push(ping=1)
    await until(lambda: {"t": "pong"} in stub.said, "the answer to a ping")
    await until(lambda: len(stub.sockets) >= 2, "a second socket")


async def test_without_a_connection_a_bar_counts_down_and_goes_again(
    stub: Stub, opened: Callable[..., Awaitable[Page]]
) -> None:
    page = await opened(thread(entry(1)))
    await page.context.set_offline(True)
    await page.evaluate("Math.random = () => 0.999")
    await stub.close(None)
    await expect(page.locator("#offline")).to_be_visible()
    await expect(page.locator("[data-countdown]")).to_contain_text("Trying again")
    await page.context.set_offline(False)
    await expect(page.locator("#offline")).to_be_hidden()


async def test_typing_is_shown_and_ends(stub: Stub, opened: Callable[..., Awaitable[Page]]) -> None:
    page = await opened(thread(entry(1)))
    await stub.push(signal={"typing": {"conversation": "c1", "agent": None, "name": "Inês", "on": True}})
    await stub.push(
        signal={"typing": {"conversation": "c1", "agent": "agent-tomas", "name": "Tomás", "on": True}}
    )
    await stub.push(signal={"typing": {"conversation": "c1", "agent": MAYA, "name": "Maya", "on": True}})
    await expect(page.locator("#typing")).to_have_text("Inês is typing")
    await expect(page.locator("#writing")).to_have_text("Tomás is writing a reply")
    await stub.push(signal={"typing": {"conversation": "c1", "agent": None, "name": "Inês", "on": False}})
    await expect(page.locator("#typing")).to_be_hidden()


async def test_new_words_are_announced_and_own_ones_are_not(
    stub: Stub, opened: Callable[..., Awaitable[Page]]
) -> None:
    page = await opened(thread(entry(1)))
    await stub.push(
        sub="timeline:c1",
        cursor="T1",
        html=added(entry(2, "I wrote this", by=MAYA), entry(3, "No rush, but when?", by="Inês")),
    )
    await expect(page.locator("#announce")).to_have_text("Inês: No rush, but when?")


async def test_neighbours_join_strands_get_lines_changes_fold_and_own_words_say_you(
    stub: Stub, opened: Callable[..., Awaitable[Page]]
) -> None:
    entries = (
        entry(1, strand="s9", kind="email") + entry(2, minute=1) + entry(3, minute=2) + entry(4, minute=8)
        + change(5) + change(6) + change(7) + entry(8, by=MAYA, minute=9)
    )  # fmt: skip
    page = await opened(thread(entries, more='data-seen="3"'))
    assert await page.locator(".chdiv").all_inner_texts() == ["Email\nline s9", "Web chat\nline s1"]
    joined = await page.eval_on_selector_all("#log .msg--cont", "all => all.map(e => e.id)")
    assert joined == ["entry-3"]
    assert await page.locator(".newline + #entry-4").count() == 1
    await expect(page.locator("#log .fold")).to_have_text("3 changes")
    await expect(page.locator("#entry-6")).to_be_hidden()
    await page.click("#log .fold")
    await expect(page.locator("#entry-6")).to_be_visible()
    await expect(page.locator("#entry-8 [data-author-name]")).to_have_text("You")


async def test_pushed_entries_end_up_as_a_fresh_page_shows_them(
    stub: Stub, opened: Callable[..., Awaitable[Page]]
) -> None:
    numbers = random.Random(1)
    entries = {
        n: change(n) if numbers.random() < 0.4
        else entry(n, by=numbers.choice(["customer-1", MAYA]), strand=numbers.choice(["s1", "s2"]), minute=n)
        for n in range(1, 40)
    }  # fmt: skip
    stub.pages["/fresh"] = thread("".join(entries.values()))
    page = await opened(thread("".join(entries[n] for n in range(1, 5))))
    rest = list(range(5, 40))
    numbers.shuffle(rest)
    for cursor, n in enumerate(rest):
        await stub.push(sub="timeline:c1", cursor=f"T{cursor}", html=added(entries[n]))
    await page.wait_for_function("document.querySelectorAll('#log > [data-position]').length === 39")
    shape = """() => [...log.children].map(e => [e.tagName, e.className, e.id, e.hidden, e.textContent])"""
    pushed = await page.evaluate(shape)
    await page.goto(stub.url + "/fresh")
    assert pushed == await page.evaluate(shape)


async def test_older_entries_come_above_without_moving_the_reader(
    stub: Stub, opened: Callable[..., Awaitable[Page]]
) -> None:
    stub.pages["/older"] = "".join(entry(n, by=f"c{n}") for n in range(1, 51))
    page = await opened(
        thread(
            '<a class="fold older" data-older href="/older">Older messages</a>'
            + "".join(entry(n, by=f"c{n}") for n in range(50, 90))
        )
    )
    await page.evaluate("log.scrollTop = 0")
    await page.wait_for_function("log.dataset.pinned === ''")
    before = await page.locator("#entry-51").bounding_box()
    assert before is not None
    await page.eval_on_selector("[data-older]", "a => a.click()")
    await expect(page.locator("#entry-1")).to_be_attached()
    after = await page.locator("#entry-51").bounding_box()
    assert after is not None and abs(after["y"] - before["y"]) < 40  # the link itself went
    assert await order(page) == list(range(1, 90))


def row(number: int, rank: object, text: str = "") -> str:
    return f'<li id="case-{number}" data-rank="{rank}" data-conversation="c{number}"><a class="row" href="/cases/{number}">{text or f"case {number}"}</a></li>'


def inbox(rows: str) -> str:
    return document(
        '<b data-counter="mine">1</b><div class="app" data-pane="list"><section class="list"><button type="button" id="rows-new" class="rows-new" hidden></button>'
        f'<ul class="rows" id="rows" data-list="/inbox/mine?sort=due" data-refresh>{rows}</ul></section>'
        f'<main class="thread" id="thread" data-case="2">{log(entry(1))}</main></div>',
        BODY,
    )


async def shown(page: Page) -> list[str]:
    return [
        str(i) for i in await page.eval_on_selector_all("#rows > li", "all => all.map(e => e.id.slice(5))")
    ]


async def test_a_signal_fetches_the_changed_rows_and_puts_them_in_their_places(
    stub: Stub, opened: Callable[..., Awaitable[Page]]
) -> None:
    asked: list[str] = []

    def answer(query: dict[str, list[str]]) -> str:
        asked.extend(query["changed"])
        return (
            row(2, 35, "two, later")
            + row(9, 15)
            + '<li id="case-3" data-gone></li><b data-counter="mine">7</b>'
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
    assert await page.title() == "(7) Mine"


async def test_a_burst_of_signals_asks_at_most_once_a_second(
    stub: Stub, opened: Callable[..., Awaitable[Page]]
) -> None:
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


async def test_rows_do_not_jump_under_the_pointer(stub: Stub, opened: Callable[..., Awaitable[Page]]) -> None:
    stub.pages["/inbox/mine"] = lambda query: row(3, 1, "three, now first") + row(9, 2)
    page = await opened(inbox(row(1, 10) + row(2, 20) + row(3, 30)), "/inbox")
    await page.hover("#case-2 a")
    await stub.push(sub="lists", cursor="L1", signal={"cases": [3, 9]})
    await expect(page.locator("#rows-new")).to_have_text("1 new")
    assert await shown(page) == ["1", "2", "3"]
    await expect(page.locator("#case-3 a")).to_have_text("three, now first")
    await page.click("#rows-new")
    assert await shown(page) == ["3", "9", "1", "2"]
    await expect(page.locator("#rows-new")).to_be_hidden()


async def test_a_focused_row_keeps_its_focus_when_it_changes(
    stub: Stub, opened: Callable[..., Awaitable[Page]]
) -> None:
    stub.pages["/inbox/mine"] = lambda query: row(2, 1, "changed") + '<li id="case-1" data-gone></li>'
    page = await opened(inbox(row(1, 10) + row(2, 20)), "/inbox")
    await page.focus("#case-2 a")
    await stub.push(sub="lists", cursor="L1", signal={"cases": [1, 2]})
    await expect(page.locator("#case-2 a")).to_have_text("changed")
    await expect(page.locator("#case-2 a")).to_be_focused()


async def test_a_list_that_could_not_be_asked_is_asked_again(
    stub: Stub, opened: Callable[..., Awaitable[Page]]
) -> None:
    page = await opened(inbox(row(1, 10)), "/inbox")
    await stub.push(sub="lists", cursor="L1", signal={"cases": [9]})
    await until(lambda: any("changed=9" in path for path in stub.asked), "a first try, which finds no page")
    stub.pages["/inbox/mine"] = row(9, 1)
    await expect(page.locator("#case-9")).to_be_attached(timeout=10_000)


async def test_icons_are_drawn_from_the_sprite_under_the_content_policy(stub: Stub, page: Page) -> None:
    stub.pages["/"] = document('<svg class="i"><use href="/static/icons.svg#mail"/></svg>')
    await page.goto(stub.url)
    await page.wait_for_function("document.querySelector('use').getBBox().width > 10")
