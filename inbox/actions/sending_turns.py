"""Whose turn it is to leave a mailbox that sends only so many mails in a stretch of time.

What has left is counted in a table, so that processes count together and a restart forgets nothing. In no
stretch as long as the rate's period are there more turns than the rate says, wherever the stretch begins:
that is how mail providers count. Who finds no turn is told when there will be one.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.models import Channel, OutboxEntry, SendingTurn
from inbox.sending_rates import SendingRate, rate_in


@dataclass(frozen=True, slots=True)
class Wait:
    """No turn now: the next one is at `until`, because of `rate`."""

    until: datetime
    rate: SendingRate


async def take_turn(
    session: AsyncSession, channel_id: int, moment: datetime, *, entry: OutboxEntry | None = None
) -> Wait | None:
    """Take the turn of this *moment* in a mailbox; None where it was free, or the mailbox has no rate.

    Messages (*entry*) stand behind those that were told earlier when their turn is; what the installation
    sends by itself stands behind none of them, since a code is of no use once it is late.
    """
    channel = await session.get_one(Channel, channel_id)
    rate = rate_in(channel.settings)
    if rate is None:
        return None
    # One at a time counts, whichever process it is in.
    await session.execute(select(Channel.id).where(Channel.id == channel_id).with_for_update())
    free_at = await _free_at(session, channel_id, rate, moment, entry)
    if free_at is not None and free_at > moment:
        return Wait(until=free_at, rate=rate)
    gone = delete(SendingTurn).where(
        SendingTurn.channel_id == channel_id, SendingTurn.at <= moment - rate.within
    )
    await session.execute(gone.execution_options(synchronize_session=False))
    session.add(SendingTurn(channel_id=channel_id, at=moment))
    await session.flush()
    return None


async def _free_at(
    session: AsyncSession, channel_id: int, rate: SendingRate, moment: datetime, entry: OutboxEntry | None
) -> datetime | None:
    """When there is a turn behind all that were taken, and promised before; None where there always was."""
    promised = [] if entry is None else await _promised(session, entry, most=rate.mails)
    if len(promised) == rate.mails:
        return max(promised[-1], moment) + rate.within  # who is late leaves now at the earliest
    taken = (
        select(SendingTurn.at)
        .where(SendingTurn.channel_id == channel_id)
        .order_by(SendingTurn.at.desc())
        .offset(rate.mails - len(promised) - 1)
        .limit(1)
    )
    oldest: datetime | None = await session.scalar(taken)
    return None if oldest is None else oldest + rate.within


async def _promised(session: AsyncSession, entry: OutboxEntry, *, most: int) -> list[datetime]:
    """When those before this entry were told to leave, the last first."""
    waiting = select(OutboxEntry.due_at).where(
        OutboxEntry.channel_id == entry.channel_id,
        OutboxEntry.state == "waiting",
        OutboxEntry.waits_for_rate.is_not(None),
        OutboxEntry.id != entry.id,
    )
    if entry.waits_for_rate is not None:
        waiting = waiting.where(OutboxEntry.due_at < entry.due_at)
    return list(await session.scalars(waiting.order_by(OutboxEntry.due_at.desc()).limit(most)))
