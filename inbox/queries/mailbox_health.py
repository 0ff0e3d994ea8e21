"""How a mailbox is: its sign-in at a provider, and how far its history has been read."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.models import Channel, IntakeRecord, IntakeState, MailboxGrant, MailboxPosition, SentCopy


@dataclass(frozen=True, slots=True)
class HistoryProgress:
    """How much of the mail that lay there at the first connection has come in: `percent` of the folder is
    read, `read` mails are stored, `waiting` of them are not filed yet."""

    percent: int
    read: int
    waiting: int

    @property
    def is_done(self) -> bool:
        return self.percent == 100 and not self.waiting


@dataclass(frozen=True, slots=True)
class MailboxHealth:
    """`signed_in`: somebody did at the provider; `broken` says why it has to be done again. `copies_waiting`
    are mails that are still to be laid into the Sent folder. `history` is None where none was asked for."""

    signed_in: bool
    broken: str
    copies_waiting: int
    history: HistoryProgress | None


async def health(session: AsyncSession, channel: Channel) -> MailboxHealth:
    """How this mailbox is."""
    grant = await session.scalar(select(MailboxGrant).where(MailboxGrant.channel_id == channel.id))
    waiting = select(func.count()).select_from(SentCopy).where(SentCopy.channel_id == channel.id)
    return MailboxHealth(
        signed_in=grant is not None,
        broken=grant.broken if grant else "",
        copies_waiting=await session.scalar(waiting) or 0,
        history=await history(session, channel),
    )


async def history(session: AsyncSession, channel: Channel) -> HistoryProgress | None:
    """How far the mailbox's history has come; None where it began with what comes from now on."""
    query = select(MailboxPosition).where(MailboxPosition.channel_id == channel.id)
    position = (await session.scalars(query)).first()
    if position is None or position.history_until_uid <= position.history_from_uid:
        return None
    if not position.history_from_uid and channel.settings.get("first_connection", "now") == "now":
        return None
    counted = select(IntakeRecord.state, func.count()).where(
        IntakeRecord.channel_id == channel.id, IntakeRecord.is_history
    )
    counts = {state: number for state, number in await session.execute(counted.group_by(IntakeRecord.state))}
    whole = position.history_until_uid - position.history_from_uid
    done = min(max(position.last_uid - position.history_from_uid, 0), whole)
    return HistoryProgress(
        percent=done * 100 // whole,
        read=sum(counts.values()),
        waiting=counts.get(IntakeState.RECEIVED, 0),
    )
