"""Every screen of the agents, in both themes and three widths: no violation of accessibility, nothing wider
than the window; under CI two pictures of each below artifacts/screens."""

import os
import re
import shutil
from importlib import resources
from pathlib import Path

from playwright.async_api import Page
from sqlalchemy import select

from inbox.actions import agents as people, calls, merges, saved_replies, unmerges, views
from inbox.actors import SYSTEM
from inbox.config import Settings
from inbox.envelopes import ChannelKind, SpokenKind
from inbox.models import Channel, Customer, Role
from inbox.queries import agents
from tests.services.browser import NewContext
from tests.services.server import RunningServer
from tests.web.routes import doors
from web.demo.company import COLLEAGUES
from web.demo.opening import open_demo
from web.installation import Installation, open_installation
from web.policy import Policy

AXE = (resources.files("axe_playwright_python") / "axe.min.js").read_text()
IS_CI = os.environ.get("CI") == "true"
PICTURES = Path("artifacts/screens")
PICTURED = (("wide", "light"), ("phone", "dark"))
WIDTHS = {"wide": (1440, 900), "tablet": (900, 800), "phone": (320, 720)}  # 320: as 1280 at 400 %
SEEN = (Policy.PUBLIC, Policy.AGENT, Policy.ADMIN)
# What shows no screen, each by its whole pattern: a page that is new is looked at until it stands here.
FILES = """/attachments/{id} /attachments/{id}/picture /attachments/{id}/thumbnail /attachments/{id}/text
    /pictures/elsewhere/{sealed} /pictures/{sealed} /static/{path:path} /favicon.ico /manifest.webmanifest
    /sw.js /widget.js /widget.d.ts /widget/panel.js /settings/intake/{id}/raw /messages/{id}/document"""
FOR_SCRIPTS = """/conversations/{id}/beside /conversations/{id}/find /messages/{id} /notes/{id} /cases/bulk
    /cases/{number:int}/saved-replies /notifications/news /palette /first-steps
    /settings/channels/{id}/arrival /settings/channels/{id}/history /settings/channels/{id}/records"""
FOR_PROGRAMS = "/healthz /readyz /api/openapi.json"
ONLY_LEADS_ON = "/ /settings /cases/{number:int} /settings/channels/{id}/sign-in /settings/mailbox-sign-in"
BEFORE_ANYBODY_IS_SIGNED_IN = "/sign-in /setup"  # here, and in test_newcomer.py
NO_SCREEN = {
    *f"{FILES} {FOR_SCRIPTS} {FOR_PROGRAMS} {ONLY_LEADS_ON} {BEFORE_ANYBODY_IS_SIGNED_IN}".split(),
}
# How a screen is reached whose address names something; {} stands for what the statement answers.
NAMED = {
    "/attachments/{id}/preview": "SELECT public_id FROM attachments WHERE content_type LIKE 'image/%'",
    "/inbox/team/{slug}": "SELECT slug FROM teams",
    "/inbox/view/{id}": "SELECT public_id FROM saved_views",
    "/views/{id}": "SELECT public_id FROM saved_views",
    "/inbox/{view}": "SELECT 'all'",
    "/conversations/{id}": "SELECT v.public_id FROM conversations v JOIN messages m "
    "ON m.conversation_id = v.id GROUP BY v.id ORDER BY count(*) DESC",
    "/conversations/{id}/peek": "SELECT public_id FROM conversations",
    "/conversations/{id}/drafts/{agent}": "SELECT v.public_id || '/drafts/' || a.public_id "
    "FROM conversations v JOIN agents a",
    "/notes/{id}/edit": "SELECT n.public_id FROM notes n JOIN agents a ON a.id = n.author_id "
    "WHERE a.name LIKE 'Maya%'",
    "/notes/{id}/move": "SELECT public_id FROM notes",
    "/cases/{number:int}/assignments": "SELECT number FROM cases WHERE assignee_id IS NOT NULL",
    "/cases/{number:int}/handoffs/new": "SELECT number FROM cases WHERE status = 'open'",
    "/cases/{number:int}/move": "SELECT number FROM cases",
    "/cases/{number:int}/menus/{name}": "SELECT number || '/menus/more' FROM cases WHERE status = 'open'",
    "/handoffs/{id}/answer": "SELECT public_id FROM handoffs WHERE state = 'offered' AND to_agent_id = 1",
    "/messages/{id}/{}": "SELECT public_id FROM messages WHERE direction = 'inbound' AND strand_id IN "
    "(SELECT s.id FROM strands s JOIN channels c ON c.id = s.channel_id WHERE c.kind = 'email')",
    "/customers/{id}": "SELECT public_id FROM customers WHERE company != ''",
    "/customers/{id}/{}": "SELECT public_id FROM customers WHERE company != ''",
    "/customers/{id}/merge": "SELECT a.public_id || '/merge?into=' || b.public_id FROM customers a "
    "JOIN customers b ON b.id > a.id WHERE a.merged_into_id IS NULL AND b.merged_into_id IS NULL",
    "/customers/{id}/calls/new": "SELECT public_id FROM customers WHERE merged_into_id IS NULL",
    "/companies/{id}": "SELECT public_id FROM companies",
    "/settings/tags/{id}": "SELECT public_id FROM tags",
    "/merges/{id}": "SELECT public_id FROM merges",
    "/messages/{id}/call": "SELECT m.public_id FROM messages m JOIN channels c ON c.id = m.channel_id "
    "WHERE c.kind = 'phone'",
    "/suggestions/{id}": "SELECT public_id FROM suggestions",
    "/undo/{id}": "SELECT public_id FROM undos WHERE agent_id = 1",
    "/settings/replies/{id}": "SELECT public_id FROM saved_replies",
    "/settings/channels/new/{kind}": "SELECT 'email'",
    "/settings/channels/{id}": "SELECT public_id FROM channels WHERE kind = 'email'",
    "/settings/channels/{id}/steps/{step}": "SELECT public_id || '/steps/check' FROM channels "
    "WHERE kind = 'email'",
    "/settings/channels/{id}/{}": "SELECT public_id FROM channels WHERE kind = 'email'",
    "/settings/agents/{id}": "SELECT public_id FROM agents WHERE name LIKE 'Priya%'",
    "/settings/agents/{id}/{}": "SELECT public_id FROM agents WHERE name LIKE 'Priya%'",
}
NOWHERE = "/nobody/is/here"
ASKED = {"/search": "?q=lamp", "/inbox/found": "?q=lamp", "/views/new": "?q=is:waiting"}

# What the content policy would refuse; where a script tries, the console says so.
INLINE = re.compile(r"<script(?![^>]*\ssrc=)[^>]*>|<style\b|<[a-z][^>]*\s(?:style|on[a-z]+)=", re.IGNORECASE)

# Nothing proves that Maya passed it on: agents are asked.
PASSED_ON_IN_DOUBT = (
    b"From: Maya <maya@harbourpine.example>\r\nTo: help@harbourpine.example\r\nSubject: Fwd: Lamp\r\n"
    b"Message-ID: <fwd@harbourpine.example>\r\n\r\n---------- Forwarded message ---------\r\n"
    b"From: Rui <rui@norte.test>\r\nDate: Fri, 20 Nov 2026 at 09:31\r\nSubject: Lamp\r\n"
    b"To: <maya@harbourpine.example>\r\n\r\nIt came cracked.\r\n"
)

# Answers what is wrong. Rules about colours are asked in each theme, the others once for each width. Most of
# a page looks like others: of all places whose text, and whatever lies behind it, are drawn alike in a theme,
# five are measured.
LOOK = """async theme => {
  document.documentElement.dataset.theme = theme;
  await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
  const grounds = new Map([[null, '']]);
  const ground = one => {
    if (!grounds.has(one)) {
      const { backgroundColor: flat, backgroundImage: drawn, opacity } = getComputedStyle(one);
      const isClear = flat === 'rgba(0, 0, 0, 0)' && drawn === 'none' && opacity === '1';
      grounds.set(one, ground(one.parentElement) + (isClear ? '' : flat + drawn + opacity));
    }
    return grounds.get(one);
  };
  const disabled = ':is(:disabled, [aria-disabled=true]), :is(:disabled, [aria-disabled=true]) *';
  const look = one => {
    const { color, fontSize, fontWeight, textShadow, position } = getComputedStyle(one);
    return [color, fontSize, fontWeight, textShadow, position, one.matches(disabled), ground(one)].join();
  };
  const says = one => one.matches('input, select, textarea')
    || [...one.childNodes].some(node => node.nodeType === Node.TEXT_NODE && node.data.trim());
  const kept = JSON.parse(sessionStorage.looks || '{"light": {}, "dark": {}}');
  const seen = kept[theme];
  const measured = [...document.body.querySelectorAll('*')].filter(one => {
    if (!says(one) || !one.checkVisibility({ opacityProperty: true, visibilityProperty: true })) return false;
    const alike = (seen[look(one)] || 0) + 1;
    seen[look(one)] = alike;
    return alike <= 5;
  });
  sessionStorage.looks = JSON.stringify(kept);
  const options = { resultTypes: ['violations'], preload: false };
  const colours = { ...options, runOnly: { type: 'rule', values: ['color-contrast'] } };
  const others = { ...options, rules: { 'color-contrast': { enabled: false } } };
  const found = measured.length ? (await axe.run({ include: measured }, colours)).violations : [];
  if (theme === 'light') found.push(...(await axe.run(others)).violations);
  const wide = document.documentElement.scrollWidth > innerWidth ? ['wider than the window'] : [];
  return wide.concat(found.map(one => one.id + ': ' + one.nodes[0].html.slice(0, 200)));
}"""

# Words of longer languages, and both directions of writing; the page is of no use afterwards.
STRETCH = """() => {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text; (text = texts.nextNode());) text.data = text.data.replace(/[aeiou]/g, '$&$&');
  return ['ltr', 'rtl'].filter(way => {
    document.documentElement.dir = way;
    return document.documentElement.scrollWidth > innerWidth;
  });
}"""


async def test_every_screen_is_for_everybody(
    tmp_path: Path, migrated_sqlite: Path, new_context: NewContext
) -> None:
    server = await furnished(tmp_path, migrated_sqlite)
    _, address, password, _ = COLLEAGUES[0]
    wrong: list[str] = []
    try:
        page = await (await new_context(reduced_motion="reduce")).new_page()
        await page.add_init_script(AXE)
        page.on("request", lambda one: wrong.extend(strangers(one.url, server.base)))
        page.on("console", lambda said: wrong.extend(refusals(said.text, page.url)))
        page.on("pageerror", lambda error: wrong.append(f"{page.url}: {error}"))
        await page.goto(f"{server.base}/sign-in")
        wrong += await looked_at(page, "/sign-in")
        await page.reload()
        await page.get_by_label("Email").fill(address)
        await page.get_by_label("Password").fill(password)
        await page.get_by_label("Password").press("Enter")
        await page.wait_for_url("**/inbox/mine")
        for pattern in screens():
            answer = await page.goto(server.base + address_of(server, pattern))
            if answer is None or answer.status != (404 if pattern == NOWHERE else 200):
                wrong.append(f"{pattern} answers {answer and answer.status}")
            elif bare := INLINE.findall(await answer.text()):
                wrong.append(f"{pattern} has {bare[:3]}")
            wrong += await looked_at(page, pattern)
    finally:
        await server.end()

    assert not wrong, "\n".join(wrong)


def strangers(url: str, base: str) -> list[str]:
    """The address, where it is neither ours nor made up by the page itself."""
    return [] if url.startswith((base + "/", "data:", "blob:", "about:")) else [f"asked for {url}"]


def refusals(said: str, url: str) -> list[str]:
    """What the console says, where it is of the content policy."""
    return [f"{url}: {said}"] if "Content Security Policy" in said else []


async def furnished(folder: Path, template: Path) -> RunningServer:
    """A running server with the demo's past, a saved view and a saved reply."""
    server, data = RunningServer(folder), folder / "data"
    data.mkdir(mode=0o700)
    shutil.copy(template, data / "onethread.db")
    settings = Settings(data_dir=data)
    await open_demo(settings)
    async with open_installation(settings) as installation:
        await furnish(installation)
    await server.start()
    return server


async def furnish(installation: Installation) -> None:
    """Put in what the demo's past has none of."""
    async with installation.database.transaction() as session:
        maya = await agents.by_email(session, COLLEAGUES[0][1])
        assert maya is not None
        await views.save_view(session, name="Lamps", words="lamp", by=maya)
        await saved_replies.add_reply(session, name="Thanks", shortcut="thanks", text="Thank you.", by=maya)
        into, merged, *_ = await session.scalars(select(Customer).order_by(Customer.id))
        await unmerges.undo_merge(session, await merges.merge(session, merged, into=into, by=maya), by=maya)
        await calls.log_call(
            session, into, by=maya, kind=SpokenKind.PHONE, is_inbound=True, text="She wants it blue"
        )
        address, name = "new@harbourpine.example", "New One"
        token = await people.invite(session, email=address, name=name, role=Role.AGENT, by=SYSTEM)
        NAMED["/join/{token}"] = f"SELECT '{token}'"
        mailbox = (await session.scalars(select(Channel).where(Channel.kind == ChannelKind.EMAIL))).one()
    await installation.intake.submit(mailbox.id, "lmtp", PASSED_ON_IN_DOUBT)


def screens() -> list[str]:
    """The patterns of all addresses that show one, and an address that leads nowhere."""
    found = {door.pattern for door in doors() if door.method == "GET" and door.policy in SEEN}
    assert found >= NO_SCREEN, found ^ NO_SCREEN
    return [*sorted(found - NO_SCREEN), NOWHERE]


def address_of(server: RunningServer, pattern: str) -> str:
    """Where this screen is, for something that is there."""
    statement = NAMED.get(pattern) or NAMED.get(re.sub(r"(\{\w+\}/)\w+$", r"\1{}", pattern))
    if statement is None:
        return pattern + ASKED.get(pattern, "")
    ((named,),) = server.rows(f"{statement} LIMIT 1")
    return re.sub(r"\{.*\}(/merge$)?" if "/" in str(named) else r"\{.*\}", str(named), pattern)


async def looked_at(page: Page, name: str) -> list[str]:
    """What is wrong with the page that is open; takes its pictures under CI."""
    wrong: list[str] = []
    file = re.sub(r"\W+", "-", name).strip("-") or "home"
    for width, (across, down) in WIDTHS.items():
        await page.set_viewport_size({"width": across, "height": down})
        for theme in ("light", "dark"):
            wrong += [f"{name} ({width}, {theme}) {one}" for one in await page.evaluate(LOOK, theme)]
            if IS_CI and (width, theme) in PICTURED:
                path = PICTURES / f"{theme}-{width}" / f"{file}.jpg"
                await page.screenshot(path=path, type="jpeg", quality=70)
    return wrong + [f"{name} (longer words, {way}) wider" for way in await page.evaluate(STRETCH)]


def test_no_sheet_asks_how_the_window_is_held() -> None:
    """The one rule that would read all sheets again for each look."""
    sheets = list((Path(__file__).parents[2] / "web" / "static").glob("*.css"))

    assert sheets
    assert [sheet.name for sheet in sheets if "orientation:" in sheet.read_text()] == []
