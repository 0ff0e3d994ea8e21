"""What happens because time has passed."""

import asyncio
from datetime import timedelta

from inbox.actions.handoffs import offer
from inbox.actions.resolutions import snooze
from inbox.clock import FrozenClock
from inbox.db import Database
from inbox.models import Case, Handoff, HandoffState, Status
from inbox.timers import Timers
from tests.builders import a_conversation, an_agent


async def test_snoozed_cases_wake_and_offers_expire_by_themselves(
    database: Database, clock: FrozenClock
) -> None:
    running = asyncio.create_task(Timers(database).run())
    async with database.transaction() as session:
        maya, priya = await an_agent(session), await an_agent(session, name="Priya Nair")
        snoozed, offered = await a_conversation(session), await a_conversation(session)
        await snooze(session, snoozed.case, until=clock() + timedelta(hours=1), by=maya)
        handoff = await offer(session, offered.case, to=priya, by=maya, reason="Bespoke")

    async def standing() -> tuple[str, str]:
        async with database.reading() as session:
            case = await session.get_one(Case, snoozed.case.id)
            return case.status, (await session.get_one(Handoff, handoff.id)).state

    seen = [await standing()]
    with database.feed.watch() as bell:
        for hours in (1, 3):
            clock.advance(hours=hours)
            database.feed.wake()
            async with asyncio.timeout(10):
                while await standing() == seen[-1]:
                    bell.clear()
                    await bell.wait()
            seen.append(await standing())
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    assert seen == [
        (Status.SNOOZED, HandoffState.OFFERED),
        (Status.OPEN, HandoffState.OFFERED),
        (Status.OPEN, HandoffState.EXPIRED),
    ]
