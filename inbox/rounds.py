"""Work that is done when it is due: sleep until then, do it, sleep again. A commit to the tables that it
depends on rings, for it may have brought something to do; another process's commit is noticed after a few
seconds."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime

from inbox import clock
from inbox.feed import Feed

LONGEST_WAIT = 5.0  # seconds; another process may have brought something without ringing our bell
LOOKS_APART = 0.5  # seconds; most commits to these tables bring nothing

_log = logging.getLogger(__name__)


async def keep_rounds(
    feed: Feed,
    name: str,
    *,
    of: Collection[str],
    next_due: Callable[[], Awaitable[datetime | None]],
    do: Callable[[], Awaitable[int]],
    apart: float = LOOKS_APART,
) -> None:
    """Do what is due until cancelled. *next_due* says when that is (None: nothing is); it is asked when one
    of the tables *of* was written to, at most once in *apart* seconds, and so is *do* where it answers that
    it could do nothing of what is due (0). Trouble is logged under *name* and tried again."""
    with feed.watch(of=of) as bell:
        while True:
            bell.clear()
            try:
                due = await next_due()
                wait = LONGEST_WAIT if due is None else (due - clock.now()).total_seconds()
                if wait <= 0:
                    if not await do():
                        await asyncio.sleep(apart)
                    continue
            except Exception:
                _log.exception("%s: could not do what is due", name)
                wait = LONGEST_WAIT
            await _ring_or_timeout(bell, min(wait, LONGEST_WAIT), apart)


async def _ring_or_timeout(bell: asyncio.Event, seconds: float, apart: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await bell.wait()
    except TimeoutError:
        return
    await asyncio.sleep(min(apart, seconds))
