"""web/static/composer.js and app.js in a real browser: no words are lost, a note never becomes a reply."""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator
from urllib.parse import parse_qs

import pytest
from playwright.async_api import FilePayload, Page, Request, Route, expect

from .scene import Stub, document, part

pytestmark = pytest.mark.browser

MENTIONS = json.dumps(
    [
        {"id": "1", "name": "Priya Nair"},
        {"id": "2", "name": "Tomás Lind"},
        {"id": "3", "name": "Returns & refunds", "slug": "returns", "members": 3},
    ]
)
COMPOSER = part("composer", mentions=MENTIONS)


class Posts:
    """What the browser posts and puts, and what it is answered."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.status = 204
        self.body = ""
        self.headers: dict[str, str] = {}
        self.draft = {"version": "v1"}
        self.draft_status = 200

    async def answer(self, route: Route) -> None:
        request = route.request
        if request.method == "GET":
            await route.fallback()
            return
        self.requests.append(request)
        if request.url.endswith("/draft"):
            await route.fulfill(status=self.draft_status, json=self.draft)
        elif request.url.endswith("/previews"):
            await route.fulfill(content_type="text/html", body="<p><strong>Now</strong></p>")
        elif request.url.endswith("/upload"):
            await route.fulfill(status=201, content_type="application/json", body='{"id": "up1"}')
        elif self.status == 0:
            await route.abort()
        else:
            await route.fulfill(
                status=self.status, content_type="text/html", body=self.body, headers=self.headers or None
            )

    def to(self, path: str) -> list[Request]:
        return [r for r in self.requests if r.url.endswith(path)]


@pytest.fixture
async def posts(stub: Stub, page: Page) -> AsyncIterator[Posts]:
    seen = Posts()
    stub.pages["/"] = document(COMPOSER)
    await page.route("**/*", seen.answer)
    await page.goto(stub.url)
    yield seen


async def until(seen: Posts, path: str, count: int = 1) -> Request:
    deadline = time.monotonic() + 10
    while len(seen.to(path)) < count:
        assert time.monotonic() < deadline, f"nothing came to {path}"
        await asyncio.sleep(0.01)
    return seen.to(path)[count - 1]


async def test_a_reply_leaves_with_its_key_and_token_and_empties_the_box(posts: Posts, page: Page) -> None:
    await page.fill("textarea", "On its way")
    await page.press("textarea", "Control+Enter")
    sent = await until(posts, "/reply")
    assert sent.headers["x-csrf-token"] == "c5rf"
    assert len(sent.headers["idempotency-key"]) > 20
    assert "On its way" in (sent.post_data or "")
    assert 'name="seen"\r\n\r\nm1\r\n' in (sent.post_data or "")
    await expect(page.locator("textarea")).to_have_value("")
    await expect(page.locator("textarea")).to_be_focused()
    assert await page.evaluate("localStorage.length") == 0


async def test_without_a_network_the_words_stay_and_a_second_try_has_the_same_key(
    posts: Posts, page: Page
) -> None:
    posts.status = 0
    await page.fill("textarea", "On its way")
    await page.click("[data-send=reply]")
    await expect(page.locator("[data-error]")).to_contain_text("no connection")
    await expect(page.locator("textarea")).to_have_value("On its way")
    posts.status = 204
    await page.click("[data-send=reply]")
    await expect(page.locator("textarea")).to_have_value("")
    first, second = posts.to("/reply")
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
    await page.fill("textarea", "On its way")
    await page.click("[data-send=reply]")
    third = await until(posts, "/reply", 3)
    assert third.headers["idempotency-key"] != second.headers["idempotency-key"]


async def test_a_missed_message_is_shown_before_it_is_sent_anyway(posts: Posts, page: Page) -> None:
    posts.status, posts.body = 409, '<div class="bar bar--col">Tomás replied 20 s ago</div>'
    await page.fill("textarea", "On its way")
    await page.click("[data-send=reply]")
    await expect(page.locator("[data-guard]")).to_have_text("Tomás replied 20 s ago")
    await expect(page.locator("[data-send=reply]")).to_have_text("Send anyway")
    await expect(page.locator("textarea")).to_have_value("On its way")
    posts.status = 204
    await page.click("[data-send=reply]")
    await expect(page.locator("[data-guard]")).to_be_empty()
    await expect(page.locator("[data-send=reply]")).to_have_text("Send")
    assert 'name="anyway"\r\n\r\n1' in (posts.to("/reply")[1].post_data or "")
    assert await page.locator("[name=anyway]").count() == 0


async def test_a_refusal_is_said_in_the_servers_words(posts: Posts, page: Page) -> None:
    posts.status, posts.body = 422, "The address of Inês is not known."
    await page.fill("textarea", "On its way")
    await page.click("[data-send=reply]")
    await expect(page.locator("[data-error]")).to_have_text("The address of Inês is not known.")
    await expect(page.locator("textarea")).to_have_value("On its way")


async def test_a_session_that_ended_costs_no_words(stub: Stub, posts: Posts, page: Page) -> None:
    stub.pages["/sign-in"] = document("<h1>Sign in</h1>")
    posts.status, posts.headers = 303, {"Location": "/sign-in"}
    await page.fill("textarea", "On its way")
    await page.click("[data-send=reply]")
    await expect(page.locator("[data-error]")).to_contain_text("signed out")
    await expect(page.locator("textarea")).to_have_value("On its way")


async def test_words_of_a_note_never_slide_into_a_reply(posts: Posts, page: Page) -> None:
    await page.fill("textarea", "for the customer")
    await page.click("#to-note")
    await expect(page.locator("textarea")).to_have_value("a note from before")
    await expect(page.locator("[data-send=reply]")).to_be_hidden()
    await page.fill("textarea", "for us alone")
    await page.press("textarea", "Control+Enter")
    note = await until(posts, "/note")
    assert "for us alone" in (note.post_data or "")
    await page.click("text=Reply >> nth=0")
    await expect(page.locator("textarea")).to_have_value("for the customer")
    assert posts.to("/reply") == []


async def test_a_draft_is_kept_here_at_once_and_on_the_server_after_a_pause(posts: Posts, page: Page) -> None:
    await page.fill("textarea", "half a reply")
    assert "half a reply" in await page.evaluate("localStorage.getItem('draft:c1:reply')")
    put = await until(posts, "/draft")
    assert put.method == "PUT"
    assert parse_qs(put.post_data or "") == {"mode": ["reply"], "text": ["half a reply"], "strand": ["s1"]}
    await expect(page.locator("[data-draft-state]")).to_contain_text("Draft saved")
    await page.reload()
    await expect(page.locator("textarea")).to_have_value("half a reply")


async def test_a_strand_is_chosen_from_the_chip(posts: Posts, page: Page) -> None:
    await expect(page.locator("summary.via")).to_have_text("to Email")
    await page.click("summary.via")
    await page.click("#to-chat")
    await expect(page.locator("summary.via")).to_have_text("to Web chat")
    await expect(page.locator("details.menu")).not_to_have_attribute("open", "")
    await expect(page.locator("[name=cc]")).to_be_hidden()
    await page.fill("textarea", "On its way")
    await page.press("textarea", "Control+Shift+Enter")
    sent = (await until(posts, "/reply")).post_data or ""
    assert (
        'name="strand"\r\n\r\ns2' in sent and 'name="then"\r\n\r\nresolve' in sent and "rui@norte" not in sent
    )


async def test_files_go_up_at_once_and_their_ids_with_the_reply(posts: Posts, page: Page) -> None:
    small = FilePayload(name="label.pdf", mimeType="application/pdf", buffer=b"x" * 900)
    large = FilePayload(name="movie.mov", mimeType="video/quicktime", buffer=b"x" * 2000)
    await page.set_input_files("[data-attach]", [small, large])
    await expect(page.locator(".file").nth(0)).to_contain_text("label.pdf · 1 kB")
    await expect(page.locator(".file").nth(1)).to_contain_text("too big")
    await page.click("[data-send=reply]")
    sent = await until(posts, "/reply")
    assert 'name="attachment"\r\n\r\nup1' in (sent.post_data or "")
    assert len(posts.to("/upload")) == 1
    await expect(page.locator(".file")).to_have_count(0)


async def test_an_at_sign_in_a_note_offers_teammates(posts: Posts, page: Page) -> None:
    await page.type("textarea", "@pri")
    await expect(page.locator("[role=listbox]")).to_have_count(0)
    await page.fill("textarea", "")
    await page.click("#to-note")
    await page.fill("textarea", "")
    await page.type("textarea", "Ask @")
    await expect(page.locator("[role=option]")).to_have_count(3)
    await page.press("textarea", "Escape")
    await expect(page.locator("[role=option]")).to_have_count(0)
    await expect(page.locator("textarea")).to_be_focused()
    await page.fill("textarea", "Ask")
    await page.click("[data-offer='@']")
    await page.press("textarea", "ArrowDown")
    await page.press("textarea", "Enter")
    await expect(page.locator("textarea")).to_have_value("Ask @Tomás Lind ")
    await expect(page.locator("[data-notifies]")).to_have_text("Notifies Tomás")
    await page.type("textarea", "and @returns, not mail@priya")
    await expect(page.locator("[data-notifies]")).to_have_text("Notifies Tomás and 3 of Returns & refunds")
    await page.click("text=Reply >> nth=0")
    await expect(page.locator("[data-notifies]")).to_be_empty()


async def test_letters_act_only_outside_of_fields_and_can_be_switched_off(stub: Stub, page: Page) -> None:
    body = '<button data-key="e" id="e">Resolve</button><a data-key="g m" href="#mine">Mine</a>'
    body += '<input id="field">'
    stub.pages["/"] = document(body)
    await page.goto(stub.url)
    await page.evaluate("pressed = 0; document.getElementById('e').onclick = () => { pressed++ }; null")
    await page.press("#field", "e")
    assert await page.evaluate("pressed") == 0
    await page.evaluate("document.activeElement.blur()")
    await page.keyboard.press("e")
    await page.keyboard.press("g")
    await page.keyboard.press("m")
    assert await page.evaluate("[pressed, location.hash]") == [1, "#mine"]
    await page.evaluate("document.body.dataset.shortcuts = 'off'")
    await page.keyboard.press("e")
    assert await page.evaluate("pressed") == 1


async def test_times_read_as_people_say_them(stub: Stub, page: Page) -> None:
    times = {
        "2026-11-20T10:00:00Z": "now",
        "2026-11-20T09:54:00Z": "6 min",
        "2026-11-20T07:46:00Z": "07:46",
        "2026-11-18T09:00:00Z": "Wed",
        "2026-10-02T09:00:00Z": "2 Oct",
        "2025-11-18T09:00:00Z": "18 Nov 2025",
    }
    await page.clock.install(time="2026-11-20T10:00:00Z")
    body = (
        "".join(f'<time datetime="{at}"></time>' for at in times)
        + '<time datetime="2026-11-20T09:27:00Z" data-format="ago"></time>'
        + '<time datetime="2026-11-20T10:12:00Z" data-format="due"></time>'
    )
    stub.pages["/"] = document(body, 'data-zone="UTC"').replace('lang="en"', 'lang="en-GB"')
    await page.goto(stub.url)
    assert await page.locator("time").all_inner_texts() == [*times.values(), "33 min ago", "12 min"]
    await page.clock.run_for(17 * 60_000)
    await expect(page.locator("time").last).to_have_text("5 min late")


async def test_undo_in_a_toast_is_posted(posts: Posts, page: Page) -> None:
    await page.evaluate(
        "document.dispatchEvent(new CustomEvent('toast', {detail: {text: 'Resolved.', undo: '/undo/u1'}}))"
    )
    await page.evaluate("document.activeElement.blur()")
    await page.keyboard.press("z")
    await until(posts, "/undo/u1")
    await expect(page.locator(".toast")).to_have_count(0)


async def test_the_newest_undos_are_offered_for_half_a_minute_or_as_long_as_they_are_possible(
    posts: Posts, page: Page
) -> None:
    await page.clock.install()
    for text, seconds in (("One", 0), ("Two", 0), ("Goes in 10 s", 10), ("Four", 0)):
        toast = json.dumps({"detail": {"text": text, "undo": f"/undo/{text}", "seconds": seconds}})
        await page.evaluate(f"document.dispatchEvent(new CustomEvent('toast', {toast}))")
    told = page.locator(".toast > span:last-of-type")
    await expect(told).to_have_text(["Two", "Goes in 10 s", "Four"])
    await page.clock.run_for(2_000)
    await expect(page.locator(".toast > [aria-hidden]")).to_have_text(re.compile(r"^Goes in \d s$"))
    await page.clock.run_for(9_000)
    await expect(told).to_have_text(["Two", "Four"])
    await page.locator(".toast").last.get_by_role("button", name="Close").click()
    await page.locator("textarea").hover()  # under a pointer they stay
    await page.clock.run_for(18_000)
    await expect(told).to_have_text(["Two"])
    await page.clock.run_for(2_000)
    await expect(page.locator(".toast")).to_have_count(0)


async def test_a_draft_that_was_changed_on_another_device_is_a_choice(posts: Posts, page: Page) -> None:
    posts.draft_status, posts.draft = 409, {"version": "v2", "text": "from the phone"}
    await page.fill("textarea", "from the desk")
    await page.click("[data-draft-state] button:has-text('Use that one')")
    await expect(page.locator("textarea")).to_have_value("from the phone")
    posts.draft_status = 200
    second = await until(posts, "/draft", 2)
    assert parse_qs(second.post_data or "")["base"] == ["v2"]


async def test_who_is_reached_is_said_before_it_is_sent(posts: Posts, page: Page) -> None:
    reach = page.locator("[data-reach]")
    await page.uncheck("[name=cc]")
    await expect(reach).to_have_text("No longer receives this: rui@norte.example.")
    await page.fill("[name=cc_more]", "Clara <clara@norte.example>")
    await expect(reach).to_have_text(
        "Will also receive this: clara@norte.example. No longer receives this: rui@norte.example."
    )
    await page.fill("textarea", "Hello")
    await page.click("[data-send=reply]")
    await until(posts, "/reply")
    await expect(page.locator("[name=cc_more]")).to_have_value("")


async def test_marks_are_put_around_what_is_selected_and_shown_as_they_will_look(
    posts: Posts, page: Page
) -> None:
    box = page.locator("textarea")
    await box.fill("now or later")
    await box.evaluate("el => el.setSelectionRange(0, 3)")
    await page.keyboard.press("Control+b")
    await expect(box).to_have_value("**now** or later")
    await box.evaluate("el => el.setSelectionRange(11, 16)")
    await page.click("[data-mark=link]")
    await expect(box).to_have_value("**now** or [later](https://)")
    await page.click("[data-mark=list]")
    await expect(box).to_have_value("- **now** or [later](https://)")
    await page.click("[data-mark=preview]")
    await expect(page.locator("[data-preview] strong")).to_have_text("Now")
    await expect(box).to_be_hidden()
    await page.click("[data-mark=preview]")
    await expect(box).to_be_focused()


async def test_what_is_pasted_keeps_the_marks_that_markdown_has(posts: Posts, page: Page) -> None:
    box = page.locator("textarea")
    pasted = """<meta charset=utf-8><b style="font-weight:normal"><p>Hello <b>Ana </b>and <i>Rui</i>,</p>
      <ul><li>the <a href="https://shop.test/a(1)">oak stool</a></li><li>a lamp</li></ul>
      <p>See <a href="javascript:alert(1)">this</a><br>and <code>x</code>.</p><script>1</script></b>"""
    await box.fill("Before: ")
    for html in (pasted, "<p>plain</p>"):
        await box.evaluate(
            """(el, html) => { el.focus(); const data = new DataTransfer(); data.setData('text/html', html);
            const told = { clipboardData: data, bubbles: true, cancelable: true };
            el.dispatchEvent(new ClipboardEvent('paste', told)); }""",
            html,
        )
    await expect(box).to_have_value(
        "Before: Hello **Ana** and *Rui*,\n\n- the [oak stool](https://shop.test/a%281%29)\n- a lamp\n\n"
        "See this\nand `x`."
    )


async def test_the_mailbox_brings_its_signature_and_how_much_it_takes(posts: Posts, page: Page) -> None:
    signature = page.locator("details[data-signature] div")
    await expect(signature).to_have_text("Maya")
    await page.select_option("[data-from]", "c2")
    await expect(signature).to_have_text("Maya, Sales")
    file = FilePayload(name="label.pdf", mimeType="application/pdf", buffer=b"x" * 400)
    await page.set_input_files("[data-attach]", [file, file])
    await expect(page.locator(".file").nth(1)).to_contain_text("all files together may have")
    assert len(posts.to("/upload")) == 1


async def follow(page: Page, *changes: tuple[str, str]) -> None:
    """What live.js does when something beside the thread has changed: the composer as it stands now."""
    fresh = COMPOSER
    for old, new in changes:
        assert old in fresh
        fresh = fresh.replace(old, new)
    script = """html => {
        const detail = new DOMParser().parseFromString(html, 'text/html').getElementById('composer');
        document.dispatchEvent(new CustomEvent('desk:composer', { detail }));
    }"""
    await page.evaluate(script, fresh)


NEW_STRAND = (
    '<label class="mi" id="to-chat">',
    '<label class="mi"><input type="radio" name="strand" value="s9" data-kind="email">'
    '<span data-via>to <b>Order 9</b></span></label><label class="mi" id="to-chat">',
)
NEW_CC = (
    '<input name="cc_more">',
    '<input type="checkbox" name="cc" value="eva@norte.example"><input name="cc_more">',
)
NOW_CHAT = (
    (
        'value="s1" data-kind="email" checked>',
        'value="s1" data-kind="email">',
    ),
    ('value="s2" data-kind="webchat">', 'value="s2" data-kind="webchat" checked>'),
)
OWED = (
    '<p data-error role="alert"></p>',
    '<fieldset data-for-strand="s1"><div class="owed">Still unanswered: web chat'
    '<input type="checkbox" name="also_answered" value="s2"></div></fieldset><p data-error role="alert"></p>',
)


async def test_strands_and_recipients_follow_and_what_was_chosen_stays(posts: Posts, page: Page) -> None:
    await page.fill("textarea", "On its way")
    await page.uncheck('input[value="rui@norte.example"]')
    await page.fill('input[name="cc_more"]', "lea@norte.example")
    await page.focus("textarea")

    await follow(page, NEW_STRAND, NEW_CC, OWED, *NOW_CHAT)

    await expect(page.locator('[name="strand"]')).to_have_count(4)
    await expect(page.locator('input[value="eva@norte.example"]')).not_to_be_checked()
    await expect(page.locator('input[value="rui@norte.example"]')).not_to_be_checked()
    await expect(page.locator('input[value="ines@norte.example"]')).to_be_checked()
    await expect(page.locator('input[name="cc_more"]')).to_have_value("lea@norte.example")
    await expect(page.locator("textarea")).to_have_value("On its way")
    await expect(page.locator('[value="s1"]')).to_be_checked()
    await expect(page.locator(".owed")).to_be_visible()
    await page.check('[name="also_answered"]')
    await page.focus("textarea")
    await follow(page, OWED)
    await expect(page.locator('[name="also_answered"]')).to_be_checked()


async def test_an_empty_composer_answers_what_the_server_would_choose_now(posts: Posts, page: Page) -> None:
    await follow(page, *NOW_CHAT)
    await expect(page.locator('[value="s2"]')).to_be_checked()
    await expect(page.locator("summary.via")).to_have_text("to Web chat")

    await page.evaluate("document.querySelector('details.menu').open = true")
    await page.click("#to-chat")
    await follow(page)

    await expect(page.locator('[value="s2"]')).to_be_checked()


async def test_recipients_in_the_middle_of_being_chosen_wait(posts: Posts, page: Page) -> None:
    await page.fill('input[name="cc_more"]', "lea@")
    await follow(page, NEW_CC)
    await expect(page.locator('input[value="eva@norte.example"]')).to_have_count(0)
    await expect(page.locator('input[name="cc_more"]')).to_be_focused()

    await page.focus("textarea")

    await expect(page.locator('input[value="eva@norte.example"]')).to_have_count(1)
    await expect(page.locator('input[name="cc_more"]')).to_have_value("lea@")


async def test_the_next_case_opens_once_one_is_done_for_who_wants_it(
    stub: Stub, posts: Posts, page: Page
) -> None:
    rows = "".join(
        f'<li id="case-{n}"><a class="row" href="#case{n}"><b class="row__n">Customer {n}</b></a></li>'
        for n in (1, 2)
    )
    thread = COMPOSER.replace('id="thread"', 'id="thread" data-case="1"')
    stub.pages["/next"] = document(f'<ul id="rows">{rows}</ul>{thread}', "data-opens-next")
    await page.goto(f"{stub.url}/next")
    await page.fill("textarea", "Whoever just answers stays")
    await page.click("[data-send=reply]")
    await expect(page.locator("textarea")).to_have_value("")
    assert not page.url.endswith("#case2")
    posts.headers = {"HX-Trigger": '{"toast": {"text": "Sent.", "undo": "/undo/u1"}}'}
    await page.fill("textarea", "Done")
    await page.click("[name=then]")
    await page.wait_for_url("**/next#case2")
    await expect(page.locator(".toast > span")).to_have_text("Sent. Next: Customer 2")
    await expect(page.locator("#case-2 a")).to_be_focused()
