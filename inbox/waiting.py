"""Who waits for an answer, and since when.

A strand waits while it has an inbound message after its last reply that was not cancelled and did not fail,
and after its *answered* mark. A case waits while one of its strands does.
"""

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.models import AuthorKind, Case, DeliveryState, Direction, Message, Strand
from inbox.targets import due_of

NO_ANSWER = (DeliveryState.CANCELLED, DeliveryState.FAILED, DeliveryState.BOUNCED)


async def refresh_waiting(session: AsyncSession, case: Case) -> list[Strand]:
    """Work out anew since when a case and its strands wait; answers the strands that still do, longest first.

    Flushes first, so that what the action has just added counts.
    """
    await session.flush()
    seen = await session.scalars(select(Message.strand_id).where(Message.case_id == case.id).distinct())
    ids = set(seen) | set(await session.scalars(select(Strand.id).where(Strand.case_id == case.id)))
    strands = (await session.scalars(select(Strand).where(Strand.id.in_(ids)))).all()
    waiting: list[tuple[datetime, Strand]] = []
    for strand in strands:
        since = await _waiting_since(session, strand, case)
        if strand.case_id in (case.id, None):
            strand.waiting_since = since
        if since is not None:
            waiting.append((since, strand))
    waiting.sort(key=lambda pair: (pair[0], pair[1].id))
    since, longest = waiting[0] if waiting else (None, None)
    case.waiting_since = since
    case.due_at = await due_of(session, case, longest.channel_id, since) if longest else None
    return [strand for _, strand in waiting]


async def _waiting_since(session: AsyncSession, strand: Strand, case: Case) -> datetime | None:
    last_reply = (
        select(Message.id)
        .where(
            Message.strand_id == strand.id,
            Message.direction == Direction.OUTBOUND,
            Message.author_kind != AuthorKind.SYSTEM,  # what nobody wrote answers nothing
            Message.is_answer.is_(True),
            or_(Message.delivery.is_(None), Message.delivery.not_in(NO_ANSWER)),  # imported ones have none
        )
        .order_by(Message.id.desc())
        .limit(1)
    )
    asked = (
        select(Message.created_at)
        .where(
            Message.strand_id == strand.id,
            Message.case_id == case.id,
            Message.direction == Direction.INBOUND,
            Message.delivery.is_(None),  # a call that was taken back was none
            Message.automatic.is_(None),
            Message.is_spam.is_(False),
            Message.is_history.is_(False),
        )
        .order_by(Message.id)
        .limit(1)
    )
    replied_with = await session.scalar(last_reply)
    if replied_with is not None:
        asked = asked.where(Message.id > replied_with)
    if strand.answered_at is not None:
        asked = asked.where(Message.created_at > strand.answered_at)
    return await session.scalar(asked)
