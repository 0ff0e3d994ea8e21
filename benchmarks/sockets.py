"""Holds the sockets of many agents and says when each entry reached each. Run by `benchmarks.live`."""

import asyncio
import json
import re
import signal
import sys
import time
from collections import defaultdict

from websockets.asyncio.client import ClientConnection, connect

ENTRY = re.compile(r'id=\\"n-([a-z2-7]{26})\\"')


async def main(base: str, token: str, conversation: str, cursor: str, count: int) -> None:
    """Connect, say ready, and print {entry: [times]} when told to end."""
    received: dict[str, list[float]] = defaultdict(list)
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    url = base.replace("http", "ws", 1) + f"/live?after={cursor}"
    headers = {"Cookie": f"onethread_session={token}", "Origin": base}
    sockets = [await connect(url, additional_headers=headers, compression=None) for _ in range(count)]
    for socket in sockets:
        await socket.send(json.dumps({"t": "open", "sub": f"timeline:{conversation}", "after": cursor}))
    readers = [asyncio.create_task(_read(socket, received)) for socket in sockets]
    await asyncio.sleep(1.0)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await ended.wait()
    for reader in readers:
        reader.cancel()
    sys.stdout.write(json.dumps(received))


async def _read(socket: ClientConnection, received: dict[str, list[float]]) -> None:
    async for frame in socket:
        at = time.monotonic()
        for entry in ENTRY.findall(str(frame)):
            received[entry].append(at)


asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5])))
