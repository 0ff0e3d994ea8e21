"""How long the server takes for a conversation's page and for a list, with many conversations stored.

Beside /healthz of the same server, asked in turn by the same client over the same connection: what is above
that is ours. CONVERSATIONS in the environment says how many there are (5,000; the plan's bar is for 100,000,
which takes two minutes to fill).
"""

import asyncio
import http.client
import os
import random
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import migrations
from benchmarks.crowd import fill
from benchmarks.figures import Figure
from benchmarks.scene import Scene, a_scene
from benchmarks.server import BenchServer
from inbox.actions import channels
from inbox.actors import SYSTEM
from inbox.config import Settings
from inbox.envelopes import ChannelKind
from web.installation import open_installation

CONVERSATIONS = int(os.environ.get("CONVERSATIONS", "5000"))
ROUNDS, WARM = 60, 5
P95_MS = 60
SWAPPED = {"HX-Request": "true"}  # what the browser asks for when a row is clicked
KINDS = ("/healthz", "opened from the list", "whole page", "the list")


def measure() -> list[Figure]:
    """95th percentiles in milliseconds, the client's own time included."""
    with tempfile.TemporaryDirectory() as folder:
        scene, long_ones = asyncio.run(_filled(Path(folder)))
        server = BenchServer(Path(folder))
        asyncio.run(server.start())
        try:
            times = _asked(server.port, scene, long_ones)
        finally:
            asyncio.run(server.end())
    of = {kind: sorted(times[kind])[int(ROUNDS * 0.95)] for kind in KINDS}
    title = f"{CONVERSATIONS:,} conversations, p95 ms"
    opened = of["opened from the list"]
    return [
        Figure("pages", f"/healthz, {title}", f"{of['/healthz']:.1f}"),
        Figure("pages", f"conversation opened, {title}", f"{opened:.1f}", f"< {P95_MS}", opened < P95_MS),
        Figure("pages", f"conversation, whole page, {title}", f"{of['whole page']:.1f}"),
        Figure("pages", f"inbox list, {title}", f"{of['the list']:.1f}"),
    ]


async def _filled(folder: Path) -> tuple[Scene, list[str]]:
    settings = Settings(data_dir=folder)
    async with open_installation(settings):
        pass  # makes the key
    await migrations.upgrade_async(settings.database)
    async with open_installation(settings) as installation:
        scene = await a_scene(installation)
        async with installation.database.transaction() as session:
            chat = await channels.add_channel(
                session, kind=ChannelKind.WEBCHAT, name="Chat", by=SYSTEM, keys=installation.keys
            )
        opened = await fill(installation.database, scene.agent, scene.mailbox, chat, CONVERSATIONS)
    return scene, opened


def _asked(port: int, scene: Scene, long_ones: Sequence[str]) -> dict[str, list[float]]:
    """Milliseconds of each request, by kind; the kinds take turns."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    chosen = random.Random(7).choices(long_ones, k=ROUNDS + WARM)
    times: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for number, public_id in enumerate(chosen):
        page = f"/conversations/{public_id}"
        wanted = zip(KINDS, ("/healthz", page, page, "/inbox/mine"), ({}, SWAPPED, {}, {}), strict=True)
        for kind, path, headers in wanted:
            took = _took(connection, path, {"Cookie": f"onethread_session={scene.session_token}", **headers})
            if number >= WARM:
                times[kind].append(took)
    connection.close()
    return times


def _took(connection: http.client.HTTPConnection, path: str, headers: dict[str, str]) -> float:
    began = time.perf_counter()
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    answer.read()
    took = time.perf_counter() - began
    if answer.status != 200:
        raise RuntimeError(f"{path} answered {answer.status}")
    return 1000 * took
