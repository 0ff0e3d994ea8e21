"""From one agent's note to the moment when another agent's browser has painted it, and whether a thread of
five hundred messages scrolls smoothly. In Chromium, beside the server on one machine.

The clock begins before the note is sent, so that its commit lies in between: what a person feels is less.
"""

import asyncio
import shutil
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from playwright.async_api import Page, async_playwright

from benchmarks.crowd import fill
from benchmarks.figures import Figure
from benchmarks.scene import a_chat, a_scene, opened_anew
from benchmarks.server import BenchServer
from inbox.actions import agents, sign_ins
from inbox.actors import SYSTEM
from inbox.config import Settings

NOTES, WARM = 60, 5
PAUSE_MS = 150
PAINTED_MS, FRAME_MS = 150, 34  # two frames of sixty in a second: what an eye takes for smooth
MESSAGES = 500
OPTIONS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run")

# Notes when each entry that comes has been painted: a task that follows the frame it was drawn in.
WATCH = """() => {
  window.painted = {};
  new MutationObserver(records => {
    const now = records.flatMap(one => [...one.addedNodes]).filter(one => one.id && one.id.startsWith('n-'));
    if (now.length) requestAnimationFrame(() => {
      const after = new MessageChannel();
      after.port1.onmessage = () => now.forEach(one => {
        const words = one.textContent.match(/Note \\d+/);
        if (words) window.painted[words[0]] = performance.timeOrigin + performance.now();
      });
      after.port2.postMessage(0);
    });
  }).observe(document.getElementById('log'), {childList: true});
}"""
NOTE = """async ([url, text, number]) => {
  const began = performance.timeOrigin + performance.now();
  const body = new URLSearchParams({text, case: number});
  const answer = await fetch(url, {method: 'POST', headers: desk.headers(), body});
  if (!answer.ok) throw new Error(answer.status);
  return began;
}"""
# Scrolls from the end to the beginning and back, a step in each frame; answers the time between frames.
SCROLL = """async () => {
  const box = document.getElementById('log'), gaps = [], long = [];
  const watching = new PerformanceObserver(list => long.push(...list.getEntries().map(one => one.duration)));
  watching.observe({type: 'longtask'});
  const step = box.clientHeight / 4;
  box.scrollTop = box.scrollHeight;
  for (const way of [-1, 1]) {
    let before = await new Promise(requestAnimationFrame);
    while (way < 0 ? box.scrollTop > 0 : box.scrollHeight - box.clientHeight - box.scrollTop > 2) {
      box.scrollTop += way * step;
      const now = await new Promise(requestAnimationFrame);
      gaps.push(now - before);
      before = now;
    }
  }
  watching.disconnect();
  return {gaps, long};
}"""
OLDER = """async () => {
  for (let link; (link = document.querySelector('#log > a[data-older]'));) {
    link.click();
    while (link.isConnected) await new Promise(requestAnimationFrame);
  }
  return document.querySelectorAll('#log > [data-kind=message]').length;
}"""


def measure() -> list[Figure]:
    """95th percentiles in milliseconds."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_measure(Path(folder)))


async def _measure(folder: Path) -> list[Figure]:
    short, long_one, tokens = await _filled(folder)
    server = BenchServer(folder)
    await server.start()
    try:
        async with AsyncExitStack() as stack:
            writer, reader = [await _desk(stack, server.base, token) for token in tokens]
            painted = await _painted(server.base, writer, reader, short)
            scrolled = await _scrolled(server.base, reader, long_one)
    finally:
        await server.end()
    return painted + scrolled


async def _filled(folder: Path) -> tuple[str, str, tuple[str, str]]:
    """A short conversation, one of five hundred messages, and the sessions of two agents."""
    settings = Settings(data_dir=folder)
    async with opened_anew(settings) as installation:
        scene = await a_scene(installation)
        chat = await a_chat(installation)
        async with installation.database.transaction() as session:
            other = await agents.add_agent(session, email="tom@desk.example", name="Tom Rivera", by=SYSTEM)
            token = await sign_ins.begin_session(session, other, user_agent="benchmark")
        (long_one,) = await fill(installation.database, scene.agent, scene.mailbox, chat, 1, longest=MESSAGES)
    return scene.conversation.public_id, long_one, (scene.session_token, token)


async def _desk(stack: AsyncExitStack, base: str, token: str) -> Page:
    """A browser of its own for each agent: a page in the background paints nothing."""
    program = shutil.which("chromium") or sys.exit("The browser is missing: install chromium.")
    playwright = await stack.enter_async_context(async_playwright())
    browser = await playwright.chromium.launch(executable_path=program, args=list(OPTIONS), headless=True)
    stack.push_async_callback(browser.close)
    context = await browser.new_context(viewport={"width": 1440, "height": 900})
    await context.add_cookies([{"name": "onethread_session", "value": token, "url": base}])
    return await context.new_page()


async def _painted(base: str, writer: Page, reader: Page, conversation: str) -> list[Figure]:
    for page in (writer, reader):
        await page.goto(f"{base}/conversations/{conversation}")
        await page.wait_for_selector("body[data-live=on]")
    await reader.evaluate(WATCH)
    number = await writer.get_attribute("#thread", "data-case")
    sent: dict[str, float] = {}
    for index in range(NOTES + WARM):
        words = f"Note {index}"
        sent[words] = await writer.evaluate(NOTE, [f"/conversations/{conversation}/notes", words, number])
        await writer.wait_for_timeout(PAUSE_MS)
    await writer.wait_for_timeout(1000)
    painted: dict[str, float] = await reader.evaluate("painted")
    times = sorted(painted[words] - began for words, began in list(sent.items())[WARM:] if words in painted)
    p95 = times[int(len(times) * 0.95)]
    return [
        Figure(
            "painted", "note sent → painted in another browser, median ms", f"{times[len(times) // 2]:.0f}"
        ),
        Figure("painted", "note sent → painted, p95 ms", f"{p95:.0f}", f"< {PAINTED_MS}", p95 < PAINTED_MS),
        Figure("painted", "notes painted", f"{len(times)} of {NOTES}", "all", len(times) == NOTES),
    ]


async def _scrolled(base: str, page: Page, conversation: str) -> list[Figure]:
    await page.goto(f"{base}/conversations/{conversation}")
    await page.wait_for_selector("body[data-live=on]")
    count = await page.evaluate(OLDER)
    found: dict[str, Any] = await page.evaluate(SCROLL)
    gaps = sorted(found["gaps"])
    p95 = gaps[int(len(gaps) * 0.95)]
    title = f"{count} messages scrolled"
    return [
        Figure(
            "painted", f"{title}, time between frames, p95 ms", f"{p95:.0f}", f"< {FRAME_MS}", p95 < FRAME_MS
        ),
        Figure("painted", f"{title}, longest time between frames, ms", f"{gaps[-1]:.0f}"),
        Figure("painted", f"{title}, tasks above 50 ms", f"{len(found['long'])}"),
    ]
