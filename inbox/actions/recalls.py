"""Taking back a message that has not left yet, and trying one again that could not."""

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.actions.answers import forget_first_reply
from inbox.actions.events import record
from inbox.actions.previews import refresh_preview
from inbox.actions.responsibility import actor_of
from inbox.actions.snapshots import restore, wait_again
from inbox.actions.statuses import change_status
from inbox.actions.undos import undoable
from inbox.actors import Actor
from inbox.envelopes import Span, SpanKind
from inbox.errors import Conflict
from inbox.holding import hold_message
from inbox.models import (
    Agent,
    Case,
    Conversation,
    Delivery,
    DeliveryState,
    Draft,
    EventKind,
    Message,
    OutboxEntry,
    Status,
    Undo,
)
from inbox.texts import new_words
from inbox.waiting import refresh_waiting

GONE = (DeliveryState.SENT, DeliveryState.DELIVERED, DeliveryState.READ, DeliveryState.UNKNOWN)


async def cancel(session: AsyncSession, message: Message, *, by: Agent) -> None:
    """Take back a message of ours that waits in the outbox; its case stands as it did before.

    The words become the writer's draft again. Raises Conflict where it has left, or is leaving now.
    """
    conversation, case = await hold_message(session, message)
    deliveries = await _deliveries(session, message)
    if any(delivery.state in GONE for delivery in deliveries):
        raise Conflict("This has left already.")
    withdrawn = (
        update(OutboxEntry)
        .where(
            OutboxEntry.message_id == message.id,
            OutboxEntry.state == "waiting",
            OutboxEntry.claimed_by.is_(None),
        )
        .values(state="cancelled")
        .returning(OutboxEntry.id)
    )
    if await session.scalar(withdrawn) is None:
        raise Conflict("This has left already.")
    for delivery in deliveries:
        delivery.state, delivery.at = DeliveryState.CANCELLED, clock.now()
    message.delivery, message.delivery_at = DeliveryState.CANCELLED, clock.now()
    actor = Actor.agent(by)
    record(
        session,
        EventKind.MESSAGE_CANCELLED,
        actor=actor,
        conversation=conversation,
        case=case,
        message=message,
    )
    if case is not None:
        await _stand_as_before(session, conversation, case, message, actor)
    await _keep_words(session, conversation, message)


async def cancel_if_waiting(session: AsyncSession, message: Message, *, by: Agent) -> None:
    """As `cancel`; nothing where it has left. Raises Conflict where it leaves at this moment."""
    waits = select(OutboxEntry.id).where(
        OutboxEntry.message_id == message.id,
        OutboxEntry.state == "waiting",
        OutboxEntry.claimed_by.is_(None),
    )
    if await session.scalar(waits) is not None:
        await cancel(session, message, by=by)


async def hasten(session: AsyncSession, message: Message, *, by: Agent) -> None:
    """Let a message of ours that waits for its time leave now. Raises Conflict where it does not wait."""
    conversation, case = await hold_message(session, message)
    sooner = (
        update(OutboxEntry)
        .where(
            OutboxEntry.message_id == message.id,
            OutboxEntry.state == "waiting",
            OutboxEntry.attempts == 0,
            OutboxEntry.due_at > clock.now(),
        )
        .values(due_at=clock.now())
        .returning(OutboxEntry.id)
    )
    if await session.scalar(sooner) is None:
        raise Conflict("This does not wait any more.")
    record(
        session,
        EventKind.MESSAGE_HASTENED,
        actor=Actor.agent(by),
        conversation=conversation,
        case=case,
        message=message,
    )


async def retry(session: AsyncSession, message: Message, *, by: Agent | Actor) -> None:
    """Try again for the recipients that were not reached: the same bytes, the same Message-ID.

    Raises Conflict where there is nobody to try again for.
    """
    conversation, case = await hold_message(session, message)
    failed = [
        delivery
        for delivery in await _deliveries(session, message)
        if delivery.state in (DeliveryState.FAILED, DeliveryState.BOUNCED, DeliveryState.UNKNOWN)
    ]
    entry = (
        await session.scalars(
            select(OutboxEntry).where(OutboxEntry.message_id == message.id).with_for_update()
        )
    ).first()
    if not failed or entry is None or entry.claimed_by is not None:
        raise Conflict("There is nothing to try again: this is on its way, or has arrived.")
    for delivery in failed:
        delivery.repeated = delivery.repeated or delivery.state == DeliveryState.UNKNOWN
        delivery.state, delivery.error, delivery.at = DeliveryState.QUEUED, None, clock.now()
    entry.state, entry.due_at = "waiting", clock.now()
    entry.delays, entry.give_up_at, entry.last_error = 0, None, None
    message.delivery, message.delivery_error = DeliveryState.QUEUED, None
    message.delivery_at = clock.now()
    actor = actor_of(by)
    record(
        session,
        EventKind.MESSAGE_RETRIED,
        actor=actor,
        conversation=conversation,
        case=case,
        message=message,
    )
    if case is not None and not await refresh_waiting(session, case) and case.status == Status.OPEN:
        change_status(session, conversation, case, Status.PENDING, actor=actor)


@undoable("reply")
async def _take_back_reply(session: AsyncSession, undo: Undo, by: Agent) -> None:
    found = select(Message).where(Message.public_id == undo.journal["message"])
    await cancel(session, (await session.scalars(found)).one(), by=by)


async def _deliveries(session: AsyncSession, message: Message) -> list[Delivery]:
    query = select(Delivery).where(Delivery.message_id == message.id).order_by(Delivery.id)
    return list(await session.scalars(query.execution_options(populate_existing=True)))


async def _stand_as_before(
    session: AsyncSession, conversation: Conversation, case: Case, message: Message, actor: Actor
) -> None:
    await forget_first_reply(session, case, message)
    await refresh_preview(session, conversation, case)
    undo = await _undo_of(session, case, message)
    if undo is not None and case.status == undo.journal["after"]:
        await restore(session, conversation, case, undo.journal["before"], actor=actor)
    if undo is not None:
        await wait_again(session, undo.journal.get("beside", {}), since=undo.created_at)
        undo.undone_at = clock.now()
    if await refresh_waiting(session, case) and case.status == Status.PENDING:
        change_status(session, conversation, case, Status.OPEN, actor=actor)


async def _undo_of(session: AsyncSession, case: Case, message: Message) -> Undo | None:
    rows = await session.scalars(
        select(Undo)
        .where(Undo.case_id == case.id, Undo.action == "reply")
        .order_by(Undo.id.desc())
        .limit(100)
    )
    return next((row for row in rows if row.journal["message"] == message.public_id), None)


async def _keep_words(session: AsyncSession, conversation: Conversation, message: Message) -> None:
    """Put the words back where they were written, unless the writer has begun something else there."""
    if not message.is_answer:
        return  # written at a handoff, not in the composer
    mine = select(Draft.id).where(
        Draft.agent_id == message.author_agent_id,
        Draft.conversation_id == conversation.id,
        Draft.kind == "reply",
    )
    if message.author_agent_id is None or await session.scalar(mine) is not None:
        return
    spans = [Span(start, end, SpanKind(kind)) for start, end, kind in message.spans]
    spans = [span for span in spans if span.kind is SpanKind.SIGNATURE]  # what was passed on is kept
    session.add(
        Draft(
            agent_id=message.author_agent_id,
            conversation_id=conversation.id,
            kind="reply",
            strand_id=message.strand_id,
            text=new_words(message.text, spans),
            updated_at=clock.now(),
        )
    )
