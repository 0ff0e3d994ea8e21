"""How long the server takes for a conversation's page and for a list, with many conversations stored.

Beside /healthz of the same server, asked in turn by the same client over the same connection: what is above
that is ours. The time that the server's process was at work is shown too, and how many statements a page
makes: unlike the time by the clock they are the same while others use the machine.

CONVERSATIONS in the environment says how many there are (5,000; the plan's bar is for 100,000, which takes
minutes to fill), FILLED names a folder that keeps them for the next time.
"""

import asyncio
import http.client
import json
import os
import random
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import migrations
from benchmarks.crowd import fill
from benchmarks.figures import Figure
from benchmarks.scene import a_chat, a_scene, opened_anew
from benchmarks.server import BenchServer, answer_time, work_of
from benchmarks.statements import statements_of
from inbox.config import Settings

CONVERSATIONS = int(os.environ.get("CONVERSATIONS", "5000"))
ROUNDS, WARM = 60, 5
P95_MS = 60
SWAPPED = {"HX-Request": "true"}  # what the browser asks for when a row is clicked
HEALTH, OPENED, WHOLE, LIST = "/healthz", "conversation opened", "conversation, whole page", "inbox list"


@dataclass(frozen=True, slots=True)
class Filled:
    """What was stored: an agent's session, and the public ids of the long conversations."""

    token: str
    long_ones: Sequence[str]

    @property
    def cookie(self) -> Mapping[str, str]:
        return {"Cookie": f"onethread_session={self.token}"}


@dataclass(slots=True)
class Times:
    """Milliseconds of each request of a kind, by the clock and of the server's work."""

    clock: list[float] = field(default_factory=list)
    work: list[float] = field(default_factory=list)


def measure() -> list[Figure]:
    """95th percentiles in milliseconds, the client's own time included."""
    kept = os.environ.get("FILLED")
    with nullcontext(kept) if kept else tempfile.TemporaryDirectory() as folder:
        filled = asyncio.run(_filled(Path(folder)))
        server = BenchServer(Path(folder))
        asyncio.run(server.start())
        try:
            times = _asked(server, filled)
        finally:
            asyncio.run(server.end())
        wanted = {kind: (path, {**filled.cookie, **headers}) for kind, path, headers in _kinds(filled, 0)}
        made = asyncio.run(statements_of(Path(folder), wanted))
    return [figure for kind in times for figure in _figures(kind, times[kind], made[kind])]


def _figures(kind: str, times: Times, statements: int) -> list[Figure]:
    title = f"{kind}, {CONVERSATIONS:,} conversations"
    by_clock, by_work = (sorted(one)[int(ROUNDS * 0.95)] for one in (times.clock, times.work))
    bar = (f"< {P95_MS}", by_clock < P95_MS) if kind == OPENED else ("", None)
    figures = [Figure("pages", f"{title}, p95 ms", f"{by_clock:.1f}", *bar)]
    if kind != HEALTH:
        figures.append(Figure("pages", f"{title}, p95 ms of work", f"{by_work:.1f}"))
        figures.append(Figure("pages", f"{kind}, statements", f"{statements}"))
    return figures


async def _filled(folder: Path) -> Filled:
    note, settings = folder / "filled.json", Settings(data_dir=folder)
    if note.exists():
        await migrations.upgrade_async(settings.database)
        return Filled(**json.loads(note.read_text()))
    async with opened_anew(settings) as installation:
        scene = await a_scene(installation)
        chat = await a_chat(installation)
        opened = await fill(installation.database, scene.agent, scene.mailbox, chat, CONVERSATIONS)
    note.write_text(json.dumps({"token": scene.session_token, "long_ones": opened}))
    return Filled(scene.session_token, opened)


def _kinds(filled: Filled, number: int) -> list[tuple[str, str, Mapping[str, str]]]:
    """What is asked in a round: the kind, its address, its headers beside the cookie."""
    page = f"/conversations/{random.Random(number).choice(filled.long_ones)}"
    return [(HEALTH, "/healthz", {}), (OPENED, page, SWAPPED), (WHOLE, page, {}), (LIST, "/inbox/mine", {})]


def _asked(server: BenchServer, filled: Filled) -> dict[str, Times]:
    """The times by kind; the kinds take turns."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    times: dict[str, Times] = defaultdict(Times)
    for number in range(ROUNDS + WARM):
        for kind, path, headers in _kinds(filled, number):
            before = work_of(server.pid)
            took = answer_time(connection, path, {**filled.cookie, **headers})
            if number >= WARM:
                times[kind].clock.append(took)
                times[kind].work.append(work_of(server.pid) - before)
    connection.close()
    return times
