"""What is fetched for strangers comes from the open Internet, or not at all."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from ipaddress import ip_address
from pathlib import Path

import pytest

from inbox.errors import NotFound
from web.fetching import Address, Fetcher, Limits, is_public

DATA = Path(os.environ.get("ONETHREAD_TEST_DATA") or Path(__file__).parents[3] / "shared" / "data")
LIMITS = Limits(bytes=1_000, seconds=5)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
        "224.0.0.1", "255.255.255.255", "198.18.0.1", "192.0.0.8", "192.0.2.1", "240.0.0.1", "::1", "::",
        "fe80::1", "fc00::1", "ff02::1", "fec0::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1",
        "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::", "2002:a00:1::1",
        "2001:db8::1", "2001::1", "100::1", "fe80::1%eth0",
    ],
)  # fmt: skip
def test_addresses_inside_are_not_public_whatever_their_shape(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "8.8.8.8", "2606:2800:220:1::1", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_addresses_of_the_open_internet_are_public(address: str) -> None:
    assert is_public(ip_address(address))


class Elsewhere:
    """A web server; `answers` by path, `asked` are the requests as they came."""

    def __init__(self) -> None:
        self.answers: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.port = 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.asked.append(request)
        writer.write(self.answers.get(request.split()[1], b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"))
        await writer.drain()
        writer.close()


@asynccontextmanager
async def serving() -> AsyncIterator[Elsewhere]:
    elsewhere = Elsewhere()
    server = await asyncio.start_server(elsewhere.answer, "127.0.0.1", 0)
    elsewhere.port = server.sockets[0].getsockname()[1]
    async with server:
        yield elsewhere


def fetcher(*names: str) -> Fetcher:
    """One that knows only these names, of our server; it may reach that one by them."""

    async def resolve(host: str, port: int) -> Sequence[str]:
        if host in names:
            return ["127.0.0.1"]
        return [host if host[0].isdigit() or ":" in host else "10.0.0.7"]

    def may_reach(address: Address) -> bool:
        return str(address) == "127.0.0.1"

    return Fetcher(LIMITS, resolve=resolve, may_reach=may_reach, ports=None)


def ok(body: bytes, *headers: str) -> bytes:
    head = "".join(f"{one}\r\n" for one in (f"Content-Length: {len(body)}", *headers))
    return f"HTTP/1.1 200 OK\r\n{head}\r\n".encode() + body


async def test_a_picture_is_fetched_without_a_word_of_who_looks() -> None:
    async with serving() as elsewhere:
        elsewhere.answers["/a?b"] = ok(b"picture", "Set-Cookie: id=1")
        get = fetcher("pics.example")
        url = f"http://pics.example:{elsewhere.port}/a?b#c"
        assert await get.fetch(url) == b"picture" and await get.fetch(url) == b"picture"
    asked = elsewhere.asked[1].lower()
    assert f"host: pics.example:{elsewhere.port}" in asked
    assert "cookie" not in asked and "referer" not in asked and "#c" not in asked


async def test_a_redirect_is_checked_as_the_first_address_was() -> None:
    async with serving() as elsewhere:
        for path, to in {
            "/in": "http://inside.example/",
            "/ip": "http://10.0.0.1/",
            "/file": "file:///etc/passwd",
        }.items():
            elsewhere.answers[path] = (
                f"HTTP/1.1 302 Go\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n".encode()
            )
        elsewhere.answers["/ok"] = b"HTTP/1.1 302 Go\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n"
        elsewhere.answers["/there"] = ok(b"picture")
        elsewhere.answers["/ring"] = b"HTTP/1.1 302 Go\r\nLocation: /ring\r\nContent-Length: 0\r\n\r\n"
        get = fetcher("pics.example")
        for path in ("/in", "/ip", "/file", "/ring"):
            with pytest.raises(NotFound):
                await get.fetch(f"http://pics.example:{elsewhere.port}{path}")
        assert await get.fetch(f"http://pics.example:{elsewhere.port}/ok") == b"picture"
    assert len([one for one in elsewhere.asked if one.startswith("GET /ring")]) == 4


async def test_the_address_that_was_checked_is_the_one_connected_to() -> None:
    """A name that would resolve to something else a moment later (DNS rebinding) is asked for once."""
    async with serving() as elsewhere:
        elsewhere.answers["/"] = ok(b"inside")
        answers = iter([["127.0.0.2"], ["127.0.0.1"]])  # nobody listens at the first
        times: list[str] = []

        async def resolve(host: str, port: int) -> Sequence[str]:
            times.append(host)
            return next(answers)

        get = Fetcher(LIMITS, resolve=resolve, may_reach=lambda address: True, ports=None)
        with pytest.raises(NotFound):
            await get.fetch(f"http://rebinding.example:{elsewhere.port}/")
    assert times == ["rebinding.example"] and elsewhere.asked == []


@pytest.mark.parametrize(
    "answer",
    [
        ok(b"x" * 1_001),
        ok(b"zip", "Content-Encoding: gzip"),
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 5_000,
        b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n",
        b"nonsense",
    ],
)
async def test_what_is_too_large_packed_or_broken_is_refused(answer: bytes) -> None:
    async with serving() as elsewhere:
        elsewhere.answers["/"] = answer
        with pytest.raises(NotFound):
            await fetcher("pics.example").fetch(f"http://pics.example:{elsewhere.port}/")


async def test_a_name_with_one_address_inside_is_refused() -> None:
    async def resolve(host: str, port: int) -> Sequence[str]:
        return ["93.184.216.34", "127.0.0.1"]

    with pytest.raises(NotFound):
        await Fetcher(LIMITS, resolve=resolve).fetch("http://both.example/")


@pytest.mark.parametrize(
    "url",
    [
        "ftp://a.example/", "file:///etc/passwd", "gopher://a.example/", "//a.example/", "http:///x",
        "http://u:p@a.example/", "http://a.example:22/",
        "http://a.example:99999/", "http://[::1/", "http://" + "a" * 5_000 + "/", "javascript:1",
    ],
)  # fmt: skip
async def test_other_addresses_are_not_even_resolved(url: str) -> None:
    async def resolve(host: str, port: int) -> Sequence[str]:
        raise AssertionError(host)

    with pytest.raises(NotFound):
        await Fetcher(LIMITS, resolve=resolve).fetch(url)


@pytest.mark.skipif(not (DATA / "attacks" / "ssrf_urls.jsonl").exists(), reason="the attacks are not here")
async def test_every_known_way_inside_is_refused_in_the_same_words() -> None:
    lines = (DATA / "attacks" / "ssrf_urls.jsonl").read_text().splitlines()
    words: set[str] = set()
    for line in lines:
        url = json.loads(line)["payload"]
        # The system's resolver reads odd numbers as it does in production; names that it does not know, too.
        with pytest.raises(NotFound) as refusal:
            await Fetcher(LIMITS, may_reach=lambda address: is_public(address) and _never(address)).fetch(url)
        words.add(str(refusal.value))
    print(f"\n{len(lines)} ways inside, 0 connections, words: {words}")
    assert len(words) == 1


def _never(address: Address) -> bool:
    """A name of the corpus may lead outside where there is a network: the tests stay at home."""
    return False
