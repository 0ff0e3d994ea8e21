"""What lists show of the newest message, and when it was: kept beside cases, strands and conversations."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actions.previews import says_something, show
from inbox.models import (
    Case,
    Channel,
    Conversation,
    Customer,
    DeliveryState,
    Direction,
    Message,
    Status,
    Strand,
)
from inbox.waiting import refresh_waiting


def _counts() -> ColumnElement[bool]:
    """What somebody has really written or sent: what was cancelled has not been."""
    return or_(Message.delivery.is_(None), Message.delivery != DeliveryState.CANCELLED)


async def refresh_summary(session: AsyncSession, case: Case) -> None:
    """Repeat the newest message of a case in its row. Automatic mail and spam do not stand for a case."""
    await session.flush()
    newest = select(Message, Channel.kind).join(Channel, Channel.id == Message.channel_id)
    newest = newest.where(
        Message.case_id == case.id, Message.automatic.is_(None), _counts(), says_something()
    )
    if case.status != Status.SPAM:
        newest = newest.where(Message.is_spam.is_(False))
    newest = newest.order_by(Message.position.desc(), Message.id.desc()).limit(1)
    found = (await session.execute(newest)).first()
    if found is None:
        case.last_message_at = case.opened_at
        case.last_channel_kind = case.last_direction = case.last_author = case.preview = ""
        return
    message, kind = found
    show(case, message, kind)
    if not message.author_name and message.direction == Direction.INBOUND:
        case.last_author = (await _customer_name(session, case))[:300] or case.last_author


async def refresh_strand(session: AsyncSession, strand: Strand) -> None:
    """Say anew when something was last written in a strand."""
    await session.flush()
    inbound = func.max(Message.created_at).filter(Message.direction == Direction.INBOUND)
    query = select(func.max(Message.created_at), inbound).where(Message.strand_id == strand.id, _counts())
    strand.last_message_at, strand.last_inbound_at = (await session.execute(query)).one()


async def refresh_conversation(session: AsyncSession, conversation: Conversation) -> None:
    """Say anew when something was last written in a conversation."""
    await session.flush()
    query = select(func.max(Message.created_at)).where(Message.conversation_id == conversation.id, _counts())
    conversation.last_message_at = await session.scalar(query) or conversation.created_at


async def refresh_all(
    session: AsyncSession,
    *,
    cases: Iterable[Case] = (),
    strands: Iterable[Strand] = (),
    conversations: Iterable[Conversation] = (),
) -> None:
    """Work out anew what messages say about everything they came from and went to, waiting times too."""
    for strand in strands:
        await refresh_strand(session, strand)
    for case in cases:
        await refresh_waiting(session, case)
        await refresh_summary(session, case)
    for conversation in conversations:
        await refresh_conversation(session, conversation)
    await session.flush()


async def _customer_name(session: AsyncSession, case: Case) -> str:
    query = select(Customer.name).join(Conversation, Conversation.customer_id == Customer.id)
    return await session.scalar(query.where(Conversation.id == case.conversation_id)) or ""
