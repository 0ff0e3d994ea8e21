"""The visitors' sockets: one reader of the event log for all of them, and for each socket a cursor.

The hub tells which conversations something has happened in; a socket of such a conversation then asks for its
own changes, by the query that also serves a reconnect. Nothing waits in a queue but a few signals, the newest
of each kind.
"""

import asyncio
import contextlib
import json
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from inbox.db import Database
from inbox.envelopes import ChannelKind
from inbox.errors import NotFound
from inbox.loggers import get_logger
from inbox.outages import is_outage
from inbox.queries import visitor_views
from web.bodies import parsed_json
from web.installation import installation_of
from web.live.signals import Signal, Signals
from web.live.visitor_exchange import Exchange, Frame
from web.origins import may_use
from web.rates import Rates, counted_address
from web.visit_rates import FRAMES_OF_SOCKET, REQUESTS_OF_ADDRESS, SOCKETS_OF_ADDRESS
from web.visiting import Visiting, channel_of, client_host, flooding, visiting_of
from web.visits import admit

HELLO_SECONDS = 10.0
SILENCE_SECONDS = 25.0  # so often a quiet socket is asked whether it is there
SEND_SECONDS = 15.0
STANDS_SECONDS = 5.0  # so often it is asked whether a token is still good
POLL_SECONDS = 1.0  # other processes write too, and ring no bell here
LONGEST_FRAME = 65_536
EVENTS_AT_ONCE = 1_000
TOO_SLOW, TOO_LONG, NOT_ALLOWED, TOO_MANY, NOT_UNDERSTOOD = 1013, 1009, 1008, 1008, 1003

log = get_logger("onethread.visitors")


class VisitorHub:
    """Rings the sockets of a conversation when something has happened in it. Run one for each process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._bells: defaultdict[int, set[asyncio.Event]] = defaultdict(set)
        self._newest: dict[int, int] = {}  # of the conversations that somebody watches
        self._moved: dict[int, int] = {}  # the same, of events that moved messages between conversations
        self._read_at = 0.0

    @contextmanager
    def watch(self, bell: asyncio.Event, conversation_ids: Iterable[int]) -> Iterator[None]:
        """Have *bell* rung for each event of these conversations."""
        ids = tuple(conversation_ids)
        for conversation_id in ids:
            self._bells[conversation_id].add(bell)
        try:
            yield
        finally:
            for conversation_id in ids:
                self._bells[conversation_id].discard(bell)
                if not self._bells[conversation_id]:
                    del self._bells[conversation_id]
                    self._newest.pop(conversation_id, None)
                    self._moved.pop(conversation_id, None)

    async def run(self) -> None:
        """Read new events as they are committed; ends only when cancelled."""
        position: int | None = None
        with self._database.feed.watch(first=True, of=("events",)) as bell:
            while True:
                try:
                    position = await self._ring(position)
                except Exception as error:  # the database may be away; sockets catch up by their cursors
                    log.warning("visitors.log_not_read", error=error)
                    await asyncio.sleep(POLL_SECONDS)
                try:
                    async with asyncio.timeout(POLL_SECONDS):
                        await bell.wait()
                except TimeoutError:
                    continue
                bell.clear()

    async def _ring(self, position: int | None) -> int:
        """Ring for what has happened after *position*; answers how far that reaches."""
        moment = time.monotonic()
        if position is not None and not self._bells and moment - self._read_at < POLL_SECONDS:
            return position  # nobody to ring for; whoever comes finds it little behind
        self._read_at = moment
        async with self._database.glancing() as session:
            if position is None or not self._bells:
                return await visitor_views.newest_position(session)
            touched = await visitor_views.touched_after(session, position, EVENTS_AT_ONCE)
        for conversation_id in (touched.newest.keys() | touched.moved.keys()) & self._bells.keys():
            if conversation_id in touched.newest:
                self._newest[conversation_id] = touched.newest[conversation_id]
            if conversation_id in touched.moved:
                self._moved[conversation_id] = touched.moved[conversation_id]
            for bell in self._bells[conversation_id]:
                bell.set()
        return touched.reached

    def newest(self, conversation_ids: Iterable[int]) -> int:
        """The position of the newest event that these conversations have been rung for; 0 for none."""
        return max((self._newest.get(each, 0) for each in conversation_ids), default=0)

    def moved(self, conversation_ids: Iterable[int]) -> int:
        """The position of the newest event that moved messages from or to these conversations; 0 for none."""
        return max((self._moved.get(each, 0) for each in conversation_ids), default=0)


@contextlib.asynccontextmanager
async def open_visiting(database: Database) -> AsyncIterator[Visiting]:
    """What visitors' endpoints share; its reader of the event log runs for as long as the block lasts."""
    hub = VisitorHub(database)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(hub.run(), name="visitors")
        try:
            yield Visiting(hub, Signals())
        finally:
            running.cancel()


async def live(websocket: WebSocket) -> None:
    """/widget/{key}/live: the panel's socket. Its token comes in the first frame, never in the URL."""
    if await flooding(websocket):
        await websocket.close(TOO_SLOW)
        return
    try:
        channel = await channel_of(websocket, ChannelKind.WEBCHAT)
    except NotFound:
        await websocket.close(NOT_ALLOWED)
        return
    visiting, host = visiting_of(websocket), client_host(websocket)
    if not may_use(websocket, channel.settings):
        await websocket.close(NOT_ALLOWED)
        return
    if visiting.rates.take(REQUESTS_OF_ADDRESS, f"{channel.id} {counted_address(host)}"):
        await websocket.close(TOO_SLOW)
        return
    await websocket.accept()
    with visiting.places.taken((f"{channel.id} {counted_address(host)}", SOCKETS_OF_ADDRESS)) as has_place:
        if not has_place:
            await websocket.close(TOO_SLOW)
            return
        hello = await _hello(websocket)
        if hello is None:
            return
        visit = await admit(installation_of(websocket), channel, hello.get("token"))
        exchange = Exchange(visit, rates=visiting.rates, signals=visiting.signals, host=host)
        await PanelSocket(websocket, exchange, visiting).serve(hello)


class PanelSocket:
    """One open panel: frames from it are taken one by one, frames to it leave through one task."""

    def __init__(self, websocket: WebSocket, exchange: Exchange, visiting: Visiting) -> None:
        self._websocket = websocket
        self._exchange = exchange
        self._visiting = visiting
        self._frames = Rates()
        self._bell = asyncio.Event()
        self._turn = asyncio.Lock()  # what is told and the cursor belong together
        self._signals: dict[str, Frame] = {}
        self._stood_at = time.monotonic()

    async def serve(self, hello: Frame) -> None:
        """Until either side ends it."""
        try:
            await self._tell(await self._exchange.begin(hello))
            async with asyncio.TaskGroup() as tasks:
                pushing = tasks.create_task(self._push())
                await self._listen()
                pushing.cancel()
        except* (WebSocketDisconnect, ConnectionError):
            log.debug("visitors.gone")  # or was sent away: there is nobody left to tell
        except* TimeoutError:
            await self._close(TOO_SLOW)
        except* Exception as failed:
            if not all(is_outage(error) for error in failed.exceptions):
                raise
            log.warning("visitors.database_away", errors=len(failed.exceptions))
            await self._close(TOO_SLOW)

    async def _listen(self) -> None:
        while True:
            frame = await _receive(self._websocket)
            async with self._turn:
                if self._frames.take(FRAMES_OF_SOCKET, "frames"):
                    await self._close(TOO_MANY)
                    return
                if not await self._may_stay():
                    await self._close(NOT_ALLOWED)
                    return
                await self._tell(await self._exchange.take(frame))
            self._bell.set()  # its conversation may be another one now

    async def _push(self) -> None:
        """Tell what happens; watch the conversations of the view, which its first message or a proof
        changes."""
        while True:
            watched = self._exchange.view.conversation_ids
            with self._visiting.hub.watch(self._bell, watched):
                await self._push_while(watched)

    async def _push_while(self, watched: frozenset[int]) -> None:
        own, is_news = (
            self._exchange.view.conversation_id,
            True,
        )  # before the watch began, anything may have been
        with self._visiting.signals.subscribe(self._hear, own if own is not None else 0):
            while self._exchange.view.conversation_ids == watched:
                async with self._turn:
                    signals, self._signals = list(self._signals.values()), {}
                    is_moved = self._visiting.hub.moved(watched) > self._exchange.position
                    if is_news or is_moved or self._visiting.hub.newest(watched) > self._exchange.position:
                        if not await self._stands():
                            await _refuse(self._websocket, NOT_ALLOWED)
                        await self._tell(await self._exchange.changes(is_moved=is_moved))
                    is_news = False
                    await self._tell(signals)
                if self._exchange.view.conversation_ids != watched:
                    return  # their messages stand elsewhere now, and nobody has listened there yet
                try:
                    async with asyncio.timeout(SILENCE_SECONDS):
                        await self._bell.wait()
                except TimeoutError:
                    async with self._turn:
                        if not await self._may_stay():
                            await _refuse(self._websocket, NOT_ALLOWED)
                        await self._tell([{"ping": 1}])
                self._bell.clear()

    async def _may_stay(self) -> bool:
        """Whether the channel is still in use, on this site too; what it asks now holds from now on."""
        try:
            channel = await channel_of(self._websocket, ChannelKind.WEBCHAT)
        except NotFound:
            return False
        self._exchange.go_by(channel)
        return may_use(self._websocket, channel.settings) and await self._stands()

    async def _stands(self) -> bool:
        """Whether the panel's token was good a few seconds ago: signing out in one tab ends all of them."""
        if time.monotonic() - self._stood_at >= STANDS_SECONDS:
            self._stood_at = time.monotonic()
            return await self._exchange.visit.stands()
        return True

    def _hear(self, signal: Signal) -> None:
        """Keep the newest signal of each kind until the next frame."""
        frame = self._exchange.signal(signal)
        if frame is not None:
            self._signals[signal.kind] = frame
            self._bell.set()

    async def _tell(self, frames: Iterable[Frame]) -> None:
        """Send; raises TimeoutError for a panel that does not read."""
        for frame in frames:
            text = json.dumps(frame, ensure_ascii=False, separators=(",", ":"))
            async with asyncio.timeout(SEND_SECONDS):
                await self._websocket.send_text(text)

    async def _close(self, code: int) -> None:
        if self._websocket.application_state is WebSocketState.CONNECTED:
            with contextlib.suppress(TimeoutError):  # a peer that reads nothing is cut off by the server
                async with asyncio.timeout(SEND_SECONDS):
                    await self._websocket.close(code)


async def _hello(websocket: WebSocket) -> Frame | None:
    """The first frame, or None where it did not come and the socket has been closed."""
    try:
        async with asyncio.timeout(HELLO_SECONDS):
            frame = await _receive(websocket)
    except TimeoutError:
        await websocket.close(NOT_UNDERSTOOD)
        return None
    except WebSocketDisconnect:
        return None
    if frame.get("t") != "hello":
        await websocket.close(NOT_UNDERSTOOD)
        return None
    return frame


async def _receive(websocket: WebSocket) -> Frame:
    """One frame; what is no JSON object closes the socket and raises WebSocketDisconnect."""
    message = await websocket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1005))
    text = message.get("text") or ""
    if len(text) > LONGEST_FRAME:
        await _refuse(websocket, TOO_LONG)
    try:
        frame = parsed_json(text)
    except (ValueError, RecursionError):
        frame = None
    if not isinstance(frame, dict):
        await _refuse(websocket, NOT_UNDERSTOOD)
    return dict(frame)


async def _refuse(websocket: WebSocket, code: int) -> None:
    await websocket.close(code)
    raise WebSocketDisconnect(code)
