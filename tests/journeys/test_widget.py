"""The widget in a browser: on a foreign page, with a strict policy, through bad networks, for everybody."""

import asyncio
import gzip
import hashlib
import hmac
import html
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import BrowserContext, FilePayload, Frame, Locator, Page, expect
from sqlalchemy import select
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from inbox.actions.resolutions import resolve
from inbox.blobs import BlobStore
from inbox.config import Settings
from inbox.db import Database
from inbox.models import Agent, Case, Claim, Message, VisitorToken
from tests.builders import a_conversation
from tests.services.visiting import Site, listening, webchat_site
from web.visit_words import catalogues

TYPES = Path(__file__).parents[2] / "web" / "static" / "widget.d.ts"
NewContext = Callable[..., Awaitable[BrowserContext]]

SHOP = """<!doctype html><html lang="en"><head><title>Lamp</title><meta name="viewport"
content="width=device-width,initial-scale=1"></head><body><h1>Alder table lamp</h1>
<button data-onethread-open>Chat with us <b data-onethread-unread></b></button>
<script src="/early.js"></script>
<script src="{base}/widget.js" data-channel="{key}" async></script></body></html>"""
EARLY = "window.onethread = []; onethread.push(['on', 'ready', () => { window.isReady = true; }]);"
# All that a site has to allow: the script and the frame. No style, no connection.
STRICT = "default-src 'none'; script-src 'self' {base}; frame-src {base}"


class Shop:
    """Another site, on a port of its own: another origin than the widget's, as browsers see it."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.app = Starlette(routes=[Route("/", self.lamp), Route("/early.js", self.early)])

    async def lamp(self, request: Request) -> Response:
        page = SHOP.format(base=self.site.base, key=self.site.channel.public_key)
        if "greeting" in request.query_params:
            page = page.replace(" async>", ' data-greeting="Looking for a lamp?" async>')
        if "consent" in request.query_params:
            page = page.replace(" async>", ' data-consent="wait" async>')
        policy = STRICT.format(base=self.site.base)
        return HTMLResponse(page, headers={"Content-Security-Policy": policy})

    async def early(self, request: Request) -> Response:
        """The snippet that a page may put before the loader."""
        return Response(EARLY, media_type="text/javascript")


@pytest.fixture
async def site(settings: Settings, sqlite_database: Database, blobs: BlobStore) -> AsyncIterator[Site]:
    async with webchat_site(settings, sqlite_database, blobs, topics=["Returns"]) as served:
        yield served


@pytest.fixture
async def shop(site: Site) -> AsyncIterator[str]:
    """The address of the other site, which the channel lists."""
    async with listening(Shop(site).app) as base:
        await site.change(origins=[base])
        yield base


async def until(page: Page, expression: str) -> None:
    """Wait until this is true in the page. Playwright's own waiting needs eval, which the policy forbids."""
    async with asyncio.timeout(15):
        while not await page.evaluate(expression):
            await page.wait_for_timeout(50)


async def visit(page: Page, shop: str) -> None:
    await page.goto(shop)
    await until(page, "window.onethread && !Array.isArray(window.onethread)")


async def panel_of(page: Page) -> Frame:
    """The panel's document, once it is there."""
    async with page.expect_event("framenavigated", timeout=15_000) if not _panels(page) else _nothing():
        pass
    frame = _panels(page)[0]
    await frame.wait_for_selector("#composer", state="attached")
    return frame


def _panels(page: Page) -> list[Frame]:
    return [frame for frame in page.frames if frame.url.endswith("/panel")]


class _nothing:
    async def __aenter__(self) -> None: ...

    async def __aexit__(self, *exc: object) -> None: ...


async def opened(page: Page, shop: str) -> Frame:
    await visit(page, shop)
    await page.evaluate("onethread.open()")
    return await panel_of(page)


async def write(panel: Frame, text: str) -> None:
    await panel.fill("#text", text)
    await panel.press("#text", "Enter")


async def texts(database: Database) -> list[str]:
    async with database.reading() as session:
        return list(await session.scalars(select(Message.text).order_by(Message.id)))


async def test_a_visitor_writes_and_is_answered_on_a_page_with_a_strict_policy(
    page: Page, site: Site, shop: str
) -> None:
    complaints: list[str] = []
    page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    panel = await opened(page, shop)
    await until(page, "window.isReady")
    await expect(panel.get_by_text("How can we help?")).to_be_visible()
    await write(panel, "Where is my lamp?")
    await expect(panel.locator(".w-m--me[id]")).to_have_text("Where is my lamp?")
    await site.answer("It leaves **tomorrow**.")
    await expect(panel.locator(".w-m[data-author=Maya] strong")).to_have_text("tomorrow")
    await expect(panel.locator("#title")).to_have_text("Maya, Harbour & Pine")
    await expect(panel.locator("#announce")).to_contain_text("Maya: It leaves tomorrow.")
    assert [line for line in complaints if "favicon" not in line and "404" not in line] == []


async def test_nothing_is_fetched_or_connected_before_the_visitor_wants_it(
    page: Page, site: Site, shop: str
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await visit(page, shop)
    assert not [url for url in asked if "/widget/" in url]
    await page.evaluate("onethread.open()")
    await panel_of(page)
    assert [url for url in asked if "/panel" in url]


async def test_an_unread_answer_shows_as_a_badge_and_survives_a_reload(
    page: Page, site: Site, shop: str
) -> None:
    panel = await opened(page, shop)
    await write(panel, "Hello")
    await expect(panel.locator(".w-m--me[id]")).to_be_visible()
    await panel.click("#close")
    await site.answer("Are you still there?")
    unread = page.locator("[data-onethread-unread]")
    await expect(unread).to_have_text("1")
    await page.reload()
    await expect(unread).to_have_text("1")
    await page.click("[data-onethread-open]")
    await expect(unread).to_have_text("")
    await expect((await panel_of(page)).locator("#log").get_by_text("Are you still there?")).to_be_visible()
    assert "Are you still there?" not in await page.evaluate("JSON.stringify(localStorage)")


async def test_what_was_written_offline_is_sent_once_even_after_a_reload(
    new_context: NewContext, site: Site, shop: str
) -> None:
    context = await new_context()
    page = await context.new_page()
    panel = await opened(page, shop)
    await write(panel, "First")
    await expect(panel.locator(".w-m--me[id]")).to_have_text("First")
    await context.set_offline(True)
    await expect(panel.locator("#offline")).to_be_visible()
    await write(panel, "Second")
    await write(panel, "Third")
    await expect(panel.get_by_text("Waiting to send")).to_have_count(2)
    assert await texts(site.database) == ["First"]
    await context.set_offline(False)
    await page.reload()
    panel = await panel_of(page)
    await expect(panel.locator(".w-m--me[id]")).to_have_text(["First", "Second", "Third"])
    await expect(panel.locator("#offline")).to_be_hidden()
    assert await texts(site.database) == ["First", "Second", "Third"]


async def test_where_storage_is_blocked_it_works_for_as_long_as_the_page(
    page: Page, site: Site, shop: str
) -> None:
    far = shop.replace(
        "127.0.0.1", "localhost"
    )  # for the browser another site: it keeps nothing for frames of those
    await site.change(origins=[far])
    panel = await opened(page, far)
    await write(panel, "Hello")
    await expect(panel.locator(".w-m--me[id]")).to_have_text("Hello")
    await site.answer("Good day")
    await expect(panel.locator(".w-m[data-author]")).to_contain_text("Good day")


async def test_two_tabs_are_one_visitor(new_context: NewContext, site: Site, shop: str) -> None:
    context = await new_context()
    one, two = await context.new_page(), await context.new_page()
    first = await opened(one, shop)
    await write(first, "From the first tab")
    await expect(first.locator(".w-m--me[id]")).to_be_visible()
    second = await opened(two, shop)
    await expect(second.locator(".w-m--me[id]")).to_have_text("From the first tab")
    await write(second, "From the second tab")
    await expect(first.locator(".w-m--me[id]")).to_have_count(2)


async def test_a_message_that_is_refused_says_so_and_can_be_tried_again(
    page: Page, site: Site, shop: str
) -> None:
    panel = await opened(page, shop)
    await panel.evaluate("document.getElementById('text').removeAttribute('maxlength')")
    await write(panel, "x" * 4_500)
    await expect(panel.locator(".w-s--bad")).to_contain_text("too long for one message")
    await expect(panel.get_by_role("button", name="Try again")).to_be_visible()
    assert await texts(site.database) == []


async def test_a_file_is_sent_and_a_huge_one_is_refused_before_it_leaves(
    page: Page, site: Site, shop: str
) -> None:
    panel = await opened(page, shop)
    content = b"\x89PNG\r\n\x1a\n" + b"0" * 99
    picture = FilePayload(name="crack.png", mimeType="image/png", buffer=content)
    await panel.set_input_files("#files", files=[picture])
    await expect(panel.locator(".w-m--me[id] .w-file")).to_contain_text("crack.png")
    await panel.evaluate(
        """() => { const data = new DataTransfer();
        data.items.add(new File([new ArrayBuffer(26e6)], 'film.mov'));
        document.dispatchEvent(new DragEvent('drop', {dataTransfer: data, bubbles: true})); }"""
    )
    await expect(panel.locator(".w-s--bad")).to_contain_text("Too big, the limit is 25 MB.")
    await panel.get_by_role("button", name="Remove").click()
    await expect(panel.locator(".w-s--bad")).to_have_count(0)


async def test_a_visitor_leaves_an_address(page: Page, site: Site, shop: str) -> None:
    panel = await opened(page, shop)
    await write(panel, "Hello")
    await panel.get_by_role("button", name="Add yours").click()
    await panel.fill("#email", "ines@norte")
    await panel.press("#email", "Enter")
    await expect(panel.get_by_role("alert")).to_have_text("Add the part after the dot, like .com or .pt.")
    await panel.fill("#email", "ines@norte.example")
    await panel.press("#email", "Enter")
    await expect(panel.locator("#foot")).to_contain_text("reply to ines@norte.example")
    claimed: list[str] = []
    async with asyncio.timeout(10):
        while claimed != ["ines@norte.example"]:
            await panel.wait_for_timeout(50)
            async with site.database.reading() as session:
                claimed = list(await session.scalars(select(Claim.address)))


async def test_a_signed_identity_brings_back_what_was_said_elsewhere(
    page: Page, site: Site, shop: str
) -> None:
    async with site.database.transaction() as session:
        known = await a_conversation(session, text="What I mailed last week")
    expires = int(time.time()) + 600
    content = f"{site.channel.public_key}\nu-1\n{known.identity.address}\n{expires}".encode()
    signature = hmac.new(b"new secret", content, hashlib.sha256).hexdigest()
    who = {"id": "u-1", "email": known.identity.address, "expires": expires, "signature": signature}
    panel = await opened(page, shop)
    await write(panel, "Hello from the chat")
    await page.evaluate("who => onethread.identify(who)", who)
    await expect(panel.locator("#log").get_by_text("What I mailed last week")).to_be_visible()
    await expect(panel.get_by_text("You sent this by email")).to_be_visible()
    stored = "Object.values(localStorage).join()"
    token = (await panel.evaluate(stored)).partition('"token":"')[2].partition('"')[0]
    await page.evaluate("onethread.reset()")
    await expect(panel.locator("#log").get_by_text("What I mailed last week")).to_have_count(0)
    assert token.startswith("v1.") and token not in await panel.evaluate(stored)
    assert await page.evaluate("document.cookie") == ""


async def test_a_wrong_signature_is_told_to_whoever_made_the_page(page: Page, site: Site, shop: str) -> None:
    lines: list[str] = []
    page.on("console", lambda line: lines.append(line.text))
    await opened(page, shop)
    await page.evaluate("onethread.on('error', text => { window.failure = text; })")
    await page.evaluate("onethread.identify({id: 'u-1', email: '', expires: 1, signature: 'x'})")
    await until(page, "window.failure")
    assert "signature is not this channel's" in await page.evaluate("window.failure")
    assert any("signature is not this channel's" in line for line in lines)


async def test_pages_steer_the_widget(page: Page, site: Site, shop: str) -> None:
    await visit(page, shop)
    calls = await page.evaluate("Object.keys(window.onethread).sort()")
    assert sorted(set(re.findall(r"^  (\w+)(?:<.*?>)?\(", TYPES.read_text(), re.MULTILINE))) == calls
    await page.evaluate("onethread.prefill('About order 48213')")
    panel = await panel_of(page)
    await expect(panel.locator("#text")).to_have_value("About order 48213")
    await page.evaluate("onethread.toggle()")
    await expect(panel.locator("#text")).to_be_hidden()
    assert await page.evaluate("onethread.push(['nothing']).catch(error => error.message)")
    await page.evaluate(
        """window.heard = []; const note = n => heard.push(n); onethread.on('message', () => note('message'));
        onethread.on('open', () => note('open')); onethread.off('open');"""
    )
    await page.evaluate("onethread.send('By a press')")  # what is evaluated here counts as a press
    await expect(panel.locator(".w-m--me[id]")).to_have_text("By a press")
    assert await page.evaluate("heard") == ["message"]
    await page.evaluate(
        "onethread.setAttributes({plan: 'pro'}); history.pushState(null, '', '/lamps/alder?q=1')"
    )
    async with asyncio.timeout(15):
        while await kept_of_browser(site) != (f"{shop}/lamps/alder", {"plan": "pro"}):
            await page.wait_for_timeout(50)
    await page.evaluate("onethread.hide()")
    await expect(panel.locator("#text")).to_be_hidden()
    await page.evaluate("onethread.show().then(() => onethread.reset())")
    async with asyncio.timeout(15):
        while (await kept_of_browser(site, is_revoked=True))[1] != {"plan": "pro"}:
            await page.wait_for_timeout(50)
    await page.evaluate("onethread.destroy()")
    await until(page, "Array.isArray(window.onethread)")
    assert _panels(page) == []


async def kept_of_browser(site: Site, *, is_revoked: bool = False) -> tuple[str | None, Any]:
    """The page and the attributes that are kept of the one browser."""
    async with site.database.reading() as session:
        query = select(VisitorToken).where(VisitorToken.revoked_at.is_not(None) == is_revoked)
        kept = (await session.scalars(query)).first()
        return (kept.page, kept.attributes) if kept else (None, None)


async def test_a_greeting_comes_once_moves_nothing_and_can_be_sent_away(
    new_context: NewContext, site: Site, shop: str
) -> None:
    async def wait_on(page: Page) -> Locator:
        await page.goto(f"{shop}/?greeting")
        await until(page, "window.onethread && !Array.isArray(window.onethread)")
        await page.clock.run_for(21_000)
        return page.get_by_role("button", name="Looking for a lamp?")

    page = await with_open_shadows(await new_context())
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    greeting = await wait_on(page)
    await expect(greeting).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    assert not [url for url in asked if "/widget/" in url], "a greeting needs no panel"
    await no_violations(page)
    await page.get_by_role("button", name="Dismiss").click()
    await expect(greeting).to_be_hidden()
    await expect(await wait_on(page)).to_be_hidden()
    phone = await with_open_shadows(await new_context(viewport={"width": 390, "height": 844}))
    await expect(await wait_on(phone)).to_be_hidden()


async def with_open_shadows(context: BrowserContext) -> Page:
    """A page whose time is the test's, and whose shadow roots can be looked into: the widget's is closed."""
    page = await context.new_page()
    await page.clock.install()
    await page.add_init_script(
        """const attach = Element.prototype.attachShadow;
        Element.prototype.attachShadow = function () { return attach.call(this, { mode: 'open' }); };"""
    )
    return page


async def test_before_consent_nothing_is_stored(page: Page, site: Site, shop: str) -> None:
    await page.goto(f"{shop}/?consent")
    await until(page, "window.onethread && !Array.isArray(window.onethread)")
    await page.evaluate("onethread.open()")
    panel = await panel_of(page)
    await write(panel, "Hello")
    await expect(panel.locator(".w-m--me[id]")).to_have_text("Hello")
    stored = "Object.keys(localStorage).length"
    assert [await page.evaluate(stored), await panel.evaluate(stored)] == [0, 0]
    await page.evaluate("onethread.consent(true)")
    await until(page, stored)
    async with asyncio.timeout(15):
        while not await panel.evaluate(stored):
            await page.wait_for_timeout(50)


async def test_what_the_company_asks_first_is_asked_and_kept_in_german_on_a_phone(
    new_context: NewContext, site: Site, shop: str
) -> None:
    await site.change(ask_name="optional", questions=["Bestellnummer*"], away="on")
    context = await new_context(
        color_scheme="dark", locale="de-DE", viewport={"width": 390, "height": 844}, has_touch=True
    )
    page = await context.new_page()
    panel = await opened(page, shop)
    await expect(panel.get_by_role("heading", name="Wir haben gerade geschlossen")).to_be_visible()
    await panel.get_by_role("textbox", name="Nachricht").fill("Wo ist meine Lampe?")
    await panel.get_by_label("Ihre E-Mail-Adresse").fill("ines")
    await panel.get_by_role("button", name="Nachricht hinterlassen").click()
    await expect(panel.get_by_text("Bitte eine ganze Adresse")).to_be_visible()
    await expect(panel.get_by_text("Bitte ausfüllen.")).to_be_visible()
    await no_violations(page)
    await page.reload()
    await until(page, "window.onethread && !Array.isArray(window.onethread)")
    await page.evaluate("onethread.open()")
    panel = await panel_of(page)
    await expect(panel.get_by_role("textbox", name="Nachricht")).to_have_value("Wo ist meine Lampe?")
    await panel.get_by_label("Ihre E-Mail-Adresse").fill("ines@norte.example")
    await panel.get_by_label("Bestellnummer").fill("48213")
    await panel.get_by_role("button", name="Nachricht hinterlassen").click()
    await expect(panel.locator(".w-m--me[id]")).to_have_text("Wo ist meine Lampe?")
    await expect(panel.locator("#foot")).to_contain_text("antworten wir an ines@norte.example")
    async with site.database.reading() as session:
        message = (await session.scalars(select(Message))).one()
        assert message.fields == [["Bestellnummer", "48213"]]
        assert list(await session.scalars(select(Claim.address))) == ["ines@norte.example"]


async def test_an_ended_chat_is_rated_and_goes_on(page: Page, site: Site, shop: str) -> None:
    panel = await opened(page, shop)
    await page.evaluate("onethread.on('rating', told => { window.rated = told.score; })")
    await write(panel, "Hello")
    await expect(panel.locator(".w-m--me[id]")).to_be_visible()
    await site.answer("Good day")
    await expect(panel.locator(".w-m[data-author]")).to_be_visible()
    await panel.click("#emoji")
    await panel.locator(".w-emoji button").first.click()
    await expect(panel.locator("#text")).to_have_value("😀")
    await panel.click("#more")
    await panel.get_by_role("button", name="Turn sound on").click()
    async with site.database.transaction() as session:
        case = (await session.scalars(select(Case))).one()
        await resolve(session, case, by=await session.get_one(Agent, site.agent.id))
    await expect(panel.get_by_role("group", name="How did Maya do?")).to_be_visible()
    await no_violations(page)
    await panel.locator(".w-csat label", has_text="Good").click()
    await panel.get_by_label("Anything to add?").fill("Quick")
    await panel.get_by_role("button", name="Send rating").click()
    await expect(panel.get_by_text("Thank you for telling us.")).to_be_visible()
    assert await page.evaluate("window.rated") == 4
    await write(panel, "One more thing")
    await expect(panel.get_by_text("This chat has ended")).to_have_count(0)
    await panel.click("#more")
    await panel.get_by_role("button", name="Please delete my data").click()
    await expect(panel.locator(".w-m--me[id]").last).to_have_text("Please delete my data")


async def test_escape_closes_and_focus_goes_back(page: Page, site: Site, shop: str) -> None:
    await visit(page, shop)
    await page.click("[data-onethread-open]")
    panel = await panel_of(page)
    await expect(panel.locator("#text")).to_be_focused()
    await panel.press("#text", "Escape")
    await expect(panel.locator("#text")).to_be_hidden()


async def test_a_site_that_is_not_listed_cannot_show_the_panel(page: Page, site: Site, shop: str) -> None:
    await site.change(origins=["https://shop.example"])
    await visit(page, shop)
    async with page.expect_event("console", lambda line: "frame-ancestors" in line.text):
        await page.evaluate("onethread.open()")
    assert [await frame.locator("#composer").count() for frame in page.frames[1:]] == [0]


async def test_on_a_phone_it_fills_the_screen_and_the_page_behind_stands_still(
    new_context: NewContext, site: Site, shop: str
) -> None:
    context = await new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = await context.new_page()
    panel = await opened(page, shop)
    box = await (await panel.frame_element()).bounding_box()
    assert box == {"x": 0, "y": 0, "width": 390, "height": 844}
    assert await page.evaluate("document.documentElement.style.overflow") == "hidden"
    assert (
        float((await panel.evaluate("getComputedStyle(document.getElementById('text')).fontSize"))[:-2]) >= 16
    )
    await panel.click("#close")
    await expect(panel.locator("#text")).to_be_hidden()
    assert await page.evaluate("document.documentElement.style.overflow") == ""


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_panel_has_no_violations_of_accessibility(
    new_context: NewContext, site: Site, shop: str, scheme: str
) -> None:
    page = await (await new_context(color_scheme=scheme)).new_page()
    panel = await opened(page, shop)
    await write(panel, "Hello")
    await expect(panel.locator(".w-m--me[id]")).to_be_visible()
    await site.answer("Good day. See https://shop.example")
    await expect(panel.locator(".w-m[data-author]")).to_be_visible()
    await no_violations(page)


async def no_violations(page: Page) -> None:
    found = await Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]})
    assert found.violations_count == 0, found.generate_report()


async def test_it_weighs_little(site: Site) -> None:
    """The loader and everything that a panel ever fetches, in every language, as a site's visitors get it."""
    async with httpx2.AsyncClient(base_url=site.base) as http:
        loader = (await http.get("/widget.js")).content
        for language in catalogues():
            page = f"/widget/{site.channel.public_key}/panel?lang={language}"
            fetched = {page: (await http.get(page)).content}
            for address in named_in(fetched[page]):
                fetched[address] = (await http.get(address)).raise_for_status().content
                assert named_in(fetched[address]) == set(), "what a script fetches later counts too"
            assert len(fetched) == 2, fetched.keys()
            weights = [len(gzip.compress(each, 9)) for each in (loader, *fetched.values())]
            assert weights[0] <= 4_000, weights
            assert sum(weights) <= 15_000, weights


def named_in(content: bytes) -> set[str]:
    """The files of ours that something names, scripts and styles."""
    return set(re.findall(r"""["'`](/[\w./-]+\.(?:js|css)[^"'`]*)""", html.unescape(content.decode())))
