"""What became of a message for each recipient: outcomes of an attempt, and what a visitor's panel says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.actions.answers import answer_failed
from inbox.actions.continuity import await_sight, note_sight
from inbox.actions.departures import (
    AUTH_FAILED,
    LEASE,
    Busy,
    Departure,
    claim,
    end_all_leases,
    end_state,
    holds,
    keep_raw,
    next_moment,
    renew,
    worst,
)
from inbox.actions.events import record
from inbox.actors import SYSTEM, Actor
from inbox.envelopes import ChannelKind, Outcome, RecipientOutcome
from inbox.errors import Invalid
from inbox.holding import hold_message
from inbox.models import (
    Case,
    Channel,
    Conversation,
    Customer,
    Delivery,
    DeliveryState,
    EventKind,
    Identity,
    Message,
    OutboxEntry,
)

__all__ = [
    "LEASE",
    "Busy",
    "Departure",
    "acknowledge",
    "claim",
    "deliver_chats",
    "end_all_leases",
    "keep_raw",
    "next_moment",
    "pause_mailbox",
    "renew",
    "settle",
]

DELAYS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 30, 60, 120, 240))
AFTER_UNKNOWN = timedelta(minutes=10)  # RFC 5321 §4.5.3.2.6: so long may a server think about the data
REST = timedelta(minutes=1)
SERVICE_NOT_AVAILABLE = 421  # RFC 5321 §3.8: too many connections or mails, or a server that shuts down
PAUSE = timedelta(minutes=15)  # between two logins that may be refused: more often looks like guessing

_UNSETTLED = (DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.UNKNOWN)
_NO_ANSWER = RecipientOutcome(
    outcome=Outcome.UNKNOWN, text="The mail server said nothing about this address."
)
_EVENTS = (
    (DeliveryState.SENT, EventKind.MESSAGE_SENT),
    (DeliveryState.UNKNOWN, EventKind.MESSAGE_UNKNOWN),
    (DeliveryState.QUEUED, EventKind.MESSAGE_DELAYED),
    (DeliveryState.FAILED, EventKind.MESSAGE_FAILED),
)
_STATES = {
    Outcome.SENT: DeliveryState.SENT,
    Outcome.TEMPORARY: DeliveryState.QUEUED,
    Outcome.PERMANENT: DeliveryState.FAILED,
    Outcome.UNKNOWN: DeliveryState.UNKNOWN,
}


@dataclass(slots=True)
class _Attempt:
    """What one attempt changed, gathered before it is told."""

    conversation: Conversation
    case: Case | None
    message: Message
    deliveries: Sequence[Delivery]
    changed: dict[DeliveryState, list[Delivery]] = field(default_factory=dict)

    def note(self, delivery: Delivery, state: DeliveryState, text: str) -> None:
        delivery.state, delivery.at = state, clock.now()
        delivery.error = text[:1000] if state not in (DeliveryState.SENT,) else None
        self.changed.setdefault(state, []).append(delivery)


async def settle(
    session: AsyncSession,
    departure: Departure,
    outcomes: Mapping[str, RecipientOutcome],
    *,
    jitter: float = 0.0,
) -> None:
    """Record what an attempt brought for each recipient, and when the next one is due, if any.

    *jitter* (-1 to 1) moves a delay by up to a fifth, so that many messages do not knock at once. Where the
    lease was lost meanwhile only good news counts: a recipient who was reached is never written to again.
    """
    attempt = await _begin(session, departure)
    entry = await _entry_held(session, departure)
    for delivery in attempt.deliveries:
        if delivery.address not in departure.recipients or delivery.state not in _UNSETTLED:
            continue
        outcome = outcomes.get(delivery.address, _NO_ANSWER)
        if entry is not None or outcome.outcome is Outcome.SENT:
            attempt.note(delivery, _STATES[outcome.outcome], outcome.text)
    if entry is not None:
        _schedule(entry, attempt, jitter)
    await _sending_works(session, departure, outcomes)
    await _tell(session, attempt)


async def pause_mailbox(session: AsyncSession, departure: Departure, text: str) -> None:
    """The login was refused: the mailbox pauses, its mail waits and none of it fails."""
    attempt = await _begin(session, departure)
    entry = await _entry_held(session, departure)
    if entry is None:
        return
    channel = await session.get_one(Channel, departure.channel_id)
    channel.state, channel.state_text, channel.state_at = AUTH_FAILED, text[:500], clock.now()
    channel.sending_paused_until, channel.sending_text = clock.now() + PAUSE, text[:500]
    _record_channel(session, channel)
    for delivery in attempt.deliveries:
        if delivery.state == DeliveryState.SENDING:
            attempt.note(delivery, DeliveryState.QUEUED, text)
    entry.claimed_by, entry.claimed_until, entry.last_error = None, None, text[:1000]
    await _tell(session, attempt)


async def deliver_chats(session: AsyncSession, *, limit: int = 100) -> int:
    """What leaves by chat is sent as soon as it is due: the visitor's panel reads it from the event log."""
    due = (
        select(OutboxEntry)
        .join(Channel, Channel.id == OutboxEntry.channel_id)
        .where(
            OutboxEntry.state == "waiting",
            OutboxEntry.due_at <= clock.now(),
            Channel.kind == ChannelKind.WEBCHAT,
        )
        .order_by(OutboxEntry.due_at, OutboxEntry.id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=OutboxEntry)
    )
    entries = (await session.scalars(due)).all()
    for entry in entries:
        message = await session.get_one(Message, entry.message_id)
        conversation = await session.get_one(Conversation, message.conversation_id)
        case = await session.get(Case, message.case_id) if message.case_id else None
        attempt = _Attempt(conversation, case, message, await _deliveries(session, message.id))
        for delivery in attempt.deliveries:
            if delivery.state == DeliveryState.QUEUED:
                attempt.note(delivery, DeliveryState.SENT, "")
        entry.state, entry.attempts = "done", entry.attempts + 1
        await await_sight(session, message)
        await _tell(session, attempt)
    return len(entries)


async def acknowledge(
    session: AsyncSession, identity: Identity, *, up_to: Message, state: DeliveryState
) -> int:
    """A visitor's panel has shown (DELIVERED), or its reader has looked at (READ), what was sent to this
    identity up to a message; answers how many messages that changed.

    Raises Invalid for other states.
    """
    if state not in (DeliveryState.DELIVERED, DeliveryState.READ):
        raise Invalid("A panel can only say delivered or read.", field="state")
    earlier = [DeliveryState.SENT] + ([DeliveryState.DELIVERED] if state is DeliveryState.READ else [])
    conversation, _ = await hold_message(session, up_to)
    rows = select(Delivery, Message).join(Message, Message.id == Delivery.message_id)
    rows = rows.where(
        Message.conversation_id == conversation.id,
        Message.id <= up_to.id,
        Delivery.address == identity.address,
        Delivery.state.in_(earlier),
    ).order_by(Message.id)
    found = (await session.execute(rows)).all()
    customer = await session.get_one(Customer, conversation.customer_id)
    if state is DeliveryState.READ:
        await note_sight(session, [message.id for _, message in found])
    for delivery, message in found:
        delivery.state, delivery.at = state, clock.now()
        message.delivery = worst(await _deliveries(session, message.id))
        message.delivery_at = clock.now()
        record(
            session,
            EventKind.MESSAGE_READ if state is DeliveryState.READ else EventKind.MESSAGE_DELIVERED,
            actor=Actor.customer(customer),
            conversation=conversation,
            case=await session.get(Case, message.case_id) if message.case_id else None,
            message=message,
        )
    return len(found)


async def _begin(session: AsyncSession, departure: Departure) -> _Attempt:
    message = await session.get_one(Message, departure.message_id)
    conversation, case = await hold_message(session, message)
    return _Attempt(conversation, case, message, await _deliveries(session, message.id))


async def _entry_held(session: AsyncSession, departure: Departure) -> OutboxEntry | None:
    """The entry, where the departure's lease still holds."""
    query = select(OutboxEntry).where(holds(departure)).with_for_update()
    return (await session.scalars(query.execution_options(populate_existing=True))).first()


async def _deliveries(session: AsyncSession, message_id: int) -> Sequence[Delivery]:
    query = select(Delivery).where(Delivery.message_id == message_id).order_by(Delivery.id)
    return (await session.scalars(query)).all()


def _schedule(entry: OutboxEntry, attempt: _Attempt, jitter: float) -> None:
    """When the next attempt is due, or the end of it."""
    moment = clock.now()
    entry.claimed_by = entry.claimed_until = None
    delayed = [d for d in attempt.deliveries if d.state == DeliveryState.QUEUED]
    unsure = [d for d in attempt.deliveries if d.state == DeliveryState.UNKNOWN and not d.repeated]
    errors = [delivery.error for delivery in attempt.deliveries if delivery.error]
    entry.last_error = errors[0] if errors else None
    due_at = moment + (AFTER_UNKNOWN if unsure else timedelta())
    if delayed:
        delay = DELAYS[min(entry.delays, len(DELAYS) - 1)] * (1 + jitter / 5)
        due_at, entry.delays = max(due_at, moment + delay), entry.delays + 1
    if delayed and entry.give_up_at is not None and due_at > entry.give_up_at:
        _give_up(attempt, delayed)
        delayed = []
    if delayed or unsure:
        entry.due_at = due_at
        return
    entry.state = end_state(attempt.deliveries)


def _give_up(attempt: _Attempt, delayed: Sequence[Delivery]) -> None:
    for delivery in delayed:
        if delivery in attempt.changed.get(DeliveryState.QUEUED, []):
            attempt.changed[DeliveryState.QUEUED].remove(delivery)
        text = f"Given up after two days. {delivery.error or ''}".strip()
        attempt.note(delivery, DeliveryState.FAILED, text)


async def _sending_works(
    session: AsyncSession, departure: Departure, outcomes: Mapping[str, RecipientOutcome]
) -> None:
    """A paused mailbox that lets mail out again is well; where the server hangs up, all its mail rests."""
    is_sent = any(outcome.outcome is Outcome.SENT for outcome in outcomes.values())
    hangs_up = any(outcome.code == SERVICE_NOT_AVAILABLE for outcome in outcomes.values())
    if not is_sent and not hangs_up:
        return
    channel = await session.get_one(Channel, departure.channel_id)
    if not is_sent:
        rests_until = clock.now() + REST
        channel.sending_paused_until = max(channel.sending_paused_until or rests_until, rests_until)
        return
    if channel.sending_paused_until is None:
        return
    is_all = channel.state == AUTH_FAILED and channel.state_text == channel.sending_text
    channel.sending_paused_until, channel.sending_text = None, ""
    if is_all:
        channel.state, channel.state_text, channel.state_at = "ok", "", clock.now()
        _record_channel(session, channel)


def _record_channel(session: AsyncSession, channel: Channel) -> None:
    facts = {"channel_id": channel.public_id, "state": channel.state}
    record(session, EventKind.CHANNEL_CHANGED, actor=SYSTEM, conversation=None, data=facts)


async def _tell(session: AsyncSession, attempt: _Attempt) -> None:
    """Let the message show its worst delivery; one event for each kind of outcome that is new."""
    if not any(attempt.changed.values()):
        return
    message, moment = attempt.message, clock.now()
    message.delivery, message.delivery_at = worst(attempt.deliveries), moment
    errors = [d.error for d in attempt.deliveries if d.error and d.state == message.delivery]
    message.delivery_error = errors[0] if errors else None
    for state, kind in _EVENTS:
        if changed := attempt.changed.get(state):
            record(
                session,
                kind,
                actor=SYSTEM,
                conversation=attempt.conversation,
                case=attempt.case,
                message=message,
                data=_facts(changed, len(attempt.deliveries)),
            )
    if attempt.changed.get(DeliveryState.FAILED) and attempt.case is not None:
        await answer_failed(session, attempt.conversation, attempt.case, message, actor=SYSTEM)


def _facts(changed: Sequence[Delivery], total: int) -> dict[str, object]:
    facts: dict[str, object] = {"recipients": len(changed), "of": total}
    return facts | ({"again": True} if any(delivery.repeated for delivery in changed) else {})
