"""What a delivery status notification does to the message that it is about. It never becomes a message
itself."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.actions.answers import answer_failed
from inbox.actions.departures import worst
from inbox.actions.events import record
from inbox.actors import SYSTEM
from inbox.envelopes import Bounce, BounceAction, BouncedRecipient
from inbox.models import (
    Case,
    Conversation,
    Delivery,
    DeliveryState,
    Direction,
    EventKind,
    IgnoredAs,
    Message,
    SuppressedAddress,
)

EVENTS = {
    BounceAction.FAILED: EventKind.MESSAGE_BOUNCED,
    BounceAction.DELAYED: EventKind.MESSAGE_DELAYED,
    BounceAction.DELIVERED: EventKind.MESSAGE_DELIVERED,
    BounceAction.COMPLAINED: EventKind.MESSAGE_COMPLAINED,
    BounceAction.READ: EventKind.MESSAGE_READ,
}
COMPLAINED = "Its recipient has called it spam."


@dataclass(frozen=True, slots=True)
class Reported:
    """What a report was about, in words and as a kind."""

    reason: str
    kind: IgnoredAs


async def apply_bounce(session: AsyncSession, bounce: Bounce) -> Reported:
    """Mark the recipients that a report names; a failed one undoes the answer and opens its case again, a
    complaint ends automatic mail to the address.

    Answers what was done. A notification that names no message of ours, or nobody it was sent to, changes
    nothing: it stands among the reports that nobody matched.
    """
    query = select(Message).where(
        Message.external_id.in_(bounce.message_ids), Message.direction == Direction.OUTBOUND
    )
    message = (await session.scalars(query.limit(1))).first()
    if message is None:
        return _unmatched("A delivery report about a message that we did not send.")
    deliveries = (await session.scalars(select(Delivery).where(Delivery.message_id == message.id))).all()
    touched: set[BounceAction] = set()
    for recipient in bounce.recipients:
        for delivery in _meant(deliveries, recipient):
            if recipient.action is BounceAction.COMPLAINED:
                is_news = await _suppress(session, delivery, message)
            else:
                is_news = _apply(delivery, recipient)
            if is_news:
                touched.add(recipient.action)
    for action in sorted(touched):
        await _tell(session, message, deliveries, action, bounce)
    if not touched and not _is_repetition(bounce, deliveries):
        return _unmatched("A delivery report that names no recipient of ours.")
    return Reported("A delivery report about a message of ours.", IgnoredAs.REPORT)


def _unmatched(reason: str) -> Reported:
    return Reported(reason, IgnoredAs.UNMATCHED_REPORT)


def _is_repetition(bounce: Bounce, deliveries: Sequence[Delivery]) -> bool:
    """Whether it says what another report has said before."""
    return any(_meant(deliveries, recipient) for recipient in bounce.recipients)


def _meant(deliveries: Sequence[Delivery], recipient: BouncedRecipient) -> list[Delivery]:
    """Whom a report is about; one that leaves the address out is about the only one there is."""
    if not recipient.address:
        return list(deliveries) if len(deliveries) == 1 else []
    return [delivery for delivery in deliveries if delivery.address == recipient.address.lower()]


async def _suppress(session: AsyncSession, delivery: Delivery, message: Message) -> bool:
    known = select(SuppressedAddress.id).where(SuppressedAddress.address == delivery.address)
    if await session.scalar(known) is not None:
        return False
    session.add(
        SuppressedAddress(address=delivery.address, reason="Called a mail spam.", message_id=message.id)
    )
    await session.flush()
    return True


def _apply(delivery: Delivery, recipient: BouncedRecipient) -> bool:
    if delivery.state == DeliveryState.BOUNCED:
        return False  # the same report may come again, when a mailbox is read anew
    delivery.at = clock.now()
    if recipient.action is BounceAction.FAILED:
        delivery.state = DeliveryState.BOUNCED
        delivery.error = f"{recipient.status} {recipient.diagnostic}".strip()[:1000]
    elif recipient.action is BounceAction.DELIVERED:
        if delivery.state != DeliveryState.SENT:
            return False
        delivery.state, delivery.error = DeliveryState.DELIVERED, None
    elif recipient.action is BounceAction.READ:
        if delivery.state not in (DeliveryState.SENT, DeliveryState.DELIVERED):
            return False
        delivery.state, delivery.error = DeliveryState.READ, None
    else:
        delivery.error = f"{recipient.status} {recipient.diagnostic}".strip()[:1000]
    return True


async def _tell(
    session: AsyncSession,
    message: Message,
    deliveries: Sequence[Delivery],
    action: BounceAction,
    bounce: Bounce,
) -> None:
    conversation = await session.get_one(Conversation, message.conversation_id)
    case = await session.get(Case, message.case_id) if message.case_id else None
    texts = [r.diagnostic or r.status for r in bounce.recipients if r.action is action]
    has_arrived = action in (BounceAction.DELIVERED, BounceAction.READ)
    if has_arrived or action is BounceAction.FAILED:
        message.delivery, message.delivery_at = worst(deliveries), clock.now()
    if action is BounceAction.COMPLAINED:
        texts = [COMPLAINED]
    if not has_arrived or message.delivery in (DeliveryState.DELIVERED, DeliveryState.READ):
        message.delivery_error = (texts[0] if texts else "")[:1000]
    record(session, EVENTS[action], actor=SYSTEM, conversation=conversation, case=case, message=message)
    if action is BounceAction.FAILED and case is not None:
        await answer_failed(session, conversation, case, message, actor=SYSTEM)
