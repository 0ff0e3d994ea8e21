"""A mailbox with a long backlog is read and filed while an agent works: how much slower do the pages become?

The same client asks for the same list all the time, first of an idle server, then while mail
comes in by IMAP. BACKLOG in the environment says how many mails (2,000; the bar is for 10,000).
"""

import asyncio
import http.client
import os
import sqlite3
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.crowd import fill
from benchmarks.figures import Figure
from benchmarks.scene import Scene, a_chat, a_scene, opened_anew
from benchmarks.server import BenchServer, answer_time
from inbox.config import Settings
from tests.services.hostile_imap import HostileImap

BACKLOG = int(os.environ.get("BACKLOG", "2000"))
CUSTOMERS = 500
IDLE_PAGES, WARM_PAGES = 100, 20
APART = 0.05  # seconds between two pages: an agent who clicks fast, and twenty of those
MOST = 2.0  # times the idle 95th percentile
PATHS = ("/inbox/all", "/healthz")


@dataclass(slots=True)
class _Times:
    """Milliseconds by path."""

    of: dict[str, list[float]] = field(default_factory=lambda: {path: [] for path in PATHS})

    def p95(self, path: str) -> float:
        return sorted(self.of[path])[int(len(self.of[path]) * 0.95)]


def measure() -> list[Figure]:
    """95th percentiles of a list, idle and beside the backlog, and how fast the backlog was filed."""
    with tempfile.TemporaryDirectory() as folder:
        idle, busy, seconds = asyncio.run(_measured(Path(folder)))
    title, (page, nothing) = f"{BACKLOG:,} mails", PATHS
    ratio = busy.p95(page) / idle.p95(page)
    beside = f"{idle.p95(nothing):.1f}, {busy.p95(nothing):.1f}"
    return [
        Figure("backlog", f"inbox list idle, {title}, p95 ms", f"{idle.p95(page):.1f}"),
        Figure("backlog", f"inbox list meanwhile, {title}, p95 ms", f"{busy.p95(page):.1f}"),
        Figure("backlog", "times slower", f"{ratio:.2f}", f"< {MOST:.0f}", ratio < MOST),
        Figure("backlog", "/healthz idle and meanwhile, p95 ms", beside),
        Figure("backlog", "filed from IMAP, mails a second", f"{BACKLOG / seconds:.0f}"),
    ]


async def _measured(folder: Path) -> tuple[_Times, _Times, float]:
    scene = await _scene(folder)
    server = BenchServer(folder)
    async with HostileImap().open() as imap:
        await server.start()
        try:
            arguments = ("channel", "add", "email", "Backlog", "--address", "backlog@desk.example")
            command = (*arguments, "--imap", imap.url, "--password-stdin")
            await asyncio.to_thread(server.cli, *command, stdin="pw\n")
            await imap.first_login()
            idle = await asyncio.to_thread(_ask, server.port, scene, IDLE_PAGES, _Never())
            await imap.deliver(*map(_mail, range(BACKLOG)))
            began = time.perf_counter()
            busy = await asyncio.to_thread(_ask, server.port, scene, 1_000_000, _Filed(folder))
            return idle, busy, time.perf_counter() - began
        finally:
            await server.end()


async def _scene(folder: Path) -> Scene:
    settings = Settings(data_dir=folder)
    async with opened_anew(settings) as installation:
        scene = await a_scene(installation)
        chat = await a_chat(installation)
        # So that the list is as long before as it is meanwhile.
        await fill(installation.database, scene.agent, scene.mailbox, chat, CUSTOMERS)
    return scene


def _mail(number: int) -> bytes:
    head = f"From: Customer {number} <c{number % CUSTOMERS}@shop.example>\r\nTo: backlog@desk.example\r\n"
    ids = f"Subject: Question {number}\r\nMessage-ID: <{number}@shop.example>\r\n"
    return (
        f"{head}{ids}\r\nHello,\r\n\r\nthis is question {number} about my order.\r\n".encode()
        + b"Words. \r\n" * 200
    )


class _Never:
    """Never over."""

    def is_over(self) -> bool:
        return False


class _Filed:
    """Over when the whole backlog is filed; looks into the database beside the server, twice a second."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "onethread.db"
        self._looked = 0.0

    def is_over(self) -> bool:
        if time.monotonic() - self._looked < 0.5:
            return False
        self._looked = time.monotonic()
        with closing(sqlite3.connect(f"file:{self._path}?mode=ro", uri=True)) as connection:
            statement = "SELECT count(*) FROM intake_records WHERE source = 'imap' AND state = 'filed'"
            ((count,),) = connection.execute(statement).fetchall()
        return bool(count >= BACKLOG)


def _ask(port: int, scene: Scene, pages: int, end: _Never | _Filed) -> _Times:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    times, cookie = _Times(), {"Cookie": f"onethread_session={scene.session_token}"}
    for number in range(pages + WARM_PAGES):
        for path in PATHS:
            took = answer_time(connection, path, cookie)
            if number >= WARM_PAGES:
                times.of[path].append(took)
        if end.is_over():
            break
        time.sleep(APART)
    connection.close()
    return times
