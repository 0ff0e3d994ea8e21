"""The one reader of the event log in a process: it reads each new event once, draws it once for each language
that its followers read, and keeps the newest in a ring. A socket has only cursors; what is older than the
ring is read and drawn by the same code.

A socket is woken for what it follows: a timeline at once, lists at a pace, since every event concerns every
reader of lists, and a browser asks for changed rows once a second at most.
"""

import asyncio
import bisect
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

from inbox.db import Database
from inbox.queries import happenings, timelines
from inbox.queries.happenings import Thread
from inbox.words import ENGLISH
from web.live.fragments import Drawn, Fragments

RING = 10_000
AT_ONCE = 500
CAUGHT_UP_AT_ONCE = 64
MOST_BEHIND = 20_000  # events; further behind, the page is asked for anew
SQLITE_POLL_SECONDS = 0.2
POSTGRES_POLL_SECONDS = 1.0
LISTS_SECONDS = 0.4  # between two tellings of lists; the first after a pause is told at once
LISTS = "lists"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Drawn events in order, and the position up to which there are no others."""

    drawn: Sequence[Drawn]
    reached: int


@dataclass(frozen=True, slots=True)
class SharedFrame:
    """What a subscription is told at a place, None for nothing, and how far that reaches."""

    text: str | None
    reached: int


class Tail:
    """Run one in each process that serves pages. `head` is the newest position that has been read,
    `lists_head` how far readers of lists are told.

    `frames` holds what was made for one reader and is the same for all at the same place who read the same
    language; it is emptied whenever the head grows.
    """

    def __init__(self, database: Database, fragments: Fragments | None = None, *, kept: int = RING) -> None:
        self.head = self.lists_head = 0
        self.is_ready = asyncio.Event()
        self.frames: dict[tuple[str, int, str], SharedFrame] = {}
        self._database = database
        self._fragments = fragments or Fragments()
        self._kept = kept
        self._ring: list[Drawn] = []
        self._begins_after = 0  # the ring holds every event whose position is larger
        self._followers: defaultdict[str, list[asyncio.Event]] = defaultdict(list)
        self._languages: defaultdict[str, Counter[str]] = defaultdict(Counter)  # those of the followers
        self._lists_told_at = 0.0
        self._lists_timer: asyncio.TimerHandle | None = None

    async def run(self) -> None:
        """Follow the log until cancelled. Raises what the database raises; run again, it goes on there."""
        async with AsyncExitStack() as stack:
            bell = stack.enter_context(self._database.feed.watch(first=True, of=("events",)))
            elsewhere = await stack.enter_async_context(_elsewhere(self._database))
            while True:
                bell.clear()  # before reading, so that a later commit rings again
                await self.read()
                await elsewhere.note()
                await self.read()  # what others wrote before that note; most often nothing
                while not await _rung(bell, elsewhere.seconds):
                    if await elsewhere.has_written():
                        self._database.feed.wake()  # others in this process wait for such commits too

    async def read(self) -> None:
        """Take in what has been committed since."""
        while True:
            async with self._database.glancing() as session:
                if not self.is_ready.is_set():
                    self.head = self._begins_after = await timelines.newest_position(session)
                    self.lists_head = self.head
                    self.is_ready.set()
                    return
                happened = await happenings.since(session, self.head, limit=AT_ONCE)
                if not happened:
                    return
                drawn = await self._fragments.draw(session, happened, watched=self._languages)
                self._keep(drawn)
                self._ring_for(drawn)
            if len(happened) < AT_ONCE:
                return

    @contextmanager
    def following(self, sub: str, bell: asyncio.Event, language: str = ENGLISH) -> Iterator[None]:
        """Have *bell* set when something happened in a conversation (its public id), whose events are drawn
        in this language from now on, or in LISTS."""
        self._followers[sub].append(bell)
        self._languages[sub][language] += 1
        try:
            yield
        finally:
            self._followers[sub].remove(bell)
            self._languages[sub] -= Counter((language,))
            if not self._followers[sub]:
                del self._followers[sub], self._languages[sub]

    async def after(self, position: int, thread: Thread | None, language: str = ENGLISH) -> Stretch:
        """What happened after a position, in one conversation or, for lists, in all: from the ring where it
        reaches back so far and was drawn in that language, else from the database."""
        if position >= self._begins_after:
            first = bisect.bisect_right(self._ring, position, key=_position)
            drawn = self._ring[first:]
            if thread is None:
                return Stretch(drawn, self.head)
            key = thread.public_id
            drawn = [one for one in drawn if key in one.timelines or key in one.beside]
            if all(language in one.languages or one.is_reset for one in drawn):
                return Stretch(drawn, self.head)
        return await self._read_again(position, thread, language)

    async def is_ahead(self, position: int) -> bool:
        """Whether there is no such position yet: the cursor is from another life of the database."""
        if position <= self.head:
            return False
        async with self._database.reading() as session:
            return position > await timelines.newest_position(session)

    async def _read_again(self, position: int, thread: Thread | None, language: str) -> Stretch:
        async with self._database.reading() as session:
            if thread is None:
                stretch = await happenings.after(session, position, limit=AT_ONCE)
                drawn = await self._fragments.draw(session, stretch.happenings, watched={})
            else:
                stretch = await happenings.of_conversation(
                    session, thread.id, position, limit=CAUGHT_UP_AT_ONCE
                )
                drawn = await self._fragments.draw(session, stretch.happenings, watched=language)
        return Stretch(drawn, stretch.reached)

    def _keep(self, drawn: Sequence[Drawn]) -> None:
        self._ring += drawn
        self.head = drawn[-1].position
        self.frames.clear()
        if len(self._ring) > 2 * self._kept:  # by halves, so that an event costs no move of the whole ring
            self._begins_after = self._ring[-self._kept - 1].position
            del self._ring[: -self._kept]

    def _ring_for(self, drawn: Sequence[Drawn]) -> None:
        touched = {name for one in drawn for name in one.timelines | one.beside}
        for name in touched & self._followers.keys():
            for bell in self._followers[name]:
                bell.set()
        if self._lists_timer is None:
            pause = self._lists_told_at + LISTS_SECONDS - time.monotonic()
            if pause <= 0:
                self._tell_lists()
            else:
                self._lists_timer = asyncio.get_running_loop().call_later(pause, self._tell_lists)

    def _tell_lists(self) -> None:
        self._lists_timer = None
        self._lists_told_at = time.monotonic()
        self.lists_head = self.head
        for bell in self._followers.get(LISTS, ()):
            bell.set()


def _position(drawn: Drawn) -> int:
    return drawn.position


async def _rung(bell: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            return await bell.wait()
    except TimeoutError:
        return False


class _OtherProcesses:
    """Those that write without ringing our bell: a look now and then tells. On SQLite at a number that grows
    with every commit (PRAGMA data_version), on PostgreSQL at the log itself."""

    def __init__(self, database: Database, connection: Any | None) -> None:
        self.seconds = POSTGRES_POLL_SECONDS if connection is None else SQLITE_POLL_SECONDS
        self._database = database
        self._connection = connection
        self._version = 0

    async def note(self) -> None:
        if self._connection is not None:
            self._version = await self._database.data_version(self._connection)

    async def has_written(self) -> bool:
        if self._connection is None:
            return True
        return await self._database.data_version(self._connection) != self._version


@asynccontextmanager
async def _elsewhere(database: Database) -> AsyncIterator[_OtherProcesses]:
    if database.is_sqlite:
        async with database.watching_connection() as connection:
            yield _OtherProcesses(database, connection)
    else:
        yield _OtherProcesses(database, None)
