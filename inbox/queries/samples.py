"""The sample of a new installation: its channels, and how far somebody has got with it."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.envelopes import AddressKind, ChannelKind
from inbox.models import Channel, Conversation, Direction, Identity, Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    mailbox: Channel
    chat: Channel
    form: Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Which ways the sample customer has written in; `conversation_id` is the public id of their thread."""

    kinds: frozenset[str]
    conversation_id: str | None
    answers: tuple[Message, ...]


async def sample_channels(session: AsyncSession) -> Samples | None:
    """The sample's channels; None where there is no sample, or where it was switched off in part."""
    query = select(Channel).where(Channel.is_sample, Channel.deactivated_at.is_(None))
    by_kind = {channel.kind: channel for channel in await session.scalars(query)}
    try:
        return Samples(
            mailbox=by_kind[ChannelKind.EMAIL],
            chat=by_kind[ChannelKind.WEBCHAT],
            form=by_kind[ChannelKind.FORM],
        )
    except KeyError:
        return None


async def progress(session: AsyncSession, address: str) -> Progress:
    """How the customer with this email address has written so far, and what they were mailed, newest
    first."""
    thread = (
        select(Conversation)
        .join(Identity, Identity.customer_id == Conversation.customer_id)
        .where(Identity.kind == AddressKind.EMAIL, Identity.address == address)
    )
    conversation = (await session.scalars(thread)).first()
    if conversation is None:
        return Progress(kinds=frozenset(), conversation_id=None, answers=())
    of_thread = Message.conversation_id == conversation.id
    kinds = (
        select(Channel.kind)
        .join(Message, Message.channel_id == Channel.id)
        .where(of_thread, Message.direction == Direction.INBOUND)
        .distinct()
    )
    answers = (
        select(Message)
        .join(Channel, Channel.id == Message.channel_id)
        .where(of_thread, Message.direction == Direction.OUTBOUND, Channel.kind == ChannelKind.EMAIL)
        .order_by(Message.id.desc())
        .limit(3)
    )
    return Progress(
        kinds=frozenset(await session.scalars(kinds)),
        conversation_id=conversation.public_id,
        answers=tuple(await session.scalars(answers)),
    )
