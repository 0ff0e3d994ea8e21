"""What the pages and sockets for people outside share, and how their documents are rendered."""

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Protocol

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse

from inbox.envelopes import ChannelKind
from inbox.models import Channel
from inbox.queries import public_channels
from web.installation import installation_of
from web.live.signals import Signals
from web.rates import Delay, Places, Rate, Rates, Turns, counted_address
from web.wording import TextsInPlace, speak

FLOOD = Rate("requests, address", 300, 15)
FILED_AT_ONCE = 3  # submissions of one address
REFUSED_AFTER_SECONDS, REFUSED_LATER_AT_ONCE = 0.25, 500


class Bells(Protocol):
    """What rings where something is new in a conversation; positions are those of events."""

    def watch(self, bell: asyncio.Event, conversation_ids: Iterable[int]) -> AbstractContextManager[None]:
        """Set *bell* at news of these conversations, for as long as the block lasts."""

    def newest(self, conversation_ids: Iterable[int]) -> int:
        """The newest position that they were rung for; 0 for none."""

    def moved(self, conversation_ids: Iterable[int]) -> int:
        """The same, of events that moved messages from or to them."""


@dataclass(frozen=True, slots=True)
class Visiting:
    """What visitors' endpoints and sockets share in this process; it stands at `app.state.visiting`.

    What rings the bells is background work of every process that serves pages (`web.live.visitors`).
    """

    hub: Bells
    signals: Signals
    rates: Rates = field(default_factory=Rates)
    places: Places = field(default_factory=Places)
    filing: Turns = field(default_factory=lambda: Turns(FILED_AT_ONCE))
    refusing: Delay = field(default_factory=lambda: Delay(REFUSED_AFTER_SECONDS, most=REFUSED_LATER_AT_ONCE))


@cache
def environment(language: str) -> Environment:
    """Templates for people outside, in their language. An environment of its own: nothing of an agent's page
    can appear in them."""
    made = Environment(
        loader=PackageLoader("web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        extensions=[TextsInPlace],
    )
    return speak(made, language)


def document(
    template: str,
    *,
    policy: str,
    language: str,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **context: Any,
) -> HTMLResponse:
    """A page under its own content security policy, which no cache keeps."""
    content = environment(language).get_template(template).render(**context)
    answer = HTMLResponse(content, status, {"Cache-Control": "no-store", **(headers or {})})
    answer.headers["Content-Security-Policy"] = policy
    answer.headers["Referrer-Policy"] = "strict-origin-when-cross-origin"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


def visiting_of(connection: HTTPConnection) -> Visiting:
    """What visitors' endpoints share in this process."""
    found: Visiting = connection.app.state.visiting
    return found


async def flooding(connection: HTTPConnection) -> float:
    """The seconds to wait for an address that asks for more than any number of people would; 0 for others.

    Ask it first, before anything is read: what a flood is answered must cost next to nothing, and must not
    come so fast that it asks again at once.
    """
    visiting = visiting_of(connection)
    wait = visiting.rates.take(FLOOD, counted_address(client_host(connection)))
    if wait:
        await visiting.refusing.wait()
    return wait


async def channel_of(connection: HTTPConnection, kind: ChannelKind) -> Channel:
    """The channel that the path's key names; raises NotFound."""
    async with installation_of(connection).database.glancing() as session:
        return await public_channels.by_public_key(session, connection.path_params["key"], kind)


def client_host(connection: HTTPConnection) -> str | None:
    """The address that asks, as the server's proxy settings left it."""
    return connection.client.host if connection.client else None
