"""The channels that strangers reach by their public key."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.envelopes import ChannelKind
from inbox.errors import NotFound
from inbox.models import Channel


async def by_public_key(session: AsyncSession, key: str, kind: ChannelKind) -> Channel:
    """The active channel of this kind with this key; raises NotFound."""
    query = select(Channel).where(
        Channel.public_key == key, Channel.kind == kind, Channel.deactivated_at.is_(None)
    )
    found = await session.scalar(query)
    if found is None:
        raise NotFound("There is nothing here. The link may be old, or mistyped.")
    return found
