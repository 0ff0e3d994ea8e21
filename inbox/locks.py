"""Locks that keep the actions of several transactions in one order."""

from collections.abc import Awaitable, Callable, Iterable, Set

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.models import Conversation


async def lock_conversations(session: AsyncSession, conversation_ids: Iterable[int]) -> None:
    """Hold these conversations until the transaction ends, in the order of their ids so that nobody waits in
    a ring.

    On SQLite there is one writer anyway, and the database ignores FOR UPDATE.
    """
    ids = sorted(set(conversation_ids))
    if ids:
        query = select(Conversation.id).where(Conversation.id.in_(ids)).order_by(Conversation.id)
        await session.execute(query.with_for_update())


async def lock_until_settled(
    session: AsyncSession, ids: Set[int], read: Callable[[], Awaitable[Set[int]]]
) -> None:
    """Hold these conversations and those that *read*, which runs under the locks, says are wanted now: what
    somebody has merged or moved while we waited leads elsewhere.

    Where that is so the locks are let go first (what was locked since a savepoint goes with it): whoever
    holds one conversation and asks for another out of order may wait in a ring with a merge.
    """
    wanted = set(ids)
    await session.flush()  # what is read anew must not undo what the caller has changed
    if session.get_bind().dialect.name == "sqlite":  # one writer needs no locks
        await read()
        return
    while True:
        attempt = await session.begin_nested()
        await lock_conversations(session, wanted)
        found = set(await read())
        if found <= wanted:
            await attempt.commit()
            return
        await attempt.rollback()
        wanted |= found
