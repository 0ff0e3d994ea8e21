"""Thousands of visitors who only look, hundreds of agents, and messages from some visitors, in one process.

Measured: from a visitor's send to its bytes on the sockets of the agents who have the conversation open, what
of it never came, the memory of the server (PSS), and what an idle visitor takes of it beside what a bare
server of the same library takes in the same run. BENCH_VISITORS and BENCH_SECONDS change the size.
"""

import asyncio
import json
import os
import socket
import sqlite3
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.scene import a_chat, a_scene, opened_anew
from benchmarks.server import BenchServer, memory_of
from inbox.config import Settings
from web.live.cursors import cursor_of

VISITORS = int(os.environ.get("BENCH_VISITORS", "5000"))
SECONDS = float(os.environ.get("BENCH_SECONDS", "10"))
AGENTS, ACTIVE, PACE = 200, 100, 50.0
P95_MS, MOST_MB = 300, 600
SETTLED_SECONDS = 3.0


def measure() -> list[Figure]:
    """Delivery, loss and memory."""
    return asyncio.run(_measure())


async def _measure() -> list[Figure]:
    bare = await _bare_kilobytes()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        token, key = await _prepare(folder)
        server = BenchServer(folder)
        await server.start()
        try:
            before = memory_of(server.pid)
            holding = _holding(server.base, f"/widget/{key}/live", ACTIVE)
            async with holding as client:
                await asyncio.sleep(SETTLED_SECONDS)
                idle = memory_of(server.pid)
                told = await _run(client, folder, token)
                busy = memory_of(server.pid)
        finally:
            await server.end()
    return _figures(told, bare, 1024 * (idle - before) / VISITORS, busy)


def _figures(told: dict[str, list[float]], bare: float, each: float, busy: float) -> list[Figure]:
    times, expected = told["times"], int(str(told["expected"]))
    median, p95 = times[len(times) // 2], times[int(len(times) * 0.95)]
    who = f"{VISITORS} visitors, {AGENTS} agents, {PACE:.0f} messages/s"
    lost = expected - len(times)
    return [
        Figure("visitors", f"send → agents' bytes, {who}, median ms", f"{median:.0f}"),
        Figure("visitors", "the same, p95 ms", f"{p95:.0f}", f"< {P95_MS}", p95 < P95_MS),
        Figure("visitors", "lost", f"{lost} of {expected}", "0", lost == 0),
        Figure("visitors", "server, MB (PSS)", f"{busy:.0f}", f"< {MOST_MB}", busy < MOST_MB),
        Figure("visitors", "an idle visitor of a bare server, kB", f"{bare:.0f}"),
        Figure("visitors", "an idle visitor, kB", f"{each:.0f}"),
    ]


async def _prepare(folder: Path) -> tuple[str, str]:
    """An installation with an agent and a chat; answers the agent's session and the chat's key."""
    settings = Settings(data_dir=folder)
    async with opened_anew(settings) as installation:
        scene = await a_scene(installation)
        chat = await a_chat(installation)
    return scene.session_token, chat.public_key


async def _run(client: asyncio.subprocess.Process, folder: Path, token: str) -> dict[str, list[float]]:
    rows = sqlite3.connect(folder / "onethread.db")
    chats = rows.execute(
        "SELECT c.public_id FROM conversations c JOIN strands s ON s.conversation_id = c.id"
        " JOIN messages m ON m.strand_id = s.id WHERE m.text LIKE 'Hello %'"
        " ORDER BY CAST(substr(m.text, 7) AS INTEGER)"
    ).fetchall()
    (position,) = rows.execute("SELECT position FROM event_counter").fetchone()
    rows.close()
    assert len(chats) == ACTIVE, f"{len(chats)} of {ACTIVE} visitors have been filed"
    told = {
        "token": token,
        "agents": AGENTS,
        "conversations": [public_id for (public_id,) in chats],
        "cursor": cursor_of(position),
    }
    assert client.stdin is not None and client.stdout is not None
    client.stdin.write(json.dumps(told).encode() + b"\n")
    found: dict[str, list[float]] = json.loads(await client.stdout.readline())
    return found


async def _bare_kilobytes() -> float:
    """What an idle socket takes of a bare server."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = await asyncio.create_subprocess_exec(sys.executable, "-m", "benchmarks.bare_chat", str(port))
    try:
        await _until_listening(port)
        before = memory_of(server.pid)
        async with _holding(f"http://127.0.0.1:{port}", "/live", 0):
            await asyncio.sleep(SETTLED_SECONDS)
            return 1024 * (memory_of(server.pid) - before) / VISITORS
    finally:
        server.terminate()
        await server.wait()


async def _until_listening(port: int) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                await asyncio.sleep(0.05)
                continue
            writer.close()
            return


@asynccontextmanager
async def _holding(base: str, path: str, active: int) -> AsyncIterator[asyncio.subprocess.Process]:
    """The visitors' sockets, in a process of their own."""
    pipe = asyncio.subprocess.PIPE
    arguments = (base, path, VISITORS, active, PACE, SECONDS)
    client = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "benchmarks.visitor_sockets",
        *map(str, arguments),
        stdin=pipe,
        stdout=pipe,
        limit=1 << 24,
    )
    assert client.stdout is not None and client.stdin is not None
    try:
        assert (await client.stdout.readline()).strip() == b"settled"
        yield client
    finally:
        client.stdin.close()
        await client.wait()
