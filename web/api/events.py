"""GET /api/v1/events: the event log, also waited for."""

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from inbox.errors import Invalid
from inbox.queries import events
from web.api import shapes
from web.api.answers import actor_of, listed, number, page_of
from web.installation import installation_of
from web.live.cursors import cursor_of, position_of

LONGEST_WAIT = 60


async def index(request: Request) -> Response:
    """The events after a cursor, oldest first.

    With `wait` it answers as soon as there is one, at the latest after so many seconds; `next` is then the
    cursor to go on from, also where nothing has happened.
    """
    limit, _ = page_of(request)
    after = request.query_params.get("after") or request.query_params.get("cursor")
    position = position_of(after) if after else 0
    seconds = number(request, "wait") or 0
    if not 0 <= seconds <= LONGEST_WAIT:
        raise Invalid(f"wait is a number of seconds from 0 to {LONGEST_WAIT}.", field="wait")
    found = await _found(request, position, limit, seconds)
    reached = found[-1].event.position if found else position
    following = cursor_of(reached) if len(found) == limit or seconds else None
    return listed([shapes.event(told) for told in found], following)


async def _found(request: Request, position: int, limit: int, seconds: int) -> list[Any]:
    database, actor = installation_of(request).database, actor_of(request)
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    with database.feed.watch(first=True, of=("events",)) as bell:
        while True:
            bell.clear()  # before reading, so that a later commit rings again
            async with database.reading() as session:
                found = await events.after(session, actor, position, limit=limit)
            left = until - loop.time()
            if found or left <= 0:
                return found
            try:
                await asyncio.wait_for(bell.wait(), left)
            except TimeoutError:
                return []
