"""How much comes in by the channels, for those who look after them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.models import Channel, IntakeRecord, VisitorToken

MOST = 1_000  # of a channel's newest inputs and visitors are looked at
WEEK, DAY = timedelta(days=7), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Traffic:
    """What came in within seven days (`MOST` stands for more), and on which sites a chat was opened within
    one."""

    week: int
    sites: tuple[str, ...] = ()


async def of_channels(session: AsyncSession, channels: Sequence[Channel]) -> dict[int, Traffic]:
    """By the channel's internal key."""
    return {channel.id: await _of(session, channel) for channel in channels}


async def _of(session: AsyncSession, channel: Channel) -> Traffic:
    newest = (
        select(IntakeRecord.created_at)
        .where(IntakeRecord.channel_id == channel.id, IntakeRecord.is_history.is_(False))
        .order_by(IntakeRecord.id.desc())
        .limit(MOST)
    )
    seen = (
        select(VisitorToken.page, VisitorToken.last_seen_at)
        .where(VisitorToken.channel_id == channel.id)
        .order_by(VisitorToken.id.desc())
        .limit(MOST)
    )
    since, today = clock.now() - WEEK, clock.now() - DAY
    pages = [page for page, at in await session.execute(seen) if page and at >= today]
    hosts = {urlsplit(page).hostname or "" for page in pages}
    return Traffic(
        week=sum(created_at >= since for created_at in await session.scalars(newest)),
        sites=tuple(sorted(hosts - {""})),
    )
