"""Keeping what mails refer to and nobody has seen yet, for as long as mails are under way."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.models import AwaitedReference
from inbox.rows import insert_rows

KEPT = timedelta(days=45)


async def keep_awaited(session: AsyncSession, rows: Sequence[AwaitedReference]) -> None:
    """Keep these, and let go of what was awaited in vain."""
    if rows:
        await session.execute(
            delete(AwaitedReference).where(AwaitedReference.created_at < clock.now() - KEPT)
        )
        await insert_rows(session, rows)
