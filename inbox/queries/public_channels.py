"""The channels that strangers reach by their public key."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.envelopes import ChannelKind
from inbox.errors import NotFound
from inbox.kept import kept
from inbox.models import Channel

_REACHED = select(Channel).where(Channel.deactivated_at.is_(None))


async def by_public_key(session: AsyncSession, key: str, kind: ChannelKind) -> Channel:
    """The active channel of this kind with this key; raises NotFound."""

    async def read() -> dict[str, Channel]:
        return {channel.public_key: channel for channel in await session.scalars(_REACHED)}

    # One that another process has just made is not among those that are kept.
    found = (await kept(session, "public channels", read)).get(key) or await session.scalar(
        _REACHED.where(Channel.public_key == key)
    )
    if found is None or found.kind != kind:
        raise NotFound("There is nothing here. The link may be old, or mistyped.")
    return found
