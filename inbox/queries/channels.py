"""The configured ways in and out."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.channel_troubles import Trouble, trouble_of
from inbox.envelopes import SPOKEN, ChannelKind
from inbox.errors import NotFound
from inbox.kept import kept
from inbox.models import Channel


async def everything(session: AsyncSession) -> Sequence[Channel]:
    """All channels by name, those that were switched off too; not what is only logged here."""
    query = select(Channel).where(Channel.kind.not_in(SPOKEN)).order_by(Channel.name)
    return (await session.scalars(query)).all()


async def active(session: AsyncSession, *, kind: ChannelKind | None = None) -> Sequence[Channel]:
    """The channels that work, by id; of one kind, or of all."""
    query = select(Channel).where(Channel.deactivated_at.is_(None), Channel.kind.not_in(SPOKEN))
    query = query.order_by(Channel.id)
    if kind is not None:
        query = query.where(Channel.kind == kind)
    return (await session.scalars(query)).all()


async def mailboxes(session: AsyncSession) -> Sequence[Channel]:
    """The mailboxes that work, by id: read only, and kept between pages."""

    async def read() -> Sequence[Channel]:
        return await active(session, kind=ChannelKind.EMAIL)

    return await kept(session, "mailboxes", read)


async def troubled(session: AsyncSession, moment: datetime) -> list[Trouble]:
    """What is wrong with channels that are in use, by their names; what is needed for it is kept between
    pages."""

    async def read() -> Sequence[Channel]:
        return await active(session)

    found = [trouble_of(channel, moment) for channel in await kept(session, "channels in use", read)]
    return sorted((trouble for trouble in found if trouble), key=lambda trouble: trouble.name)


async def by_id(session: AsyncSession, public_id: str) -> Channel:
    """The channel with this public id; raises NotFound."""
    return _found(await session.scalar(select(Channel).where(Channel.public_id == public_id)))


async def by_internal_id(session: AsyncSession, key: int) -> Channel:
    """The channel with this internal key; raises NotFound."""
    return _found(await session.get(Channel, key))


async def by_name(session: AsyncSession, name: str) -> Channel:
    """The channel that people call so; raises NotFound."""
    found = await session.scalar(select(Channel).where(Channel.name == name))
    if found is None:
        raise NotFound(f"There is no channel with the name {name}.")
    return found


def _found(channel: Channel | None) -> Channel:
    if channel is None:
        raise NotFound("There is no such channel.")
    return channel
