"""How long answers have taken lately: what a visitor may expect."""

from datetime import timedelta
from statistics import median

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.models import Case, Channel

DAYS = 7
FEWEST = 5  # below this a median says nothing
MOST = 200
CASES_LOOKED_AT = 20_000  # the newest ones; there is no index on a case's first channel


async def typical_reply(session: AsyncSession, channel: Channel) -> timedelta | None:
    """The median time to the first reply in this channel over the last days; None where there were few."""
    newest = await session.scalar(select(func.max(Case.id))) or 0
    answered = (
        select(Case.opened_at, Case.first_replied_at)
        .where(
            Case.first_channel_id == channel.id,
            Case.first_replied_at.is_not(None),
            Case.opened_at > clock.now() - timedelta(days=DAYS),
            Case.id > newest - CASES_LOOKED_AT,
        )
        .order_by(Case.id.desc())
        .limit(MOST)
    )
    taken = [
        (replied_at - opened_at).total_seconds()
        for opened_at, replied_at in (await session.execute(answered)).all()
        if replied_at is not None and replied_at >= opened_at
    ]
    return timedelta(seconds=median(taken)) if len(taken) >= FEWEST else None
