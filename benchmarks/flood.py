"""What others notice of a flood: one address sends a form a thousand times a second, other people send it as
people do.

The flood comes from a process and a loopback address of its own; most of it is refused with 429. What is
measured is how long the others wait until their submission is stored and filed.
"""

import asyncio
import http.client
import json
import multiprocessing
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from multiprocessing.synchronize import Event
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.scene import opened_anew
from benchmarks.server import BenchServer
from inbox.actions import channels
from inbox.actors import SYSTEM
from inbox.config import Settings
from inbox.envelopes import ChannelKind

SECONDS, CALM_SECONDS = 10.0, 4.0
FLOODERS, FLOOD_A_SECOND = 64, 1_000
APART_SECONDS = 0.1
P95_MS = 300
FLOODER = "127.0.0.66"


def measure() -> list[Figure]:
    """95th percentiles of other people's submissions in milliseconds, before and during the flood."""
    with tempfile.TemporaryDirectory() as folder:
        key = asyncio.run(_form(Path(folder)))
        server = BenchServer(Path(folder))
        asyncio.run(server.start())
        try:
            calm = _p95(_others(server.port, key, CALM_SECONDS))
            flooded, answers = _under_flood(server.port, key)
        finally:
            asyncio.run(server.end())
    sent = sum(answers.values())
    return [
        Figure("flood", "a form sent, nobody else there, p95 ms", f"{calm:.0f}"),
        Figure("flood", "the flood, requests a second (429 of them)", _shown(sent, answers[429])),
        Figure(
            "flood",
            "a form sent by others meanwhile, p95 ms",
            f"{flooded:.0f}",
            f"< {P95_MS}",
            flooded < P95_MS,
        ),
    ]


async def _form(folder: Path) -> str:
    opening = opened_anew(Settings(data_dir=folder))
    async with opening as installation, installation.database.transaction() as session:
        form = await channels.add_channel(
            session, kind=ChannelKind.FORM, name="Returns", by=SYSTEM, keys=installation.keys
        )
        return form.public_key


def _under_flood(port: int, key: str) -> tuple[float, Counter[int]]:
    context = multiprocessing.get_context("spawn")
    stop, queue = context.Event(), context.Queue()
    flood = context.Process(target=_flood, args=(port, key, stop, queue))
    flood.start()
    time.sleep(2)  # until it flows
    try:
        took = _p95(_others(port, key, SECONDS))
    finally:
        stop.set()
    answers: Counter[int] = queue.get(timeout=30)
    flood.join(30)
    return took, answers


def _flood(port: int, key: str, stop: Event, queue: "multiprocessing.Queue[Counter[int]]") -> None:
    answers: Counter[int] = Counter()
    threads = [
        threading.Thread(target=_send_without_end, args=(port, key, stop, answers)) for _ in range(FLOODERS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    queue.put(answers)


def _send_without_end(port: int, key: str, stop: Event, answers: Counter[int]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, source_address=(FLOODER, 0))
    apart, due = FLOODERS / FLOOD_A_SECOND, time.perf_counter()
    while not stop.is_set():
        answers[_post(connection, key, "flood@mail.example")] += 1
        due += apart
        time.sleep(max(0.0, due - time.perf_counter()))


def _others(port: int, key: str, seconds: float) -> Iterator[float]:
    """Milliseconds of one submission after another, each from somebody else's address."""
    until, number = time.perf_counter() + seconds, 0
    while time.perf_counter() < until:
        number += 1
        connection = http.client.HTTPConnection(
            "127.0.0.1", port, source_address=(f"127.0.{1 + number % 90}.{1 + number // 90}", 0)
        )
        began = time.perf_counter()
        status = _post(connection, key, f"person{number}@mail.example")
        yield (time.perf_counter() - began) * 1000
        connection.close()
        assert status == 202, status
        time.sleep(APART_SECONDS)


def _post(connection: http.client.HTTPConnection, key: str, email: str) -> int:
    body = json.dumps({"email": email, "message": f"It is {time.perf_counter_ns()}"})
    connection.request("POST", f"/forms/{key}", body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    answer.read()
    return answer.status


def _p95(times: Iterator[float]) -> float:
    ordered = sorted(times)
    return ordered[int(len(ordered) * 0.95)]


def _shown(sent: int, refused: int) -> str:
    return f"{sent / (SECONDS + 2):.0f} ({refused / max(1, sent):.0%})"
