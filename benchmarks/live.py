"""From the commit of a note to its bytes on the sockets of a hundred agents who have the conversation open.

The server runs in this process, as `onethread serve` runs it; the agents' sockets are held by another one.
Both read the same monotonic clock. It starts before the COMMIT, so that the commit itself is in the figure.
The baseline is a bare server of the same loop in the same run, which sends as many bytes to as many sockets.
"""

import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn
import uvloop

from benchmarks.figures import Figure
from benchmarks.scene import Scene, a_scene, opened_anew
from inbox.actions import notes
from inbox.config import Settings
from inbox.ids import public_id
from inbox.queries import redirects
from inbox.queries.timelines import newest_position
from web.app import create_app
from web.installation import Installation
from web.live.cursors import cursor_of
from web.server import server_config

AGENTS = 100
NOTES = 100
PAUSE_SECONDS = 0.1
MEDIAN_MS, P99_MS = 20, 100
BARE_BYTES = 1_700  # about what a pushed note takes

Commit = Callable[[int], Awaitable[tuple[str, float]]]
"""Lets something happen; answers the name of its entry, and when its commit began."""


def measure() -> list[Figure]:
    """Median and 99th percentile over every note and every socket, in milliseconds."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        bare, times = runner.run(_measure())
    median, p99 = statistics.median(times), times[int(len(times) * 0.99)]
    whole, is_quick = len(times) == NOTES * AGENTS, median < MEDIAN_MS
    who = f"{AGENTS} agents"
    return [
        Figure("live", f"bare write → byte, {who}, median ms", f"{statistics.median(bare):.1f}"),
        Figure("live", f"bare write → byte, {who}, p99 ms", f"{bare[int(len(bare) * 0.99)]:.1f}"),
        Figure("live", f"commit → byte, {who}, median ms", f"{median:.1f}", f"< {MEDIAN_MS}", is_quick),
        Figure("live", f"commit → byte, {who}, p99 ms", f"{p99:.1f}", f"< {P99_MS}", p99 < P99_MS),
        Figure("live", "deliveries measured", f"{len(times)} of {NOTES * AGENTS}", "all", whole),
    ]


async def _measure() -> tuple[list[float], list[float]]:
    async with _bare_server() as (base, write):
        bare = await _times(base, ("none", "none", "p0"), write)
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder))
        async with opened_anew(settings) as installation, _served(installation) as base:
            scene = await a_scene(installation)
            async with installation.database.reading() as session:
                position = await newest_position(session)  # as the page that an agent opens says
            page = scene.session_token, scene.conversation.public_id, cursor_of(position)
            times = await _times(base, page, _noting(installation, scene))
    return bare, times


async def _times(base: str, page: tuple[str, str, str], commit: Commit) -> list[float]:
    """Milliseconds from each commit to each socket, the shortest first; *page* is its token, its conversation
    and its cursor."""
    client = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.sockets", base, *page, str(AGENTS), stdout=asyncio.subprocess.PIPE
    )
    assert client.stdout is not None
    ready = await client.stdout.readline()
    assert ready.strip() == b"ready", ready
    sent: dict[str, float] = {}
    for number in range(NOTES):
        entry, began = await commit(number)
        sent[entry] = began
        await asyncio.sleep(PAUSE_SECONDS)
    await asyncio.sleep(1.0)
    client.terminate()
    received: Mapping[str, list[float]] = defaultdict(list, json.loads(await client.stdout.read()))
    return sorted(1000 * (at - began) for entry, began in sent.items() for at in received[entry])


def _noting(installation: Installation, scene: Scene) -> Commit:
    async def add(number: int) -> tuple[str, float]:
        async with installation.database.transaction() as session:
            conversation = await redirects.find_conversation(session, scene.conversation.public_id)
            note = await notes.add_note(session, conversation, by=scene.agent, text=f"Note {number}")
            await session.flush()
            return note.public_id, time.monotonic()

    return add


@asynccontextmanager
async def _served(installation: Installation) -> AsyncIterator[str]:
    config = server_config(installation.settings, create_app(installation))
    config.port = 0
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    async with asyncio.timeout(30):
        await _until_started(server)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving


async def _until_started(server: uvicorn.Server) -> None:
    while True:
        if server.started:  # it has no event to wait for
            return
        await asyncio.sleep(0.01)


@asynccontextmanager
async def _bare_server() -> AsyncIterator[tuple[str, Commit]]:
    """Sockets, and a way to write to all of them: no HTTP, no database, no drawing."""
    writers: list[asyncio.StreamWriter] = []

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
        writers.append(writer)

    async def write(_: int) -> tuple[str, float]:
        began, entry = time.monotonic(), public_id()
        text = f'id=\\"n-{entry}\\"'.encode().ljust(BARE_BYTES)
        frame = b"\x81\x7e" + len(text).to_bytes(2) + text
        for writer in writers:
            writer.write(frame)
        return entry, began

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", write
    finally:
        server.close()
        for writer in writers:
            writer.close()
