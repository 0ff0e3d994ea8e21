"""Locks that keep the actions of several transactions in one order."""

from collections.abc import Iterable

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
