"""Where a form's submissions come from, and which waves of them were swept away."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from inbox.errors import NotFound
from inbox.models import Channel, Message, Submission, Sweep

MOST_SOURCES = 20
MOST_SWEEPS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The submissions of one network: how many, how many of them are spam already, from when to when."""

    network: str
    count: int
    spam: int
    first_at: datetime
    last_at: datetime

    @property
    def fresh(self) -> int:
        """How many a sweep would take."""
        return self.count - self.spam


async def sources_of(session: AsyncSession, channel: Channel, *, since: datetime) -> list[Source]:
    """The networks from which a form was sent since a moment, the busiest first."""
    count = func.count()
    query = (
        select(
            Submission.network,
            count,
            func.sum(case((Message.is_spam, 1), else_=0)),
            func.min(Message.created_at),
            func.max(Message.created_at),
        )
        .join(Message, Message.id == Submission.message_id)
        .where(Submission.channel_id == channel.id, Submission.created_at >= since)
        .group_by(Submission.network)
        .order_by(count.desc(), Submission.network)
        .limit(MOST_SOURCES)
    )
    return [
        Source(network=network, count=all_, spam=int(spam or 0), first_at=first, last_at=last)
        for network, all_, spam, first, last in await session.execute(query)
    ]


async def sweeps_of(session: AsyncSession, channel: Channel) -> Sequence[Sweep]:
    """The newest sweeps of a form, with who did them."""
    query = (
        select(Sweep)
        .where(Sweep.channel_id == channel.id, Sweep.swept > 0)
        .options(joinedload(Sweep.agent))
        .order_by(Sweep.id.desc())
        .limit(MOST_SWEEPS)
    )
    return (await session.scalars(query)).all()


async def sweep_by_id(session: AsyncSession, channel: Channel, public_id: str) -> Sweep:
    """One sweep of this form; raises NotFound."""
    query = select(Sweep).where(Sweep.public_id == public_id, Sweep.channel_id == channel.id)
    found = (await session.scalars(query)).first()
    if found is None:
        raise NotFound("There is no such sweep.")
    return found
