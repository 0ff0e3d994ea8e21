"""What must still be pushed to agents' devices, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.models import Agent, Notification, PushEntry, PushSubscription
from inbox.notification_cells import Alert, Cell
from inbox.notification_words import headline
from inbox.queries import notifications
from inbox.queries.notification_choices import choices_of, texts_may_leave
from inbox.queries.notifications import ShownNotification
from inbox.words import words_in

AFTER = timedelta(seconds=3)  # whoever looks at the conversation has read it by then
LEASE = timedelta(minutes=2)
DELAYS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 20))
LONGEST_DELAY = timedelta(hours=1)
LIFE = timedelta(hours=4)  # older ones are no news: the digest tells
LONGEST_TEXT = 300


class PushOutcome(StrEnum):
    """LATER: tried again a few times. GONE: the device takes nothing any more. REFUSED: this one will never
    be taken."""

    DELIVERED = "delivered"
    LATER = "later"
    GONE = "gone"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """One push for one device. `unread` is what the app's badge says, `standing` all that is unread, so that
    the device puts away what was read elsewhere."""

    entry_id: int
    endpoint: str
    p256dh: str
    auth: str
    signed_with: str
    tag: str
    title: str
    body: str
    url: str
    alert: Alert
    unread: int
    standing: Sequence[str]


async def queue_pushes(session: AsyncSession, notification_id: int, agent_id: int) -> None:
    """Push a notification to every device of its agent, unless it is read meanwhile."""
    devices = select(PushSubscription.id).where(PushSubscription.agent_id == agent_id)
    due_at = clock.now() + AFTER
    for subscription_id in await session.scalars(devices):
        session.add(
            PushEntry(notification_id=notification_id, subscription_id=subscription_id, due_at=due_at)
        )


async def next_due(session: AsyncSession) -> datetime | None:
    """When the next push is due; None where none waits."""
    return await session.scalar(select(func.min(func.coalesce(PushEntry.claimed_until, PushEntry.due_at))))


async def claim(session: AsyncSession, *, limit: int, language: str) -> list[Push]:
    """Take what is due. What has been read, is too old, or may no longer be told is dropped. *language*: for
    agents who have chosen none."""
    moment = clock.now()
    is_free = or_(PushEntry.claimed_until.is_(None), PushEntry.claimed_until <= moment)
    due = select(PushEntry).where(PushEntry.due_at <= moment, is_free).order_by(PushEntry.due_at)
    entries = (await session.scalars(due.limit(limit).with_for_update(skip_locked=True))).all()
    pushes = [await _prepared(session, entry, moment, language) for entry in entries]
    for entry, push in zip(entries, pushes, strict=True):
        if push is None:
            await session.delete(entry)
        else:
            entry.claimed_until, entry.attempts = moment + LEASE, entry.attempts + 1
    return [push for push in pushes if push is not None]


async def settle(
    session: AsyncSession, entry_id: int, outcome: PushOutcome, wait: timedelta | None = None
) -> None:
    """Note what became of a push. LATER: it is tried again after *wait*, or after longer and longer times."""
    entry = await session.get(PushEntry, entry_id, with_for_update=True)
    if entry is None:
        return  # its device was revoked meanwhile
    if outcome is PushOutcome.LATER and entry.attempts <= len(DELAYS):
        delay = DELAYS[entry.attempts - 1]
        entry.due_at = clock.now() + (min(max(wait, delay), LONGEST_DELAY) if wait else delay)
        entry.claimed_until = None
        return
    device = PushSubscription.id == entry.subscription_id
    if outcome is PushOutcome.GONE:
        await session.execute(delete(PushEntry).where(PushEntry.subscription_id == entry.subscription_id))
        await session.execute(delete(PushSubscription).where(device))
        return
    if outcome is PushOutcome.DELIVERED:
        await session.execute(update(PushSubscription).where(device).values(last_pushed_at=clock.now()))
    await session.delete(entry)


async def _prepared(session: AsyncSession, entry: PushEntry, moment: datetime, language: str) -> Push | None:
    row = await session.get_one(Notification, entry.notification_id)
    device = await session.get_one(PushSubscription, entry.subscription_id)
    agent = await session.get_one(Agent, device.agent_id)
    if row.agent_id != agent.id or agent.deactivated_at is not None or row.created_at < moment - LIFE:
        return None
    choices = (await choices_of(session, [agent.id]))[agent.id]
    cell = choices.cell(row.kind)
    told = await notifications.of_ids(session, agent, [row.id])
    if not told or cell.alert is Alert.NEVER or choices.is_quiet(moment):
        return None
    return await _written(session, entry, device, agent, cell, told[0], language)


async def _written(
    session: AsyncSession,
    entry: PushEntry,
    device: PushSubscription,
    agent: Agent,
    cell: Cell,
    told: ShownNotification,
    language: str,
) -> Push:
    body = told.outside_text if await texts_may_leave(session) else ""
    return Push(
        entry_id=entry.id,
        endpoint=device.endpoint,
        p256dh=device.p256dh,
        auth=device.auth,
        signed_with=device.signed_with,
        tag=told.public_id,
        title=words_in(agent.language or language).told(headline(told))[:LONGEST_TEXT],
        body=body[:LONGEST_TEXT] or f"#{told.case_number}",
        url=told.url,
        alert=cell.alert,
        unread=await notifications.count_unread(session, agent),
        standing=await notifications.unread_ids(session, agent),
    )
