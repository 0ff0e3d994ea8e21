"""Raw inputs and what became of them. One that was filed is seen by whoever may see its message: its bytes
say the same."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actors import Actor
from inbox.errors import NotFound
from inbox.models import Case, Conversation, IgnoredAs, IntakeRecord, IntakeState, Message
from inbox.policies import visible_to

QUARANTINED = select(IntakeRecord.id).where(IntakeRecord.state == IntakeState.QUARANTINED)


async def listed(
    session: AsyncSession,
    actor: Actor,
    *,
    state: IntakeState | None = None,
    kinds: Collection[IgnoredAs] = (),
    before_id: int | None = None,
    limit: int = 50,
) -> Sequence[IntakeRecord]:
    """Raw inputs, newest first; of one state or of all, ignored as one of *kinds* or for any reason;
    *before_id* continues a list."""
    query = select(IntakeRecord).where(_seen(actor)).order_by(IntakeRecord.id.desc()).limit(limit)
    if state is not None:
        query = query.where(IntakeRecord.state == state)
    if kinds:
        query = query.where(IntakeRecord.ignored_as.in_(kinds))
    if before_id is not None:
        query = query.where(IntakeRecord.id < before_id)
    return (await session.scalars(query)).all()


async def by_id(session: AsyncSession, actor: Actor, public_id: str) -> IntakeRecord:
    """The raw input with this public id; raises NotFound."""
    query = select(IntakeRecord).where(IntakeRecord.public_id == public_id, _seen(actor))
    found = await session.scalar(query)
    if found is None:
        raise NotFound("There is no such input.")
    return found


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a raw input; `conversation_id` is the public id of the thread that it went to."""

    record: IntakeRecord
    conversation_id: str | None


async def outcome(session: AsyncSession, actor: Actor, public_id: str) -> Outcome:
    """What became of the raw input with this public id; raises NotFound."""
    record = await by_id(session, actor, public_id)
    query = select(Conversation.public_id).join(Message, Message.conversation_id == Conversation.id)
    return Outcome(record, await session.scalar(query.where(Message.id == record.message_id)))


async def count_quarantined(session: AsyncSession, *, at_most: int = 1000) -> int:
    """How many inputs wait in the quarantine; counting stops at *at_most*."""
    some = QUARANTINED.limit(at_most).subquery()
    return int(await session.scalar(select(func.count()).select_from(some)) or 0)


def _seen(actor: Actor) -> ColumnElement[bool]:
    message = (
        select(Message.id)
        .outerjoin(Case, Case.id == Message.case_id)
        .where(Message.id == IntakeRecord.message_id, Message.case_id.is_(None) | visible_to(actor))
    )
    return or_(IntakeRecord.message_id.is_(None), message.correlate(IntakeRecord).exists())
