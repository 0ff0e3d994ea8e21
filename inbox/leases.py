"""Which process does a piece of background work: one at a time, and another when that one is gone."""

from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.db import Database
from inbox.models import Lease

LENGTH = timedelta(seconds=30)


async def hold(database: Database, name: str, owner: str) -> bool:
    """Take or renew the lease *name* for *owner* for 30 seconds; False where somebody else holds it."""
    try:
        async with database.transaction() as session:
            return await _hold(session, name, owner)
    except IntegrityError:  # somebody else made it at the same moment
        return False


async def _hold(session: AsyncSession, name: str, owner: str) -> bool:
    moment = clock.now()
    lease = (await session.scalars(select(Lease).where(Lease.name == name).with_for_update())).first()
    if lease is None:
        session.add(Lease(name=name, owner=owner, until=moment + LENGTH))
        return True
    if lease.owner != owner:
        if lease.until > moment:
            return False
        lease.owner, lease.fence = owner, lease.fence + 1
    lease.until = moment + LENGTH
    return True


async def release(database: Database, name: str, owner: str) -> None:
    """Let the next one have it at once."""
    async with database.transaction() as session:
        query = select(Lease).where(Lease.name == name, Lease.owner == owner).with_for_update()
        lease = (await session.scalars(query)).first()
        if lease is not None:
            lease.until = clock.now()


async def end_all(database: Database) -> None:
    """Let the next one have every lease at once: for the only process, whose own they cannot be."""
    async with database.transaction() as session:
        await session.execute(update(Lease).values(until=clock.now()))
