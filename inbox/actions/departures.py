"""Which messages leave now, and who sees to it: claims by lease, so that any number of workers may ask.

A claim is fenced by who holds it and by its number (`attempts`). A lease that ran out means that its worker
is gone: perhaps after the mail server had taken the message, so it is sent once more, and marked as repeated.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, case, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.actions.events import record
from inbox.actions.sending_turns import Wait, take_turn
from inbox.actors import SYSTEM
from inbox.envelopes import ChannelKind
from inbox.models import (
    Case,
    Channel,
    Conversation,
    Delivery,
    DeliveryState,
    EventKind,
    Message,
    OutboxEntry,
)

LEASE = timedelta(seconds=60)
GIVE_UP_AFTER = timedelta(hours=48)
AUTH_FAILED = "auth_failed"

# What a message shows of its deliveries: the first of these that any of them has.
WORST_FIRST = (
    DeliveryState.FAILED,
    DeliveryState.BOUNCED,
    DeliveryState.UNKNOWN,
    DeliveryState.SENDING,
    DeliveryState.QUEUED,
    DeliveryState.SENT,
    DeliveryState.DELIVERED,
    DeliveryState.READ,
    DeliveryState.CANCELLED,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """What a worker has claimed: a message to be handed over for these recipients, under this fence."""

    entry_id: int
    message_id: int
    channel_id: int
    worker: str
    attempt: int
    recipients: tuple[str, ...]
    raw_digest: str | None = None


@dataclass(frozen=True, slots=True)
class Busy:
    """What a worker has its hands full with: entries under way, and mailboxes with connections enough."""

    entry_ids: Collection[int] = ()
    channel_ids: Collection[int] = ()

    def leaves_out(self) -> ColumnElement[bool]:
        return and_(OutboxEntry.id.not_in(self.entry_ids), OutboxEntry.channel_id.not_in(self.channel_ids))


IDLE = Busy()


async def claim(
    session: AsyncSession,
    *,
    worker: str,
    limit: int,
    but: Busy = IDLE,
) -> list[Departure]:
    """Claim up to *limit* due entries of mailboxes, longest due first; nobody else gets them before the lease
    ends.

    Mailboxes whose login was refused wait, and so do messages of mailboxes that have sent as many mails as
    they may for now; what the worker is busy with is left out.
    """
    moment = clock.now()
    due = (
        select(OutboxEntry)
        .join(Channel, Channel.id == OutboxEntry.channel_id)
        .where(
            OutboxEntry.state == "waiting",
            OutboxEntry.due_at <= moment,
            or_(OutboxEntry.claimed_until.is_(None), OutboxEntry.claimed_until <= moment),
            Channel.kind != ChannelKind.WEBCHAT,
            _sends_now(moment),
            but.leaves_out(),
        )
        .order_by(OutboxEntry.due_at, OutboxEntry.id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=OutboxEntry)
    )
    claimed = []
    # One mailbox after the other, in the order of their ids: whose turn it is is asked under a lock on each,
    # and processes that take several locks in different orders wait in a ring.
    for entry in sorted(await session.scalars(due), key=lambda entry: entry.channel_id):
        wait = await take_turn(session, entry.channel_id, moment, entry=entry)
        if wait is not None:
            await _put_off(session, entry, wait)
        elif departure := await _claim_one(session, entry, worker, moment + LEASE):
            claimed.append(departure)
    return claimed


async def next_moment(session: AsyncSession, *, but: Busy = IDLE) -> datetime | None:
    """When there may be something to claim, or a chat to deliver; None where nothing waits."""
    free_at = func.coalesce(OutboxEntry.claimed_until, OutboxEntry.due_at)
    paused_until = Channel.sending_paused_until
    next_chance = case((paused_until > free_at, paused_until), else_=free_at)
    moment: datetime | None = await session.scalar(
        select(func.min(next_chance))
        .select_from(OutboxEntry)
        .join(Channel, Channel.id == OutboxEntry.channel_id)
        .where(OutboxEntry.state == "waiting", but.leaves_out())
    )
    return moment


async def renew(session: AsyncSession, departures: Iterable[Departure]) -> None:
    """Hold what is still being sent for longer; a lease that was lost stays lost."""
    for departure in departures:
        values = {"claimed_until": clock.now() + LEASE}
        await session.execute(update(OutboxEntry).where(holds(departure)).values(values))


async def keep_raw(session: AsyncSession, departure: Departure, digest: str) -> bool:
    """Note the composed bytes before they are sent; False where the lease was lost."""
    kept = update(OutboxEntry).where(holds(departure)).values(raw_digest=digest).returning(OutboxEntry.id)
    return await session.scalar(kept) is not None


async def end_all_leases(session: AsyncSession) -> None:
    """Nobody else can be sending (one process on SQLite): what is claimed was left by a process that is
    gone."""
    claimed = update(OutboxEntry).where(OutboxEntry.state == "waiting", OutboxEntry.claimed_by.is_not(None))
    await session.execute(claimed.values(claimed_until=clock.now()))


def holds(departure: Departure) -> ColumnElement[bool]:
    """Whether the departure's lease is still the valid one, as a condition on OutboxEntry."""
    return and_(
        OutboxEntry.id == departure.entry_id,
        OutboxEntry.state == "waiting",
        OutboxEntry.claimed_by == departure.worker,
        OutboxEntry.attempts == departure.attempt,
    )


def worst(deliveries: Iterable[Delivery]) -> DeliveryState:
    """What a message shows of its deliveries."""
    return DeliveryState(min((delivery.state for delivery in deliveries), key=_SEVERITY.__getitem__))


def end_state(deliveries: Iterable[Delivery]) -> str:
    """How an outbox entry ends that has nobody left to be tried."""
    return "failed" if any(delivery.state == DeliveryState.FAILED for delivery in deliveries) else "done"


_SEVERITY: dict[str, int] = {state: rank for rank, state in enumerate(WORST_FIRST)}


def _sends_now(moment: datetime) -> ColumnElement[bool]:
    return or_(Channel.sending_paused_until.is_(None), Channel.sending_paused_until <= moment)


async def _put_off(session: AsyncSession, entry: OutboxEntry, wait: Wait) -> None:
    """Let an entry wait for its turn, and say so where nobody has begun to send it."""
    entry.due_at, entry.waits_for_rate = wait.until, str(wait.rate)
    if entry.claimed_by is not None:  # its worker is gone, and what it did may have to be repeated
        entry.claimed_until = wait.until
        return
    message = await session.get_one(Message, entry.message_id)
    message.delivery_error = f"This mailbox sends {wait.rate.words}."
    await _record(
        session, EventKind.MESSAGE_DELAYED, message, {"rate": str(wait.rate), "until": wait.until.isoformat()}
    )


async def _claim_one(
    session: AsyncSession, entry: OutboxEntry, worker: str, until: datetime
) -> Departure | None:
    may_have_left = entry.claimed_by is not None and entry.raw_digest is not None
    entry.give_up_at = entry.give_up_at or clock.now() + GIVE_UP_AFTER
    message = await session.get_one(Message, entry.message_id)
    if entry.waits_for_rate is not None:
        entry.waits_for_rate = message.delivery_error = None
    rows = select(Delivery).where(Delivery.message_id == entry.message_id).order_by(Delivery.id)
    deliveries = (await session.scalars(rows)).all()
    repeated = [delivery for delivery in deliveries if _depart(delivery, may_have_left)]
    recipients = tuple(d.address for d in deliveries if d.state == DeliveryState.SENDING)
    message.delivery, message.delivery_at = worst(deliveries), clock.now()
    if not recipients:
        entry.state, entry.claimed_by, entry.claimed_until = end_state(deliveries), None, None
        await _record(session, EventKind.MESSAGE_UNKNOWN, message, {"again": True})
        return None
    entry.claimed_by, entry.claimed_until, entry.attempts = worker, until, entry.attempts + 1
    await _record(session, EventKind.MESSAGE_SENDING, message, {"again": True} if repeated else {})
    return Departure(
        entry_id=entry.id,
        message_id=message.id,
        channel_id=entry.channel_id,
        worker=worker,
        attempt=entry.attempts,
        recipients=recipients,
        raw_digest=entry.raw_digest,
    )


def _depart(delivery: Delivery, may_have_left: bool) -> bool:
    """Let a recipient's delivery begin where it is due; answers whether it is one that may arrive twice."""
    unsure = delivery.state == DeliveryState.UNKNOWN or (
        delivery.state == DeliveryState.SENDING and may_have_left
    )
    if unsure and delivery.repeated:
        delivery.state = DeliveryState.UNKNOWN  # one more try was made; a third would be a guess
        return False
    if unsure or delivery.state in (DeliveryState.QUEUED, DeliveryState.SENDING):
        delivery.state, delivery.at = DeliveryState.SENDING, clock.now()
        delivery.repeated = delivery.repeated or unsure
    return unsure


async def _record(session: AsyncSession, kind: EventKind, message: Message, facts: dict[str, object]) -> None:
    conversation = await session.get_one(Conversation, message.conversation_id)
    case = await session.get(Case, message.case_id) if message.case_id else None
    record(session, kind, actor=SYSTEM, conversation=conversation, case=case, message=message, data=facts)
