"""Which agents look at which conversation now. Never stored; each change is a signal.

A browser says so two seconds after opening a thread (see live.js), not for a glance; somebody is gone ten
seconds after the last of their sockets has left, so that a reload or a lost connection does not flicker.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from web.live.signals import SignalKind, Signals

GONE_SECONDS = 10.0

Later = Callable[[float, Callable[[], None]], asyncio.TimerHandle]


@dataclass(frozen=True, slots=True)
class Viewer:
    """An agent, by public id and name."""

    id: str
    name: str


@dataclass(slots=True)
class _Looking:
    """The sockets (any hashable) through which an agent looks, and when they are given up."""

    sockets: set[object] = field(default_factory=set)
    leaving: asyncio.TimerHandle | None = None


class Presence:
    """Who looks at what in this process."""

    def __init__(self, signals: Signals, *, later: Later | None = None) -> None:
        self._signals = signals
        self._later = later
        self._looking: dict[int, dict[Viewer, _Looking]] = {}

    def viewers(self, conversation_id: int) -> list[Viewer]:
        """Who looks at a conversation, first come first."""
        return list(self._looking.get(conversation_id, ()))

    def arrive(self, conversation_id: int, viewer: Viewer, socket: object) -> None:
        """The agent looks at it through this socket."""
        viewers = self._looking.setdefault(conversation_id, {})
        is_new = viewer not in viewers
        looking = viewers.setdefault(viewer, _Looking())
        looking.sockets.add(socket)
        if looking.leaving is not None:
            looking.leaving.cancel()
            looking.leaving = None
        if is_new:
            self._tell(conversation_id)

    def leave(self, conversation_id: int, viewer: Viewer, socket: object) -> None:
        """This socket has left it."""
        looking = self._looking.get(conversation_id, {}).get(viewer)
        if looking is None or socket not in looking.sockets:
            return
        looking.sockets.discard(socket)
        if not looking.sockets:
            later = self._later or asyncio.get_running_loop().call_later
            looking.leaving = later(GONE_SECONDS, lambda: self._forget(conversation_id, viewer))

    def _forget(self, conversation_id: int, viewer: Viewer) -> None:
        viewers = self._looking[conversation_id]
        del viewers[viewer]
        if not viewers:
            del self._looking[conversation_id]
        self._tell(conversation_id)

    def _tell(self, conversation_id: int) -> None:
        agents = [{"id": viewer.id, "name": viewer.name} for viewer in self.viewers(conversation_id)]
        self._signals.publish(SignalKind.PRESENCE, conversation_id, {"side": "agent", "agents": agents})
