"""The tags that cases may bear."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.models import Tag


async def everything(session: AsyncSession) -> Sequence[Tag]:
    """All tags by name."""
    return (await session.scalars(select(Tag).order_by(Tag.name))).all()
