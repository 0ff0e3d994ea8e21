"""Holds the sockets of many agents and says when each entry reached each. Run by `benchmarks.live`.

It notes when bytes arrive and looks into them only after the measuring: what a hundred browsers would do on
machines of their own must not keep the server's machine busy.
"""

import asyncio
import base64
import functools
import json
import os
import re
import signal
import struct
import sys
import time
from collections import defaultdict
from urllib.parse import urlsplit

ENTRY = re.compile(rb'id=\\"n-([a-z2-7]{26})\\"')
HEAD_END = b"\r\n\r\n"


class Arrivals(asyncio.Protocol):
    """One socket: what came, and when."""

    def __init__(self, request: bytes, opening: bytes) -> None:
        self.chunks: list[tuple[float, bytes]] = []
        self.is_open = asyncio.get_running_loop().create_future()
        self._request, self._opening = request, opening

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self.chunks.append((time.monotonic(), data))
        if not self.is_open.done():
            assert b" 101 " in data.split(b"\r\n")[0], data
            self._transport.write(_frame(self._opening))
            self.is_open.set_result(None)

    def arrivals(self) -> list[tuple[str, float]]:
        """Each entry with the moment when its last byte came."""
        stream = b"".join(data for _, data in self.chunks)
        ends: list[tuple[int, float]] = []
        length = 0
        for at, data in self.chunks:
            length += len(data)
            ends.append((length, at))
        found, chunk = [], 0
        for begin, end in _messages(stream):
            while ends[chunk][0] < end:
                chunk += 1
            found += [(entry.decode(), ends[chunk][1]) for entry in ENTRY.findall(stream[begin:end])]
        return found


def _messages(stream: bytes) -> list[tuple[int, int]]:
    """Where each message of the server begins and ends (RFC 6455 §5.2; it sends them whole and unmasked)."""
    place, found = stream.index(HEAD_END) + len(HEAD_END), []
    while place + 2 <= len(stream):
        length, begin = stream[place + 1], place + 2
        if length == 126:
            (length,), begin = struct.unpack_from("!H", stream, begin), begin + 2
        elif length == 127:
            (length,), begin = struct.unpack_from("!Q", stream, begin), begin + 8
        place = begin + length
        if place <= len(stream):
            found.append((begin, place))
    return found


def _frame(text: bytes) -> bytes:
    """A text message as a browser sends it, masked (RFC 6455 §5.3)."""
    mask = os.urandom(4)
    masked = bytes(byte ^ mask[number % 4] for number, byte in enumerate(text))
    head = bytes([0x81, 0x80 | len(text)]) if len(text) < 126 else b"\x81\xfe" + struct.pack("!H", len(text))
    return head + mask + masked


async def main(base: str, token: str, conversation: str, cursor: str, count: int) -> None:
    """Connect, say ready, and print {entry: [times]} when told to end."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    url = urlsplit(base)
    opening = json.dumps({"t": "open", "sub": f"timeline:{conversation}", "after": cursor}).encode()
    sockets: list[Arrivals] = []
    for _ in range(count):
        request = (
            f"GET /live?after={cursor} HTTP/1.1\r\nHost: {url.netloc}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\n"
            f"Sec-WebSocket-Version: 13\r\nOrigin: {base}\r\nCookie: onethread_session={token}\r\n\r\n"
        ).encode()
        make = functools.partial(Arrivals, request, opening)
        _, socket = await loop.create_connection(make, url.hostname or "", url.port or 80)
        await socket.is_open
        sockets.append(socket)
    await asyncio.sleep(1.0)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await ended.wait()
    received: dict[str, list[float]] = defaultdict(list)
    for socket in sockets:
        for entry, at in socket.arrivals():
            received[entry].append(at)
    sys.stdout.write(json.dumps(received))


asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5])))
