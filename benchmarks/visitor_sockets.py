"""Holds the sockets of visitors and agents for `benchmarks.visitors`, in a process of its own.

Visitors come from an address each, as the server's proxy would say. Prints `settled` when all visitors are
connected and the active ones have written; reads one line of JSON that says what the agents look at; then
writes messages at an even pace and prints what arrived where, and when.
"""

import asyncio
import base64
import functools
import json
import os
import re
import struct
import sys
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

AT_ONCE = 40
HEAD_END = b"\r\n\r\n"
TEXT, PING, PONG = 0x81, 0x89, 0x8A
LONGEST_WAIT = 20.0
_NUMBER = re.compile(rb"bench-(\d+)-")


class Socket(asyncio.Protocol):
    """One socket: says something when it is open, answers pings, and hands whole messages on."""

    def __init__(self, request: bytes, opening: dict[str, Any], hear: Callable[[bytes], None]) -> None:
        self.is_ready = asyncio.get_running_loop().create_future()
        self._request, self._opening, self._hear = request, opening, hear
        self._buffer, self._is_open = b"", False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._request)

    def say(self, **frame: Any) -> None:
        self._transport.write(_framed(TEXT, json.dumps(frame).encode()))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._is_open:
            head, end, self._buffer = self._buffer.partition(HEAD_END)
            assert end and b" 101 " in head.split(b"\r\n")[0], head
            self._is_open = True
            self.say(**self._opening)
        while (message := self._next()) is not None:
            if not self.is_ready.done():
                self.is_ready.set_result(None)
            self._hear(message)

    def _next(self) -> bytes | None:
        """The payload of the next whole frame (RFC 6455 §5.2); a ping is answered on the way."""
        if len(self._buffer) < 2:
            return None
        kind, length, begin = self._buffer[0], self._buffer[1], 2
        if length == 126:
            if len(self._buffer) < 4:
                return None
            (length,), begin = struct.unpack_from("!H", self._buffer, 2), 4
        elif length == 127:
            if len(self._buffer) < 10:
                return None
            (length,), begin = struct.unpack_from("!Q", self._buffer, 2), 10
        if len(self._buffer) < begin + length:
            return None
        payload, self._buffer = self._buffer[begin : begin + length], self._buffer[begin + length :]
        if kind == PING:
            self._transport.write(_framed(PONG, payload))
            return b""
        return payload


async def connect(
    base: str, path: str, opening: dict[str, Any], hear: Callable[[bytes], None], *, headers: str = ""
) -> Socket:
    """A socket that has been answered once."""
    url = urlsplit(base)
    request = (
        f"GET {path} HTTP/1.1\r\nHost: {url.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\n"
        f"Sec-WebSocket-Version: 13\r\nOrigin: {base}\r\n{headers}\r\n"
    ).encode()
    make = functools.partial(Socket, request, opening, hear)
    loop = asyncio.get_running_loop()
    _, socket = await loop.create_connection(make, url.hostname or "", url.port or 80)
    async with asyncio.timeout(60):
        await socket.is_ready
    return socket


async def visitors(base: str, path: str, count: int) -> list[Socket]:
    """So many idle visitors, each from an address of its own."""
    found: list[Socket] = []
    opening = {"t": "hello", "token": None, "after": None}

    async def one(number: int) -> Socket:
        address = f"10.{number & 255}.{number >> 8 & 255}.{1 + number % 200}"
        return await connect(base, path, opening, _ignore, headers=f"X-Forwarded-For: {address}\r\n")

    for first in range(1, count + 1, AT_ONCE):
        found += await asyncio.gather(*map(one, range(first, min(first + AT_ONCE, count + 1))))
    return found


async def main(base: str, path: str, count: int, active: int, pace: float, seconds: float) -> None:
    """See above; without active visitors it only holds the idle ones until its input ends."""
    everybody = await visitors(base, path, count)
    for number, visitor in enumerate(everybody[:active]):
        visitor.say(t="message", client_id=f"first-{number:08}", text=f"Hello {number}")
    await asyncio.sleep(5.0 if active else 1.0)
    print("settled", flush=True)
    line = await asyncio.to_thread(sys.stdin.readline)
    if not active or not line:
        return
    told = json.loads(line)
    sent: dict[int, float] = {}
    arrived: dict[int, list[float]] = {}

    def hear(message: bytes) -> None:
        at = time.monotonic()
        for number in set(_NUMBER.findall(message)):
            arrived.setdefault(int(number), []).append(at)

    cookie = f"Cookie: onethread_session={told['token']}\r\n"
    for number in range(told["agents"]):
        conversation = told["conversations"][number % active]
        opening = {"t": "open", "sub": f"timeline:{conversation}", "after": told["cursor"]}
        await connect(base, f"/live?after={told['cursor']}", opening, hear, headers=cookie)
    await asyncio.sleep(2.0)
    began = time.monotonic()
    for number in range(int(pace * seconds)):
        await asyncio.sleep(max(0.0, began + number / pace - time.monotonic()))
        sent[number] = time.monotonic()
        everybody[number % active].say(t="message", client_id=f"bench-{number:08}", text=f"bench-{number}-")
    expected = len(sent) * told["agents"] // active
    deadline = time.monotonic() + LONGEST_WAIT
    while sum(map(len, arrived.values())) < expected and time.monotonic() < deadline:  # noqa: ASYNC110
        await asyncio.sleep(0.1)
    times = [1000 * (at - sent[number]) for number, all_of_it in arrived.items() for at in all_of_it]
    print(json.dumps({"times": sorted(times), "expected": expected}), flush=True)
    await asyncio.to_thread(sys.stdin.readline)


def _framed(kind: int, payload: bytes) -> bytes:
    """A frame as a browser sends it, masked (RFC 6455 §5.3)."""
    mask = os.urandom(4)
    masked = bytes(byte ^ mask[number % 4] for number, byte in enumerate(payload))
    short = len(payload) < 126
    head = bytes([kind, 0x80 | len(payload)]) if short else struct.pack("!BBH", kind, 0xFE, len(payload))
    return head + mask + masked


def _ignore(message: bytes) -> None:
    """A visitor who only looks."""


if __name__ == "__main__":
    base, path, count, active, pace, seconds = sys.argv[1:]
    asyncio.run(main(base, path, int(count), int(active), float(pace), float(seconds)))
