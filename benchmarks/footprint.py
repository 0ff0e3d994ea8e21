"""How soon an installation is ready, and how much memory it takes while nothing happens (PSS of the process
tree)."""

import asyncio
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.server import BenchServer, memory_of

STARTS = 3
REST_SECONDS = 5.0
LARGEST_MB = 120
LONGEST_SECONDS = 3.0


def measure() -> list[Figure]:
    """The median time to ready of a server whose database exists, and its memory after a rest."""
    return asyncio.run(_measure())


async def _measure() -> list[Figure]:
    times: list[float] = []
    megabytes = 0.0
    with tempfile.TemporaryDirectory() as folder:
        server = BenchServer(Path(folder))
        await server.start()  # the first start makes keys and tables
        await server.end()
        for _ in range(STARTS):
            began = time.perf_counter()
            await server.start()
            times.append(time.perf_counter() - began)
            await asyncio.sleep(REST_SECONDS)
            megabytes = memory_of(server.pid)
            await server.end()
    ready = statistics.median(times)
    return [
        Figure(
            "footprint", "ready after, s", f"{ready:.2f}", f"< {LONGEST_SECONDS:.0f}", ready < LONGEST_SECONDS
        ),
        Figure("footprint", "idle, MB (PSS)", f"{megabytes:.0f}", f"< {LARGEST_MB}", megabytes < LARGEST_MB),
    ]
