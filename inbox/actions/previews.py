"""What the lists repeat of a case's newest message."""

from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.envelopes import Span, SpanKind
from inbox.models import Case, Channel, Conversation, DeliveryState, Message
from inbox.queries.continuity import CONTINUITY
from inbox.texts import new_words, snippet

PREVIEW_LENGTH = 200


def show(case: Case, message: Message, channel_kind: str) -> None:
    """Let the lists show this message as the case's newest."""
    case.last_message_at = message.created_at
    case.last_channel_kind = channel_kind
    case.last_direction = message.direction
    case.last_author = (message.author_name or message.author_address)[:300]
    spans = [Span(start, end, SpanKind(kind)) for start, end, kind in message.spans]
    case.preview = snippet(new_words(message.text, spans) or message.text, PREVIEW_LENGTH)


def says_something() -> ColumnElement[bool]:
    """Whether a message has words of its own: a mail that carries replies of a chat repeats theirs."""
    return func.coalesce(Message.matched_by["rule"].as_string(), "") != CONTINUITY


async def refresh_preview(session: AsyncSession, conversation: Conversation, case: Case) -> None:
    """Show what is newest now, after a message was taken back."""
    stands = Message.delivery.is_(None) | (Message.delivery != DeliveryState.CANCELLED)
    newest = (
        select(Message, Channel.kind)
        .join(Channel, Channel.id == Message.channel_id)
        .where(Message.case_id == case.id, stands, Message.automatic.is_(None), says_something())
        .order_by(Message.id.desc())
        .limit(1)
    )
    found = (await session.execute(newest)).first()
    if found is not None:
        message, channel_kind = found
        show(case, message, channel_kind)
    else:
        case.last_message_at = case.opened_at
        case.preview = case.last_direction = case.last_author = case.last_channel_kind = ""
    conversation.last_message_at = await _newest_moment(session, conversation)


async def _newest_moment(session: AsyncSession, conversation: Conversation) -> datetime:
    stands = Message.delivery.is_(None) | (Message.delivery != DeliveryState.CANCELLED)
    newest = (
        select(Message.created_at)
        .where(Message.conversation_id == conversation.id, stands)
        .order_by(Message.id.desc())
        .limit(1)
    )
    return await session.scalar(newest) or conversation.created_at
