"""What counts as answered, and what undoes it."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.actions.events import record
from inbox.actions.responsibility import settle_handoffs
from inbox.actions.snapshots import strands_of
from inbox.actions.statuses import change_status
from inbox.actors import Actor
from inbox.errors import Invalid
from inbox.models import Agent, Case, Conversation, Direction, EventKind, Message, Status, Strand
from inbox.waiting import refresh_waiting


def mark_strands(
    session: AsyncSession,
    conversation: Conversation,
    case: Case | None,
    strands: Iterable[Strand],
    *,
    actor: Actor,
) -> None:
    """Mark strands of a held conversation as answered without a reply, each with its event."""
    for strand in strands:
        strand.answered_at = clock.now()
        record(
            session,
            EventKind.STRAND_ANSWERED,
            actor=actor,
            conversation=conversation,
            case=case,
            data={"strand_id": strand.public_id},
        )


async def answer_all(session: AsyncSession, case: Case) -> None:
    """Mark every strand of a held case: what resolving and "they owe us" say.

    A strand whose next message goes to another case may wait there: it is left alone.
    """
    for strand in await strands_of(session, case):
        strand.answered_at = clock.now()
    await refresh_waiting(session, case)
    case.waiting_since = case.due_at = None


async def move_on(
    session: AsyncSession,
    conversation: Conversation,
    case: Case,
    *,
    by: Agent,
    then: Status,
    snoozed_until: datetime | None = None,
) -> None:
    """What becomes of a held case after a message of ours. Raises Invalid where *then* is no such status."""
    if then is Status.SNOOZED and snoozed_until is not None and snoozed_until <= clock.now():
        raise Invalid("Choose a time that is still to come.", field="snoozed_until")
    actor = Actor.agent(by)
    if then is Status.SPAM:
        raise Invalid("A reply cannot make a case spam.", field="then")
    waiting = await refresh_waiting(session, case)
    if then is Status.PENDING and waiting:
        then = Status.OPEN
    if then is Status.RESOLVED:
        await answer_all(session, case)
        await settle_handoffs(session, conversation, case, taken_by=None, actor=actor)
    change_status(session, conversation, case, then, actor=actor, snoozed_until=snoozed_until)


async def answer_failed(
    session: AsyncSession, conversation: Conversation, case: Case, message: Message, *, actor: Actor
) -> None:
    """A reply did not arrive: its strand waits again, and its held case is open."""
    strand = await session.get_one(Strand, message.strand_id)
    if strand.answered_at is not None and strand.answered_at >= message.created_at:
        strand.answered_at = None  # the mark stood for this answer
    await forget_first_reply(session, case, message)
    await refresh_waiting(session, case)
    if case.status != Status.SPAM:
        change_status(session, conversation, case, Status.OPEN, actor=actor)


async def forget_first_reply(session: AsyncSession, case: Case, message: Message) -> None:
    """Where this was the case's first reply, it has none yet."""
    if case.first_replied_at != message.created_at:
        return
    earlier = select(Message.id).where(
        Message.case_id == case.id,
        Message.direction == Direction.OUTBOUND,
        Message.id < message.id,
        Message.created_at == message.created_at,
    )
    if (await session.scalars(earlier.limit(1))).first() is None:
        case.first_replied_at = None
