"""Opening cases and changing what they say about themselves."""

from collections.abc import Sequence

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.actions.events import record
from inbox.actors import SYSTEM, Actor
from inbox.models import Case, CaseNumber, Channel, Conversation, EventKind, Status


async def next_case_numbers(session: AsyncSession, count: int = 1) -> Sequence[int]:
    """*count* numbers that no other case will ever have, ascending."""
    taken = update(CaseNumber).values(newest=CaseNumber.newest + count).returning(CaseNumber.newest)
    last = (await session.execute(taken)).scalar_one()
    return range(last - count + 1, last + 1)


async def open_case(
    session: AsyncSession,
    conversation: Conversation,
    *,
    subject: str,
    channel: Channel | None = None,
    claimed: bool = False,
    status: Status = Status.OPEN,
    by: Actor = SYSTEM,
) -> Case:
    """Open a piece of work in a saved conversation, in the queue of the channel's default team."""
    (number,) = await next_case_numbers(session)
    case = Case(
        number=number,
        conversation_id=conversation.id,
        origin_conversation_id=conversation.id,
        subject=subject,
        claimed=claimed,
        status=status,
        first_channel_id=channel.id if channel else None,
        team_id=channel.default_team_id if channel else None,
        opened_at=clock.now(),
    )
    session.add(case)
    await session.flush()
    record(session, EventKind.CASE_OPENED, actor=by, conversation=conversation, case=case)
    return case
