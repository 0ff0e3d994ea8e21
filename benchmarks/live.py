"""From the commit of a note to its bytes on the sockets of a hundred agents who have the conversation open.

The server runs in this process; the agents' sockets are held by another one. Both read the same monotonic
clock. The clock starts before the COMMIT, so that the commit itself is in the figure.
"""

import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import uvicorn

import migrations
from benchmarks.figures import Figure
from benchmarks.scene import a_scene
from inbox.actions import notes
from inbox.config import Settings
from inbox.queries import redirects
from inbox.queries.timelines import newest_position
from web.app import create_app
from web.installation import open_installation
from web.live.cursors import cursor_of

AGENTS = 100
NOTES = 100
PAUSE_SECONDS = 0.1
MEDIAN_MS, P99_MS = 20, 100


def measure() -> list[Figure]:
    """Median and 99th percentile over every note and every socket, in milliseconds."""
    times = sorted(asyncio.run(_measure()))
    median = statistics.median(times)
    p99 = times[int(len(times) * 0.99)]
    return [
        Figure(
            "live",
            f"commit → byte, {AGENTS} agents, median ms",
            f"{median:.1f}",
            f"< {MEDIAN_MS}",
            median < MEDIAN_MS,
        ),
        Figure("live", f"commit → byte, {AGENTS} agents, p99 ms", f"{p99:.1f}", f"< {P99_MS}", p99 < P99_MS),
        Figure(
            "live",
            "deliveries measured",
            f"{len(times)} of {NOTES * AGENTS}",
            "all",
            len(times) == NOTES * AGENTS,
        ),
    ]


async def _measure() -> list[float]:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder))
        async with open_installation(settings):
            pass  # makes the key
        await migrations.upgrade_async(settings.database)
        async with open_installation(settings) as installation:
            app = create_app(installation)
            config = uvicorn.Config(
                app, port=0, log_level="error", ws="websockets-sansio", ws_per_message_deflate=False
            )
            server = uvicorn.Server(config)
            serving = asyncio.create_task(server.serve())
            async with asyncio.timeout(30):
                await _until_started(server)
            port = server.servers[0].sockets[0].getsockname()[1]
            scene = await a_scene(installation)
            async with installation.database.reading() as session:
                position = await newest_position(session)  # as the page that an agent opens says
            client = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "benchmarks.sockets",
                f"http://127.0.0.1:{port}",
                scene.session_token,
                scene.conversation.public_id,
                cursor_of(position),
                str(AGENTS),
                stdout=asyncio.subprocess.PIPE,
            )
            assert client.stdout is not None
            ready = await client.stdout.readline()
            assert ready.strip() == b"ready", ready
            sent: dict[str, float] = {}
            for number in range(NOTES):
                async with installation.database.transaction() as session:
                    conversation = await redirects.find_conversation(session, scene.conversation.public_id)
                    note = await notes.add_note(session, conversation, by=scene.agent, text=f"Note {number}")
                    await session.flush()
                    sent[note.public_id] = time.monotonic()
                await asyncio.sleep(PAUSE_SECONDS)
            await asyncio.sleep(1.0)
            client.terminate()
            answer = await client.stdout.read()
            server.should_exit = True
            await serving
    received: dict[str, list[float]] = defaultdict(list, json.loads(answer))
    return [1000 * (at - began) for note_id, began in sent.items() for at in received[note_id]]


async def _until_started(server: uvicorn.Server) -> None:
    while True:
        if server.started:  # it has no event to wait for
            return
        await asyncio.sleep(0.01)
