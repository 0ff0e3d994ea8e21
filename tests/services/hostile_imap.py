"""An IMAP server on its worst day: it keeps mails by UID and speaks RFC 9051, until it is told not to."""

import asyncio
import bisect
import contextlib
import re
import ssl
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

CAPABILITIES = "IMAP4rev1 IDLE UIDPLUS"


class _Gone(Exception):
    """The server hangs up."""


@dataclass(slots=True)
class Faults:
    """What goes wrong, and how often. `drop`: the connection ends in the middle of this mail's literal;
    `stall`: the server falls silent there; `short`: the literal is one octet longer than announced.
    `lies`: RFC822.SIZE of a mail. `bye`: commands that are answered with BYE. `flood`: octets of an untagged
    line before the next FETCH answer. `deaf_idle`: IDLE never tells anything. `refuse_logins`: how many."""

    drop: Counter[int] = field(default_factory=Counter)
    stall: Counter[int] = field(default_factory=Counter)
    short: Counter[int] = field(default_factory=Counter)
    lies: dict[int, int] = field(default_factory=dict)
    bye: Counter[str] = field(default_factory=Counter)
    flood: int = 0
    deaf_idle: bool = False
    refuse_logins: int = 0


class HostileImap:
    """One mailbox, on `port`. `logins` are the moments of all logins, `fetched` counts bodies by UID.

    With *tls* it shows a certificate: at once, or where *implicit* is False after STARTTLS.
    """

    def __init__(self, *, tls: ssl.SSLContext | None = None, implicit: bool = True) -> None:
        self._tls = tls
        self._is_implicit = tls is not None and implicit
        self.mails: dict[int, bytes] = {}
        self.uid_validity = 1
        self.next_uid = 1
        self.faults = Faults()
        self.logins: list[float] = []
        self.fetched: Counter[int] = Counter()
        self.capabilities = CAPABILITIES + (" STARTTLS" if tls is not None and not implicit else "")
        self.port = 0
        self._arrived = asyncio.Condition()
        self._idling = asyncio.Event()
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """What a channel is told; any password will do."""
        return f"imap{'s' if self._is_implicit else ''}://jane@127.0.0.1:{self.port}"

    @asynccontextmanager
    async def open(self) -> AsyncIterator["HostileImap"]:
        """Listen for as long as the block lasts."""
        await self.go_online()
        try:
            yield self
        finally:
            await self.go_offline()

    async def go_online(self) -> None:
        """Listen, again on the same port."""
        tls = self._tls if self._is_implicit else None
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, ssl=tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def go_offline(self) -> None:
        """Hang up and listen no more; the mailbox stays."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in list(self._writers):
            writer.transport.abort()

    async def deliver(self, *raws: bytes, gap: int = 0) -> list[int]:
        """New mails, their UIDs *gap* apart from what was there; whoever idles is told."""
        uids = []
        async with self._arrived:
            for raw in raws:
                uid = self.next_uid + gap
                self.mails[uid], self.next_uid = raw, uid + 1
                uids.append(uid)
            self._arrived.notify_all()
        return uids

    async def first_login(self) -> None:
        """Wait until somebody has logged in and begun to idle."""
        await self._idling.wait()

    def make_anew(self) -> None:
        """The folder's index is lost: the same mails under other UIDs, and another UIDVALIDITY."""
        self.uid_validity += 1
        self.mails = dict(enumerate(self.mails.values(), 1))
        self.next_uid = len(self.mails) + 1

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            with contextlib.suppress(_Gone, ConnectionError, ssl.SSLError, asyncio.IncompleteReadError):
                await self._converse(reader, writer)
        finally:
            writer.transport.abort()
            self._writers.discard(writer)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(f"* OK [CAPABILITY {self.capabilities}] hello\r\n".encode())
        told = self.next_uid
        while line := await reader.readline():
            tag, _, command = line.decode("latin-1").strip().partition(" ")
            name = re.sub(r"^UID ", "", command.upper()).partition(" ")[0]
            if self.faults.bye[name] > 0:
                self.faults.bye[name] -= 1
                writer.write(b"* BYE going down\r\n")
                raise _Gone
            outcome = "OK done"
            if name == "STARTTLS" and self._tls is not None:
                writer.write(f"{tag} OK begin\r\n".encode())
                await writer.start_tls(self._tls)
                continue
            if name == "LOGIN":
                outcome = self._log_in()
            elif name == "IDLE":
                told = await self._idle(reader, writer, told)
            elif name == "FETCH":
                await self._fetch(command, writer)
            else:
                writer.write(self._said(name, command))
                told = self.next_uid if name in ("SELECT", "EXAMINE") else told
            writer.write(f"{tag} {outcome}\r\n".encode())
            await writer.drain()

    def _log_in(self) -> str:
        self.logins.append(time.monotonic())
        if self.faults.refuse_logins:
            self.faults.refuse_logins -= 1
            return "NO [AUTHENTICATIONFAILED] wrong"
        return "OK done"

    def _said(self, name: str, command: str) -> bytes:
        if name == "CAPABILITY":
            return f"* CAPABILITY {self.capabilities}\r\n".encode()
        if name in ("SELECT", "EXAMINE"):
            state = f"* OK [UIDVALIDITY {self.uid_validity}] x\r\n* OK [UIDNEXT {self.next_uid}] x\r\n"
            return f"* {len(self.mails)} EXISTS\r\n{state}".encode()
        if name == "SEARCH":
            return f"* SEARCH {' '.join(map(str, self._found(command)))}\r\n".encode()
        return b""

    def _found(self, command: str) -> list[int]:
        asked = re.search(r"UID (\d+):(\d+)$", command)
        if asked is None:  # SINCE, BEFORE, "*": everything is new here
            return [] if "BEFORE" in command else sorted(self.mails)
        low, high = int(asked[1]), int(asked[2])
        found = [uid for uid in sorted(self.mails) if low <= uid <= high]
        return found or sorted(self.mails)[-1:]  # what servers answer to a range past the end

    async def _fetch(self, command: str, writer: asyncio.StreamWriter) -> None:
        asked = re.match(r"UID FETCH (\S+) (.*)", command, re.IGNORECASE)
        assert asked is not None
        if self.faults.flood and "BODY" in command:
            size, self.faults.flood = self.faults.flood, 0
            writer.write(b"* OK " + b"x" * size + b"\r\n")
        order = sorted(self.mails)
        for uid in _uids(asked[1]):
            if uid not in self.mails:  # expunged meanwhile
                continue
            number = bisect.bisect(order, uid)
            if "BODY" not in command:
                size = self.faults.lies.get(uid, len(self.mails[uid]))
                facts = f'RFC822.SIZE {size} INTERNALDATE "20-Nov-2026 10:00:00 +0000"'
                writer.write(f"* {number} FETCH (UID {uid} {facts})\r\n".encode())
            else:
                await self._body(uid, number, command, writer)

    async def _body(self, uid: int, number: int, command: str, writer: asyncio.StreamWriter) -> None:
        self.fetched[uid] += 1
        content, label = self.mails[uid], "BODY[]"
        if piece := re.search(r"<(\d+)\.(\d+)>", command):
            start, length = int(piece[1]), int(piece[2])
            content, label = content[start : start + length], f"BODY[]<{start}>"
        announced = len(content) - (1 if self._due(self.faults.short, uid) else 0)
        writer.write(f"* {number} FETCH (UID {uid} {label} {{{announced}}}\r\n".encode())
        if self._due(self.faults.drop, uid):
            writer.write(content[: len(content) // 2])
            await writer.drain()
            raise _Gone
        if self._due(self.faults.stall, uid):
            writer.write(content[: len(content) // 2])
            await writer.drain()
            await asyncio.sleep(3600)
        writer.write(content + b")\r\n")

    async def _idle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, told: int) -> int:
        """Tell of what has come since the client was last told; answers up to where it is told now."""
        writer.write(b"+ idling\r\n")
        self._idling.set()
        done = asyncio.ensure_future(reader.readline())
        try:
            while not done.done():
                news = asyncio.ensure_future(self._news(told))
                await asyncio.wait([done, news], return_when=asyncio.FIRST_COMPLETED)
                if news.cancel():
                    continue
                told = self.next_uid
                if not self.faults.deaf_idle:
                    writer.write(f"* {len(self.mails)} EXISTS\r\n".encode())
        finally:
            done.cancel()
        return told

    async def _news(self, told: int) -> None:
        async with self._arrived:
            await self._arrived.wait_for(lambda: self.next_uid != told)

    @staticmethod
    def _due(faults: Counter[int], uid: int) -> bool:
        if faults[uid] < 1:
            return False
        faults[uid] -= 1
        return True


def _uids(text: str) -> list[int]:
    uids: list[int] = []
    for part in text.split(","):
        low, _, high = part.partition(":")
        uids += range(int(low), int(high or low) + 1)
    return uids
