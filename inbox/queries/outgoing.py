"""What a sender needs to compose a message of ours."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.envelopes import Address, ChannelKind, OutboundAttachment, OutboundMessage, Span, SpanKind
from inbox.models import Attachment, Channel, Message, Strand, StrandParticipant
from inbox.queries.continuity import carried_replies, words_of
from inbox.queries.recipients import read_address
from inbox.signatures import DELIMITER
from inbox.texts import new_words
from inbox.tokens import StrandTokens
from inbox.verification import may_hold_codes

LOGGED = "logged"


async def outbound_message(session: AsyncSession, message_id: int, tokens: StrandTokens) -> OutboundMessage:
    """The message as its sender composes it. Call it once: the bytes made of it are kept."""
    message = await session.get_one(Message, message_id)
    channel = await session.get_one(Channel, message.channel_id)
    strand = await session.get_one(Strand, message.strand_id)
    asked = None if channel.settings.get("quoting") == "none" else await _quotable(session, message)
    spans = [Span(start, end, SpanKind(kind)) for start, end, kind in message.spans]
    carried = await carried_replies(session, message)
    return OutboundMessage(
        message_id=message.public_id,
        external_id=message.external_id or message.public_id,
        channel=ChannelKind(channel.kind),
        sender=Address(value=channel.address or "", name=message.author_name),
        to=tuple(map(read_address, message.to)),
        cc=tuple(map(read_address, message.cc)),
        bcc=tuple(map(read_address, message.bcc)),
        subject=message.subject,
        text=words_of(carried, message.matched_by["language"]) if carried else _own_words(message, spans),
        html=message.html,
        signature=_signature_in(message.text, spans),
        forwarded=_part(message.text, spans, SpanKind.QUOTE),
        quoted_text=_words_of(asked) if asked else None,
        quoted_author=(asked.author_name or asked.author_address) if asked else None,
        quoted_at=asked.created_at if asked else None,
        references=tuple(reversed(message.references)),
        token=tokens.mint(strand.public_id) if channel.settings.get("plus_addressing") else "",
        written_at=clock.now(),
        attachments=await _attachments(session, [message.id, *(reply.id for reply in carried)]),
    )


async def _quotable(session: AsyncSession, message: Message) -> Message | None:
    """The message that is answered, unless somebody reads this who was not there when it was written, or it
    is what an agent wrote down about a call, or may hold a code to sign in with."""
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
    answered = await session.get(Message, message.answers_message_id)
    if answered is None or may_hold_codes(answered.author_address):
        return None
    return answered if answered.matched_by.get("rule") != LOGGED else None


def _own_words(message: Message, spans: Sequence[Span]) -> str:
    return new_words(message.text, spans) if spans else message.text


def _part(text: str, spans: Sequence[Span], kind: SpanKind) -> str:
    return "\n".join(text[span.start : span.end] for span in spans if span.kind is kind)


def _signature_in(text: str, spans: Sequence[Span]) -> str:
    return _part(text, spans, SpanKind.SIGNATURE).removeprefix(f"{DELIMITER}\n")


def _words_of(message: Message) -> str | None:
    spans = [Span(start, end, SpanKind(kind)) for start, end, kind in message.spans]
    return new_words(message.text, spans) or None


async def _attachments(session: AsyncSession, message_ids: Sequence[int]) -> tuple[OutboundAttachment, ...]:
    rows = select(Attachment).where(Attachment.message_id.in_(message_ids)).order_by(Attachment.id)
    return tuple(
        OutboundAttachment(
            filename=attachment.filename,
            content_type=attachment.content_type,
            size=attachment.size,
            digest=attachment.digest,
        )
        for attachment in (await session.scalars(rows)).all()
    )
