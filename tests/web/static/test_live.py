"""web/static/live.js and timeline.js in a real browser, with a server that says what it is told."""

import random
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Page, expect

from .scene import BODY, MAYA, Stub, added, change, document, entry, log, thread, until

pytestmark = pytest.mark.browser
Open = Callable[..., Awaitable[Page]]


async def order(page: Page) -> list[int]:
    found = await page.eval_on_selector_all(
        "#log > [data-position]", "all => all.map(e => e.dataset.position)"
    )
    return [int(position) for position in found]


async def test_a_page_resumes_its_lists_and_its_thread_from_where_it_was_rendered(
    stub: Stub, opened: Open
) -> None:
    await opened(thread(entry(1)))
    assert stub.query(0) == {"after": "L0", "language": "en"}
    assert {"t": "open", "sub": "timeline:c1", "after": "T0"} in stub.said
    await until(lambda: {"t": "view", "conversation": "c1"} in stub.said, "presence after two seconds")


@pytest.mark.parametrize("code", [1000, 1001, None, 1011, 1012, 1013, 4401])
async def test_the_socket_comes_back_after_every_close_code_and_resumes_each_cursor(
    stub: Stub, opened: Open, code: int | None
) -> None:
    page = await opened(thread(entry(1)))
    await stub.push(sub="timeline:c1", cursor="T7", html=added(entry(2)))
    await stub.push(sub="lists", cursor="L9", signal={"cases": []})
    await expect(page.locator("#entry-2")).to_be_visible()
    await page.wait_for_function("document.body.dataset.cursor === 'L9'")
    await stub.close(code)
    await until(lambda: len(stub.sockets) == 2, "a second socket")
    await until(lambda: {"t": "open", "sub": "timeline:c1", "after": "T7"} in stub.said, "the thread resumes")
    assert stub.query(1)["after"] == "L9"
    await page.wait_for_function("document.body.dataset.live === 'on'")
    await expect(page.locator("#offline")).to_be_hidden()


async def test_what_is_replayed_stands_once_and_an_edit_replaces_in_place(stub: Stub, opened: Open) -> None:
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
    stub: Stub, opened: Open
) -> None:
    page = await opened(thread(entry(10) + entry(20)))
    for position in (40, 5, 15, 30, 25):
        await stub.push(sub="timeline:c1", cursor=f"T{position}", html=added(entry(position)))
    await expect(page.locator("#entry-25")).to_be_attached()
    assert await order(page) == [5, 10, 15, 20, 25, 30, 40]


async def test_frames_of_a_thread_that_was_left_are_not_applied(stub: Stub, opened: Open) -> None:
    page = await opened(thread(entry(1)))
    await page.evaluate(
        """html => { document.getElementById('log').outerHTML = html;
                     document.dispatchEvent(new CustomEvent('htmx:afterSettle')); }""",
        log(entry(1, "other"), "c2", "U0"),
    )
    await until(
        lambda: {"t": "open", "sub": "timeline:c2", "after": "U0"} in stub.said, "the next thread is opened"
    )
    assert {"t": "close", "sub": "timeline:c1"} in stub.said
    await stub.push(sub="timeline:c1", cursor="T1", html=added(entry(2)))
    await stub.push(sub="timeline:c2", cursor="U1", html=added(entry(3)))
    await expect(page.locator("#entry-3")).to_be_attached()
    assert await order(page) == [1, 3]


async def test_opening_the_same_thread_again_starts_the_socket_anew(stub: Stub, opened: Open) -> None:
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


async def test_a_reader_at_the_end_stays_at_the_end(stub: Stub, opened: Open) -> None:
    page = await opened(thread("".join(entry(n) for n in range(1, 60))))
    await stub.push(sub="timeline:c1", cursor="T1", html=added(*(entry(n) for n in range(60, 70))))
    await expect(page.locator("#entry-69")).to_be_in_viewport()
    assert await page.evaluate("log.scrollHeight - log.scrollTop - log.clientHeight") < 2
    await expect(page.locator("#missed")).to_be_hidden()


async def test_a_reader_further_up_is_not_moved_and_is_told_how_many_came(stub: Stub, opened: Open) -> None:
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


async def test_words_focus_and_caret_survive_what_arrives(stub: Stub, opened: Open) -> None:
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


async def test_a_fragment_that_holds_the_focus_waits_until_it_has_left(stub: Stub, opened: Open) -> None:
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


async def test_a_reset_takes_the_page_anew_and_leaves_the_composer_alone(stub: Stub, opened: Open) -> None:
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
    assert stub.query(-1)["after"] == "L5"


async def test_a_reset_that_leads_to_another_conversation_takes_the_words_along(
    stub: Stub, opened: Open
) -> None:
    page = await opened(thread(entry(1)))
    await page.fill("textarea", "half a reply")
    stub.pages["/cases/1"] = thread(entry(1, "merged"), conversation="c2", cursor="U3")
    await stub.push(sub="timeline:c1", reset=True)
    await expect(page.locator("#entry-1 [data-text]")).to_have_text("merged")
    await expect(page.locator("textarea")).to_have_value("half a reply")
    await until(
        lambda: {"t": "open", "sub": "timeline:c2", "after": "U3"} in stub.said,
        "the other conversation is opened",
    )


async def test_a_silent_socket_is_replaced_and_a_ping_is_answered(stub: Stub, opened: Open) -> None:
    await opened(thread(entry(1), BODY + ' data-idle="600"'))
    await stub.push(ping=1)
    await until(lambda: {"t": "pong"} in stub.said, "the answer to a ping")
    await until(lambda: len(stub.sockets) >= 2, "a second socket")
    assert stub.query(1)["after"] == "L0", "it goes on where the silent one stopped"


async def test_without_a_connection_a_bar_counts_down_and_goes_again(stub: Stub, opened: Open) -> None:
    page = await opened(thread(entry(1)))
    await page.context.set_offline(True)
    await page.evaluate("Math.random = () => 0.999")
    await stub.close(None)
    await expect(page.locator("#offline")).to_be_visible()
    await expect(page.locator("[data-countdown]")).to_contain_text("Trying again")
    await page.context.set_offline(False)
    await expect(page.locator("#offline")).to_be_hidden()


async def test_typing_is_shown_and_ends(stub: Stub, opened: Open) -> None:
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


async def test_new_words_are_announced_and_own_ones_are_not(stub: Stub, opened: Open) -> None:
    page = await opened(thread(entry(1)))
    await stub.push(
        sub="timeline:c1",
        cursor="T1",
        html=added(entry(2, "I wrote this", by=MAYA), entry(3, "No rush, but when?", by="Inês")),
    )
    await expect(page.locator("#announce")).to_have_text("Inês: No rush, but when?")


async def test_neighbours_join_strands_get_lines_changes_fold_and_own_words_say_you(
    stub: Stub, opened: Open
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


async def test_pushed_entries_end_up_as_a_fresh_page_shows_them(stub: Stub, opened: Open) -> None:
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


async def test_older_entries_come_above_without_moving_the_reader(stub: Stub, opened: Open) -> None:
    stub.pages["/older"] = "".join(entry(n, by=f"c{n}") for n in range(1, 51))
    page = await opened(
        thread(
            '<a class="fold older" data-older href="/older">Older messages</a>'
            + "".join(entry(n, by=f"c{n}") for n in range(50, 90))
        )
    )
    await page.evaluate("log.scrollTop = 0")  # near the top they come by themselves
    await expect(page.locator("#entry-1")).to_be_attached()
    at_top, there = await page.locator("#entry-51").bounding_box(), await page.locator("#log").bounding_box()
    assert at_top is not None and there is not None
    assert 0 <= at_top["y"] - there["y"] < 200  # where it stood; the link itself went
    assert await order(page) == list(range(1, 90))
    await stub.push(sub="timeline:c1", cursor="T1", html=added(entry(95, "really new", by="Inês")))
    await expect(page.locator("#announce")).to_have_text("Inês: really new")


async def test_hours_at_the_end_of_a_busy_conversation_leave_the_newest_and_a_way_to_the_others(
    stub: Stub, opened: Open
) -> None:
    page = await opened(thread("".join(entry(n, by=f"c{n}") for n in range(1, 341))))
    await stub.push(sub="timeline:c1", cursor="T1", html="".join(added(entry(n)) for n in range(341, 351)))
    await expect(page.locator("#entry-350")).to_be_in_viewport()
    await expect(page.locator("#log > [data-position]")).to_have_count(350)

    await stub.push(sub="timeline:c1", cursor="T2", html=added(entry(351)))

    await expect(page.locator("#log > [data-position]")).to_have_count(300)
    await expect(page.locator("#entry-351")).to_be_in_viewport()
    older = page.locator("#log > :first-child")
    assert (await older.get_attribute("href") or "").endswith("before=52")
    await stub.push(sub="timeline:c1", cursor="T3", html=added(entry(20, "long ago")))
    await stub.push(sub="timeline:c1", cursor="T4", html=added(entry(352)))
    await expect(page.locator("#entry-352")).to_be_in_viewport()
    await expect(page.locator("#entry-20")).to_have_count(0)  # it comes with its page

    stub.pages[urlsplit(await older.get_attribute("href") or "").path] = "".join(
        entry(n, by=f"c{n}") for n in range(1, 52)
    )
    await page.evaluate("log.scrollTop = 0")
    await expect(page.locator("#entry-1")).to_be_attached()
    assert await order(page) == list(range(1, 353))


async def test_icons_are_drawn_from_the_sprite_under_the_content_policy(stub: Stub, page: Page) -> None:
    stub.pages["/"] = document('<svg class="i"><use href="/static/icons.svg#mail"/></svg>')
    await page.goto(stub.url)
    drawn = await page.wait_for_function("document.querySelector('use').getBBox().width")
    assert await drawn.json_value() > 10


async def test_what_stands_beside_the_thread_is_asked_for_once_for_many_changes(
    stub: Stub, opened: Open
) -> None:
    stub.pages["/conversations/c1/beside"] = (
        '<form id="composer" data-conversation="c1"></form><aside id="customer">Norte Lda</aside>'
    )
    page = await opened(thread(entry(1)) + '<aside id="customer">before</aside>')
    for number in range(5):
        await stub.push(sub="timeline:c1", cursor=f"T{number + 2}", signal={"beside": True})

    await expect(page.locator("#customer")).to_have_text("Norte Lda")

    assert [path for path in stub.asked if "beside" in path] == ["/conversations/c1/beside?case="]
