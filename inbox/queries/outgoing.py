"""What a sender needs to compose a message of ours."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.envelopes import Address, ChannelKind, OutboundAttachment, OutboundMessage, Span, SpanKind
from inbox.models import Attachment, Channel, Message, Strand, StrandParticipant
from inbox.queries.recipients import read_address
from inbox.texts import new_words
from inbox.tokens import StrandTokens


async def outbound_message(session: AsyncSession, message_id: int, tokens: StrandTokens) -> OutboundMessage:
    """The message as its sender composes it. Call it once: the bytes made of it are kept."""
    message = await session.get_one(Message, message_id)
    channel = await session.get_one(Channel, message.channel_id)
    strand = await session.get_one(Strand, message.strand_id)
    asked = await _quotable(session, message)
    return OutboundMessage(
        message_id=message.public_id,
        external_id=message.external_id or message.public_id,
        channel=ChannelKind(channel.kind),
        sender=Address(value=channel.address or "", name=message.author_name),
        to=tuple(map(read_address, message.to)),
        cc=tuple(map(read_address, message.cc)),
        bcc=tuple(map(read_address, message.bcc)),
        subject=message.subject,
        text=message.text,
        html=message.html,
        quoted_text=_words_of(asked) if asked else None,
        quoted_author=(asked.author_name or asked.author_address) if asked else None,
        quoted_at=asked.created_at if asked else None,
        references=tuple(reversed(message.references)),
        token=tokens.mint(strand.public_id) if channel.settings.get("plus_addressing") else "",
        written_at=clock.now(),
        attachments=await _attachments(session, message),
    )


async def _quotable(session: AsyncSession, message: Message) -> Message | None:
    """The message that is answered, unless somebody reads this who was not there when it was written."""
    if message.answers_message_id is None:
        return None
    joined_with_this = select(StrandParticipant.id).where(
        StrandParticipant.strand_id == message.strand_id,
        StrandParticipant.put_by == "agent",
        StrandParticipant.confirmed_at >= message.created_at,
        StrandParticipant.address.in_([read_address(one).value for one in (*message.to, *message.cc)]),
    )
    if await session.scalar(joined_with_this.limit(1)) is not None:
        return None
    return await session.get(Message, message.answers_message_id)


def _words_of(message: Message) -> str | None:
    spans = [Span(start, end, SpanKind(kind)) for start, end, kind in message.spans]
    return new_words(message.text, spans) or None


async def _attachments(session: AsyncSession, message: Message) -> tuple[OutboundAttachment, ...]:
    rows = select(Attachment).where(Attachment.message_id == message.id).order_by(Attachment.id)
    return tuple(
        OutboundAttachment(
            filename=attachment.filename,
            content_type=attachment.content_type,
            size=attachment.size,
            digest=attachment.digest,
        )
        for attachment in (await session.scalars(rows)).all()
    )
