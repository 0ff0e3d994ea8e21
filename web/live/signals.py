"""What happens now and is never stored nor replayed: who types, who looks, how far somebody has read.

Both sides publish here and both listen: agents' sockets and visitors' sockets. A signal that is lost costs
nothing.

| kind | payload |
|---|---|
| typing | side: "agent" or "customer"; on: bool; agent: {id, name} or None; is_note: bool; strand: internal
id or None | | presence | side; agents: [{id, name}] for the agents' side, here: bool for a customer's |
| read | position: how far an agent has read the conversation |
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class SignalKind(StrEnum):
    TYPING = "typing"
    PRESENCE = "presence"
    READ = "read"


@dataclass(frozen=True, slots=True)
class Signal:
    """One signal about a conversation (its internal id). The payload is small and safe for agents to see."""

    kind: SignalKind
    conversation_id: int
    payload: Mapping[str, Any]


Listener = Callable[[Signal], None]


class Signals:
    """Tells listeners in this process, at once and in the loop's own thread. A listener must not wait."""

    def __init__(self) -> None:
        self._of_all: set[Listener] = set()
        self._of_one: defaultdict[int, set[Listener]] = defaultdict(set)

    def publish(self, kind: SignalKind, conversation_id: int, payload: Mapping[str, Any]) -> None:
        """Tell whoever listens to this conversation, and those who listen to all of them."""
        signal = Signal(SignalKind(kind), conversation_id, payload)
        for listener in (*self._of_one.get(conversation_id, ()), *self._of_all):
            listener(signal)

    @contextmanager
    def subscribe(self, listener: Listener, conversation_id: int | None = None) -> Iterator[None]:
        """Let *listener* hear of one conversation, or of all."""
        group = self._of_all if conversation_id is None else self._of_one[conversation_id]
        group.add(listener)
        try:
            yield
        finally:
            group.discard(listener)
            if conversation_id is not None and not group:
                self._of_one.pop(conversation_id, None)
