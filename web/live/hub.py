"""What the agents' sockets of a process share: the tail of the log, who is here, and what is never stored."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Protocol

from starlette.requests import HTTPConnection

from inbox.db import Database
from inbox.loggers import get_logger
from inbox.queries import happenings
from inbox.queries.happenings import Thread
from inbox.words import ENGLISH
from web.live.fragments import CasePart, Fragments, prepare
from web.live.notices import Notices
from web.live.people import People
from web.live.presence import Presence, Viewer
from web.live.signals import Signal, SignalKind, Signals
from web.live.tail import Tail
from web.rates import Places

RESTART_SECONDS = 1.0
LOOK_SECONDS = 1.0
SESSIONS_SECONDS = 2.5  # a revoked session has no socket any more after twice this
KNOWN_SECONDS = 30.0
MOST_KNOWN = 10_000

log = get_logger("onethread.live")


class Listening(Protocol):
    """A socket, as the hub sees it."""

    session_id: str
    agent_id: int
    viewer: Viewer
    is_idle: bool

    def follows(self, conversation_id: int) -> bool:
        """Whether it has this conversation's timeline open."""
        ...

    def whisper(self, key: str, frame: str) -> None:
        """Tell it something that the newest of the same key replaces."""
        ...

    def end(self) -> None:
        """Its session is over."""
        ...

    def look(self, now: float) -> None:
        """See whether it is time for a ping, or whether its reader takes too long."""
        ...


class Hub:
    """One for each process that serves pages, at `app.state.live`."""

    def __init__(self, database: Database, tail: Tail, signals: Signals) -> None:
        self.database = database
        self.tail = tail
        self.signals = signals
        self.presence = Presence(signals)
        self.places = Places()
        self._sockets: set[Listening] = set()
        self._spoken = {ENGLISH}
        self._heard: dict[str, Signal] = {}
        self._bell = asyncio.Event()
        self._known: dict[int, tuple[float, Thread | None]] = {}
        self._notices = Notices(database, lambda: self._sockets)
        self.people = People(database, lambda: self._sockets)

    async def run(self) -> None:
        """Serve the sockets until cancelled."""
        with self.signals.subscribe(self._hear):
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(asyncio.to_thread(prepare))
                for work in (
                    self.tail.run,
                    self._spread,
                    self._notices.run,
                    self.people.run,
                    self._look_after_sockets,
                    self._look_after_sessions,
                ):
                    tasks.create_task(_for_ever(work))

    async def speak(self, language: str) -> None:
        """Compile what is pushed in a language, beside the loop, when somebody first reads in it."""
        if language not in self._spoken:
            self._spoken.add(language)
            await asyncio.to_thread(prepare, language)

    @contextmanager
    def joined(self, socket: Listening) -> Iterator[None]:
        """Let a socket hear signals, for as long as the block lasts."""
        self._sockets.add(socket)
        self.people.welcome(socket)
        try:
            yield
        finally:
            self._sockets.discard(socket)

    def _hear(self, signal: Signal) -> None:
        frame = _frame_name(signal)
        if frame is not None:
            self._heard[frame] = signal  # the newest is enough
            self._bell.set()

    async def _spread(self) -> None:
        while True:
            await self._bell.wait()
            self._bell.clear()
            heard, self._heard = self._heard, {}
            for key, signal in heard.items():
                thread = await self._thread(signal.conversation_id) if self._sockets else None
                if thread is not None:
                    self._whisper(key, signal, thread)

    def _whisper(self, key: str, signal: Signal, thread: Thread) -> None:
        """Presence is for those who have the thread open; rows of lists show who types to everybody, unless a
        case of it is private."""
        for_all = signal.kind is SignalKind.TYPING and thread.is_open
        frame = signal_frame(signal.kind, signal.payload, thread)
        for socket in tuple(self._sockets):
            if for_all or socket.follows(thread.id):
                socket.whisper(key, frame)

    async def _thread(self, conversation_id: int) -> Thread | None:
        """The conversation's names, which may be half a minute old."""
        known = self._known.get(conversation_id)
        if known is not None and known[0] > time.monotonic():
            return known[1]
        async with self.database.reading() as session:
            thread = await happenings.thread_of(session, conversation_id)
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        self._known[conversation_id] = (time.monotonic() + KNOWN_SECONDS, thread)
        return thread

    async def _look_after_sockets(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            now = time.monotonic()
            for socket in tuple(self._sockets):
                socket.look(now)

    async def _look_after_sessions(self) -> None:
        while True:
            await asyncio.sleep(SESSIONS_SECONDS)
            await self.end_invalid_sessions()

    async def end_invalid_sessions(self) -> None:
        """End the sockets whose session was revoked or is too old, or whose agent has left."""
        sockets = tuple(self._sockets)
        if not sockets:
            return
        async with self.database.reading() as session:
            valid = await happenings.valid_sessions(session, (socket.session_id for socket in sockets))
        for socket in sockets:
            if socket.session_id not in valid:
                socket.end()


@asynccontextmanager
async def open_live(
    database: Database, signals: Signals, parts: Sequence[CasePart] = ()
) -> AsyncIterator[Hub]:
    """What agents' sockets share; it works for as long as the block lasts. *parts* draw what else of a case
    stands on pages."""
    hub = Hub(database, Tail(database, Fragments(parts)), signals)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(hub.run(), name="live")
        try:
            yield hub
        finally:
            running.cancel()


def hub_of(connection: HTTPConnection) -> Hub:
    """What the sockets of this process share."""
    found: Hub = connection.app.state.live
    return found


def presence_frame(viewers: list[Viewer], thread: Thread) -> str:
    """Who looks at a thread, for a socket that has just opened it."""
    agents = [{"id": viewer.id, "name": viewer.name} for viewer in viewers]
    return signal_frame(SignalKind.PRESENCE, {"agents": agents}, thread)


def signal_frame(kind: SignalKind, payload: Mapping[str, Any], thread: Thread) -> str:
    """A signal for agents' pages, as text; live.js says what it means."""
    if kind is SignalKind.PRESENCE:
        told: dict[str, Any] = {"presence": {"conversation": thread.public_id, "agents": payload["agents"]}}
    else:
        agent = payload.get("agent") or {}
        name = agent.get("name") or thread.customer_name
        typing = {"agent": agent.get("id"), "name": name, "on": bool(payload.get("on"))}
        told = {"typing": {"conversation": thread.public_id, **typing}}
    return json.dumps({"signal": told}, ensure_ascii=False, separators=(",", ":"))


async def _for_ever(work: Callable[[], Awaitable[None]]) -> None:
    """Begin again what has failed, such as reading from a database that is away: nobody loses anything, since
    what was missed lies after everybody's cursors."""
    while True:
        try:
            await work()
        except Exception:
            log.exception("live.failed", work=work.__qualname__)
        await asyncio.sleep(RESTART_SECONDS)


def _frame_name(signal: Signal) -> str | None:
    """What a newer signal of the same sort replaces; None for what agents' pages do not show."""
    place, payload = f"{signal.kind}/{signal.conversation_id}", signal.payload
    if signal.kind is SignalKind.PRESENCE:
        return place if payload.get("side") == "agent" else None
    if signal.kind is SignalKind.TYPING and not payload.get("is_note"):
        return f"{place}/{(payload.get('agent') or {}).get('id')}"
    return None
