"""Leases: one process does a piece of work, and another when that one is gone."""

from inbox import clock as product_clock, leases
from inbox.db import Database


async def test_a_lease_is_held_until_it_is_let_go(database: Database) -> None:
    first = await leases.hold(database, "mailbox 1", "a")
    refused = await leases.hold(database, "mailbox 1", "b")
    beside = await leases.hold(database, "mailbox 2", "b")
    await leases.release(database, "mailbox 1", "b")
    still_refused = await leases.hold(database, "mailbox 1", "b")
    await leases.release(database, "mailbox 1", "a")

    assert (first, refused, beside, still_refused) == (True, False, True, False)
    assert await leases.hold(database, "mailbox 1", "b")


async def test_the_lease_of_a_process_that_is_gone_ends_by_itself(
    database: Database, clock: product_clock.FrozenClock
) -> None:
    await leases.hold(database, "mailbox 1", "a")
    clock.advance(seconds=29)
    early = await leases.hold(database, "mailbox 1", "b")
    clock.advance(seconds=2)

    assert (early, await leases.hold(database, "mailbox 1", "b")) == (False, True)


async def test_the_only_process_need_not_wait_for_leases_that_were_left_behind(database: Database) -> None:
    for name in ("mailbox 1", "mailbox 2"):
        await leases.hold(database, name, "a crashed one")

    await leases.end_all(database)

    assert await leases.hold(database, "mailbox 1", "b") and await leases.hold(database, "mailbox 2", "b")
