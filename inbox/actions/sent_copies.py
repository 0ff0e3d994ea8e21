"""Copies of what was sent, for the mailbox's own Sent folder: queued with the outcome, no reason to fail."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.envelopes import ChannelKind
from inbox.models import Channel, Message, OutboxEntry, SentCopy

ALWAYS, NEVER = "yes", "no"
SENT_COPIES = (ALWAYS, NEVER)  # without either the SMTP server's name decides
KEEP_BY_THEMSELVES = (
    "gmail.com",
    "google.com",
    "googlemail.com",
    "office365.com",
    "outlook.com",
    "hotmail.com",
)
CLAIM = timedelta(minutes=5)
DELAYS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240, 480, 720, 720))


@dataclass(frozen=True, slots=True)
class WaitingCopy:
    """A mail to be laid into the Sent folder of its channel's mailbox."""

    copy_id: int
    channel_id: int
    external_id: str
    digest: str


def wants_copies(channel: Channel) -> bool:
    """Whether sent mails are laid into the mailbox by us: where its SMTP server does not do it itself."""
    settings = channel.settings
    if channel.kind != ChannelKind.EMAIL or channel.is_sample or not settings.get("imap_url"):
        return False
    if settings.get("sent_copies") in SENT_COPIES:
        return bool(settings["sent_copies"] == ALWAYS)
    host = urlsplit(settings.get("smtp_url") or "").hostname or ""
    return not any(host == name or host.endswith(f".{name}") for name in KEEP_BY_THEMSELVES)


async def queue_copy(session: AsyncSession, entry_id: int) -> None:
    """Somebody has received the mail of this outbox entry: a copy is to be kept, if the channel wants one."""
    query = (
        select(Channel, Message.id, Message.external_id, OutboxEntry.raw_digest)
        .join(OutboxEntry, OutboxEntry.channel_id == Channel.id)
        .join(Message, Message.id == OutboxEntry.message_id)
        .where(OutboxEntry.id == entry_id)
    )
    found = (await session.execute(query)).first()
    if found is None or found.raw_digest is None or not found.external_id or not wants_copies(found.Channel):
        return
    if await session.scalar(select(SentCopy.id).where(SentCopy.message_id == found.id)) is None:
        copy = SentCopy(
            message_id=found.id,
            channel_id=found.Channel.id,
            external_id=found.external_id,
            digest=found.raw_digest,
            due_at=clock.now(),
        )
        session.add(copy)
        await session.flush()


async def claim_copies(session: AsyncSession, *, limit: int) -> list[WaitingCopy]:
    """Those that are due, of one mailbox; nobody else gets them within five minutes. A copy that failed too
    often is given up."""
    first = await session.scalar(
        select(SentCopy.channel_id).where(SentCopy.due_at <= clock.now()).order_by(SentCopy.due_at).limit(1)
    )
    query = (
        select(SentCopy)
        .where(SentCopy.channel_id == first, SentCopy.due_at <= clock.now())
        .order_by(SentCopy.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    claimed: list[WaitingCopy] = []
    for copy in await session.scalars(query) if first is not None else ():
        if copy.attempts > len(DELAYS):
            await session.delete(copy)
            continue
        copy.due_at, copy.attempts = clock.now() + CLAIM, copy.attempts + 1
        claimed.append(WaitingCopy(copy.id, copy.channel_id, copy.external_id, copy.digest))
    return claimed


async def copies_kept(session: AsyncSession, copy_ids: Sequence[int]) -> None:
    """They lie in the Sent folder."""
    await session.execute(delete(SentCopy).where(SentCopy.id.in_(copy_ids)))


async def delay_copies(session: AsyncSession, copy_ids: Sequence[int]) -> None:
    """It did not work: again later, and later each time."""
    query = select(SentCopy.id, SentCopy.attempts).where(SentCopy.id.in_(copy_ids))
    for copy_id, attempts in (await session.execute(query)).all():
        due_at = clock.now() + DELAYS[min(attempts, len(DELAYS)) - 1]
        await session.execute(update(SentCopy).where(SentCopy.id == copy_id).values(due_at=due_at))


async def next_copy_due(session: AsyncSession) -> float | None:
    """In how many seconds a copy is due; None where none waits."""
    moment = await session.scalar(select(func.min(SentCopy.due_at)))
    return None if moment is None else (moment - clock.now()).total_seconds()
