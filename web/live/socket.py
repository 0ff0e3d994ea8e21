"""/live: an agent's websocket. The protocol stands at the top of static/live.js.

What is told comes from the log by the tab's own cursors, so that nothing waits in a queue here: a reader that
is slow only lags behind, and is shown the door when one frame takes too long.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

from prometheus_client import Counter
from starlette.websockets import WebSocket, WebSocketDisconnect

from inbox.actors import Actor
from inbox.errors import Invalid
from inbox.models import Agent
from inbox.queries import cases, happenings
from inbox.queries.happenings import Thread
from inbox.words import KNOWN
from web import metrics
from web.bodies import parsed_json
from web.live.cursors import position_of
from web.live.hub import Hub, hub_of, presence_frame
from web.live.presence import Viewer
from web.live.signals import SignalKind
from web.live.subscriptions import Subscription
from web.live.tail import LISTS
from web.rates import Rate, Rates, counted_address
from web.wording import language_of

SEND_SECONDS = 15.0
PING_SECONDS = 25.0
MOST_AT_ONCE = 131_072  # characters of one message, which may hold several frames
READY_SECONDS = 10.0
LONGEST_FRAME = 65_536
FRAMES = Rate("frames of a socket", 30, 1.0)
MOST_TIMELINES = 10
MOST_OF_AGENT, MOST_OF_ADDRESS = 250, 2_000  # open sockets: tabs of one person, people of one office
PING = '{"ping":1}'
SIGNED_OUT, TOO_SLOW, TOO_LONG, TOO_MANY = 4401, 1013, 1009, 1008

ignored = Counter(
    "onethread_socket_frames_ignored_total",
    "Frames of agents' browsers that were not understood.",
    registry=metrics.REGISTRY,
)


async def live(websocket: WebSocket) -> None:
    """/live?after=CURSOR; the route's policy has found the session."""
    hub = hub_of(websocket)
    try:
        async with asyncio.timeout(READY_SECONDS):
            await hub.tail.is_ready.wait()
    except TimeoutError:
        await websocket.close(TOO_SLOW)
        return
    await websocket.accept()
    place = counted_address(websocket.client.host if websocket.client else None)
    agent = f"agent {websocket.state.agent.id}"
    with hub.places.taken((agent, MOST_OF_AGENT), (place, MOST_OF_ADDRESS)) as has_place:
        if not has_place:
            await websocket.close(TOO_SLOW)
            return
        await AgentSocket(websocket, hub).serve(websocket.query_params.get("after", ""))


class Over(Exception):
    """The socket ends, with this close code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class AgentSocket:
    """One tab. One task takes what it says, another tells it what happens."""

    def __init__(self, websocket: WebSocket, hub: Hub) -> None:
        agent: Agent = websocket.state.agent
        self.session_id: str = websocket.state.session.public_id
        self.agent_id = agent.id
        self._websocket = websocket
        self._hub = hub
        self._actor = Actor.agent(agent)
        asked = websocket.query_params.get("language", "")  # what the page is written in: pushes fit it
        self._language = asked if asked in KNOWN else language_of(websocket)
        self.viewer = Viewer(agent.public_id, agent.name)
        self.is_idle = False
        self._subscriptions: dict[str, Subscription] = {}
        self._threads: dict[str, Thread] = {}
        self._watching: dict[str, ExitStack] = {}
        self._viewed: int | None = None
        self._typing: set[int] = set()
        self._whispers: dict[str, str] = {}
        self._is_signed_out = self._is_too_slow = False
        self._ping_at = time.monotonic() + PING_SECONDS
        self._sending_since: float | None = None
        self._teller: asyncio.Task[None] | None = None
        self._rates = Rates()
        self._bell = asyncio.Event()
        self._takers: Mapping[str, Callable[[Mapping[str, Any]], Awaitable[None]]] = {
            "open": self._open,
            "close": self._close,
            "view": self._view,
            "typing": self._type,
            "idle": self._idle,
        }

    async def serve(self, after: str) -> None:
        """Until either side ends it."""
        code: int | None = None
        gauge = metrics.sockets.labels("agents")
        gauge.inc()
        try:
            await self._hub.speak(self._language)
            with self._hub.tail.following(LISTS, self._bell), self._hub.joined(self):
                await self._subscribe(None, after)
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._listen())
                    self._teller = tasks.create_task(self._tell())
        except* Over as group:
            code = next(error.code for error in group.exceptions if isinstance(error, Over))
        except* WebSocketDisconnect:
            code = None
        finally:
            gauge.dec()
            self._leave()
        if code is not None:
            await self._shut(code)

    # What the hub asks

    def follows(self, conversation_id: int) -> bool:
        return any(thread.id == conversation_id for thread in self._threads.values())

    def whisper(self, key: str, frame: str) -> None:
        self._whispers[key] = frame
        self._bell.set()

    def end(self) -> None:
        self._is_signed_out = True
        self._bell.set()

    def look(self, now: float) -> None:
        if self._sending_since is not None and now - self._sending_since > SEND_SECONDS:
            self._is_too_slow = True
            if self._teller is not None:
                self._teller.cancel()
        elif now >= self._ping_at:
            self._bell.set()

    # Telling

    async def _tell(self) -> None:
        while True:
            self._bell.clear()
            if self._is_signed_out:
                raise Over(SIGNED_OUT)
            whispers, self._whispers = self._whispers, {}
            frames = list(whispers.values())
            for subscription in tuple(self._subscriptions.values()):
                while (told := await subscription.next(self._sees)) is not None:
                    if frames and len(told) + sum(map(len, frames)) > MOST_AT_ONCE:
                        await self._send(frames)
                        frames = []
                    frames.append(told)
            if time.monotonic() >= self._ping_at:
                frames.append(PING)
                self._ping_at = time.monotonic() + PING_SECONDS
            if frames:
                await self._send(frames)
            await self._bell.wait()

    async def _send(self, frames: Sequence[str]) -> None:
        """Several frames travel as one message, since a message costs more than what it holds."""
        text = frames[0] if len(frames) == 1 else f"[{','.join(frames)}]"
        self._sending_since = time.monotonic()  # a timer for each would cost as much as the sending
        try:
            await self._websocket.send_text(text)
        except asyncio.CancelledError:
            if self._is_too_slow:
                raise Over(TOO_SLOW) from None
            raise
        finally:
            self._sending_since = None

    async def _sees(self, case_ids: Collection[int]) -> frozenset[int]:
        async with self._hub.database.reading() as session:
            return await happenings.visible_cases(session, self._actor, case_ids)

    async def _shut(self, code: int) -> None:
        try:
            async with asyncio.timeout(1):
                await self._websocket.close(code)
        except (TimeoutError, WebSocketDisconnect, RuntimeError):
            return  # it reads nothing any more, or has gone already; the server cuts the connection

    # Listening

    async def _listen(self) -> None:
        while True:
            message = await self._websocket.receive()
            if message["type"] == "websocket.disconnect":
                raise WebSocketDisconnect(message.get("code", 1005))
            if self._rates.take(FRAMES, "all"):
                raise Over(TOO_MANY)
            text = message.get("text") or ""
            if len(text) > LONGEST_FRAME or len(message.get("bytes") or b"") > LONGEST_FRAME:
                raise Over(TOO_LONG)
            await self._take(text)

    async def _take(self, text: str) -> None:
        try:
            frame = parsed_json(text)
        except (ValueError, RecursionError):
            ignored.inc()
            return
        kind = frame.get("t") if isinstance(frame, dict) else None
        taker = self._takers.get(kind) if isinstance(kind, str) else None
        if taker is not None:
            await taker(frame)
        elif kind != "pong":
            ignored.inc()

    async def _open(self, frame: Mapping[str, Any]) -> None:
        sub, after = frame.get("sub"), frame.get("after")
        thread = await self._thread(sub.removeprefix("timeline:")) if isinstance(sub, str) else None
        if thread is None or sub != f"timeline:{thread.public_id}":
            ignored.inc()
            return
        if sub not in self._threads and len(self._threads) >= MOST_TIMELINES:
            self._forget(next(iter(self._threads)))
        self._threads[sub] = thread
        if sub not in self._watching:
            self._watching[sub] = ExitStack()
            self._watching[sub].enter_context(
                self._hub.tail.following(thread.public_id, self._bell, self._language)
            )
        await self._subscribe(thread, after)
        self.whisper(f"presence/{thread.id}", presence_frame(self._hub.presence.viewers(thread.id), thread))

    async def _subscribe(self, thread: Thread | None, after: object) -> None:
        """Tell what happened after a cursor, from now on; one that fits nothing asks for a fresh page."""
        try:
            position = position_of(after if isinstance(after, str) else "")
        except Invalid:
            position = -1
        subscription = Subscription(self._hub.tail, thread, position, self._language)
        no_use = position < 0 or (thread is not None and thread.is_merged)
        if no_use or await self._hub.tail.is_ahead(position):
            self.whisper(f"reset/{subscription.sub}", subscription.reset())
        self._subscriptions[subscription.sub] = subscription
        self._bell.set()

    async def _close(self, frame: Mapping[str, Any]) -> None:
        sub = frame.get("sub")
        if isinstance(sub, str) and sub in self._threads:
            self._forget(sub)

    async def _view(self, frame: Mapping[str, Any]) -> None:
        thread = await self._named(frame)
        viewed = thread.id if thread else None
        if viewed == self._viewed:
            return
        if self._viewed is not None:
            self._hub.presence.leave(self._viewed, self.viewer, self)
        self._viewed = viewed
        if viewed is not None:
            self._hub.presence.arrive(viewed, self.viewer, self)

    async def _type(self, frame: Mapping[str, Any]) -> None:
        thread = await self._named(frame)
        if thread is not None:
            self._say_typing(thread.id, on=bool(frame.get("on")))

    async def _idle(self, frame: Mapping[str, Any]) -> None:
        self.is_idle = bool(frame.get("on"))

    def _say_typing(self, conversation_id: int, *, on: bool) -> None:
        (self._typing.add if on else self._typing.discard)(conversation_id)
        agent = {"id": self.viewer.id, "name": self.viewer.name}
        payload = {"side": "agent", "on": on, "agent": agent, "is_note": False, "strand": None}
        self._hub.signals.publish(SignalKind.TYPING, conversation_id, payload)

    async def _named(self, frame: Mapping[str, Any]) -> Thread | None:
        public_id = frame.get("conversation")
        return await self._thread(public_id) if isinstance(public_id, str) else None

    async def _thread(self, public_id: str) -> Thread | None:
        opened = self._threads.get(f"timeline:{public_id}")
        if opened is not None:
            return opened
        async with self._hub.database.reading() as session:
            thread = await happenings.thread(session, public_id)
            if thread is None or thread.is_open or thread.is_merged:
                return thread
            seen = await cases.newest_unfinished(session, self._actor, thread.id)
        return thread if seen is not None else None

    def _forget(self, sub: str) -> None:
        del self._threads[sub]
        self._subscriptions.pop(sub, None)
        self._watching.pop(sub).close()

    def _leave(self) -> None:
        for sub in tuple(self._threads):
            self._forget(sub)
        for conversation_id in tuple(self._typing):
            self._say_typing(conversation_id, on=False)
        if self._viewed is not None:
            self._hub.presence.leave(self._viewed, self.viewer, self)
