"""Work that is due is done, and what cannot be done takes nobody's time."""

import asyncio
from datetime import datetime

from inbox import clock
from inbox.feed import Feed
from inbox.rounds import keep_rounds


async def test_what_is_due_and_cannot_be_done_is_not_tried_again_and_again_without_a_rest() -> None:
    tried = 0
    was_tried = asyncio.Event()

    async def do() -> int:
        nonlocal tried
        tried += 1
        was_tried.set()
        return 0

    async def next_due() -> datetime:
        await asyncio.sleep(0)
        return clock.now()

    rounds = asyncio.create_task(keep_rounds(Feed(), "nothing", of=(), next_due=next_due, do=do, apart=60))
    await was_tried.wait()
    for _ in range(100):
        await asyncio.sleep(0)
    rounds.cancel()

    assert tried == 1
