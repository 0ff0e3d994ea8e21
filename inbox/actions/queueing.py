"""Putting a message into the outbox: its Message-ID is minted, its recipients and its way out stand fixed, in
the transaction that caused it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.actions.events import record
from inbox.actions.previews import show
from inbox.actors import Actor
from inbox.envelopes import Address, ChannelKind, SpanKind
from inbox.errors import Invalid
from inbox.ids import public_id
from inbox.models import (
    Agent,
    Attachment,
    AuthorKind,
    Case,
    Channel,
    Conversation,
    Delivery,
    DeliveryState,
    Direction,
    EventKind,
    Message,
    OutboxEntry,
    Strand,
)
from inbox.queries.recipients import newest_standing
from inbox.signatures import DELIMITER, signature_of
from inbox.sizes import MOST_BYTES, most_bytes
from inbox.subjects import checked_subject, reply_subject
from inbox.tokens import StrandTokens, mint_message_id

LONGEST_TEXT = 500_000
MOST_REFERENCES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplySettings:
    """What an installation has chosen, as far as writing asks for it."""

    tokens: StrandTokens
    undo_seconds: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What an agent wrote, and what goes with it. `html` where it was not written in Markdown; `subject`
    where it is not that of the strand; `forwarded` is somebody else's message, passed on below it."""

    text: str
    html: str | None = None
    subject: str | None = None
    forwarded: str = ""
    attachments: Sequence[Attachment] = ()

    def laid_out(self, signature: str) -> tuple[str, list[list[int | str]]]:
        """The whole text that leaves, and which ranges of it ([start, end, kind]) are no new words."""
        text = _plain(self.text).rstrip()
        spans: list[list[int | str]] = []
        for part, kind in ((signature, SpanKind.SIGNATURE), (self.forwarded, SpanKind.QUOTE)):
            if not part:
                continue
            below = f"{DELIMITER}\n{part}" if kind is SpanKind.SIGNATURE else _plain(part)
            start = len(text) + 2 if text else 0
            text = f"{text}\n\n{below}" if text else below
            spans.append([start, len(text), str(kind)])
        return text, spans


@dataclass(frozen=True, slots=True)
class Desk:
    """Where a message of ours stands: its conversation (held), its strand, its case."""

    conversation: Conversation
    strand: Strand
    case: Case


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Through which channel a message leaves, and to whom."""

    channel: Channel
    to: Sequence[Address]
    cc: Sequence[Address] = ()
    bcc: Sequence[Address] = ()

    def recipients(self) -> list[tuple[Address, str]]:
        """Each address once, with its role."""
        found: dict[str, tuple[Address, str]] = {}
        for role, addresses in (("to", self.to), ("cc", self.cc), ("bcc", self.bcc)):
            for address in addresses:
                found.setdefault(address.value, (address, role))
        return list(found.values())


async def queue(
    session: AsyncSession,
    desk: Desk,
    *,
    by: Agent,
    words: Words,
    envelope: Envelope,
    settings: ReplySettings,
    send_at: datetime | None = None,
    is_answer: bool = True,
) -> Message:
    """Write an outbound message into a held conversation and into the outbox, with its event. Without
    *is_answer* whoever asked waits on.

    Raises Invalid where the words cannot be sent.
    """
    check_words(words, by, limit=most_bytes(envelope.channel))
    message = await _message(session, desk, by, words, envelope, settings)
    message.is_answer = is_answer
    session.add(message)
    await session.flush()
    for attachment in words.attachments:
        attachment.message_id = message.id
    _put_into_outbox(session, message, envelope, settings, send_at)
    _note_on(desk, message, envelope.channel)
    record(
        session,
        EventKind.MESSAGE_QUEUED,
        actor=Actor.agent(by),
        conversation=desk.conversation,
        case=desk.case,
        message=message,
        data={"channel": envelope.channel.kind, "recipients": len(envelope.recipients())},
    )
    return message


def _put_into_outbox(
    session: AsyncSession,
    message: Message,
    envelope: Envelope,
    settings: ReplySettings,
    send_at: datetime | None,
) -> None:
    moment = message.created_at
    for address, role in envelope.recipients():
        delivery = Delivery(
            message_id=message.id, address=address.value, name=address.name, role=role, at=moment
        )
        session.add(delivery)
    wait = settings.undo_seconds if envelope.channel.kind == ChannelKind.EMAIL else 0
    due_at = max(send_at or moment, moment + timedelta(seconds=wait))
    session.add(OutboxEntry(message_id=message.id, channel_id=envelope.channel.id, due_at=due_at))


def _note_on(desk: Desk, message: Message, channel: Channel) -> None:
    desk.strand.last_message_at = desk.conversation.last_message_at = message.created_at
    if message.is_answer and not desk.strand.is_side:  # a question to a supplier is no answer to the customer
        desk.case.first_replied_at = desk.case.first_replied_at or message.created_at
    show(desk.case, message, channel.kind)


def check_words(words: Words, by: Agent, *, limit: int = MOST_BYTES) -> None:
    """Raises Invalid, with a sentence for the writer, where the words or the files cannot be sent."""
    if not words.text.strip() and not words.attachments and not words.forwarded:
        raise Invalid("Write something first.", field="text")
    if len(words.text) > LONGEST_TEXT:
        raise Invalid("A message has at most %(most)d characters.", most=LONGEST_TEXT, field="text")
    for attachment in words.attachments:
        if attachment.message_id is not None or attachment.uploaded_by_agent_id != by.id:
            raise Invalid("One of the files is no longer there. Add it again.", field="attachments")
    if sum(attachment.size for attachment in words.attachments) > limit:
        raise Invalid(
            "The files are larger than %(megabytes)s MB together. Send a link instead.",
            megabytes=f"{limit / 1e6:.0f}",
            field="attachments",
        )


async def _message(
    session: AsyncSession, desk: Desk, by: Agent, words: Words, envelope: Envelope, settings: ReplySettings
) -> Message:
    channel, own_id, moment, strand = envelope.channel, public_id(), clock.now(), desk.strand
    asked = await _newest_asked(session, strand)
    is_email = channel.kind == ChannelKind.EMAIL
    text, spans = words.laid_out(signature_of(by, channel) if is_email else "")
    return Message(
        public_id=own_id,
        conversation_id=desk.conversation.id,
        origin_conversation_id=desk.conversation.id,
        strand_id=strand.id,
        case_id=desk.case.id,
        channel_id=channel.id,
        answers_message_id=asked.id if asked else None,
        direction=Direction.OUTBOUND,
        author_kind=AuthorKind.AGENT,
        author_agent_id=by.id,
        author_name=by.name,
        author_address=channel.address or "",
        sender=[{"name": by.name, "address": channel.address}] if channel.address else [],
        to=[written(address) for address in envelope.to],
        cc=[written(address) for address in envelope.cc],
        bcc=[written(address) for address in envelope.bcc],
        subject=await _subject(session, strand, words) if is_email else "",
        text=text,
        spans=spans,
        html=words.html,
        external_id=_external_id(own_id, strand, channel, settings.tokens),
        references=await references_of(session, strand),
        delivery=DeliveryState.QUEUED,
        delivery_at=moment,
        created_at=moment,
    )


def written(address: Address) -> dict[str, str]:
    """An address as a message's columns hold it."""
    return {"name": address.name, "address": address.value}


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\x00", "")


def _external_id(own_id: str, strand: Strand, channel: Channel, tokens: StrandTokens) -> str:
    if channel.kind != ChannelKind.EMAIL or channel.address is None:
        return own_id
    return mint_message_id(own_id, tokens.mint(strand.public_id), channel.address)


async def _newest_asked(session: AsyncSession, strand: Strand) -> Message | None:
    newest = (
        select(Message)
        .where(
            Message.strand_id == strand.id,
            Message.direction == Direction.INBOUND,
            Message.is_spam.is_(False),
        )
        .order_by(Message.id.desc())
        .limit(1)
    )
    return (await session.scalars(newest)).first()


async def _subject(session: AsyncSession, strand: Strand, words: Words) -> str:
    """What the agent wrote there, else an answer to the newest subject of the strand."""
    if words.subject is not None:
        return checked_subject(words.subject)
    newest = await newest_standing(session, strand)
    return strand.subject if newest is None else reply_subject(newest.subject or strand.subject)


async def references_of(session: AsyncSession, strand: Strand) -> list[str]:
    """The Message-IDs that this one answers (RFC 5322 §3.6.4), nearest first: that of the customer's newest
    mail in the strand, or of our own where they wrote none."""
    newest = (
        select(Message)
        .join(Channel, Channel.id == Message.channel_id)
        .where(
            Message.strand_id == strand.id,
            Channel.kind == ChannelKind.EMAIL,
            Message.external_id.like("%@%"),
            Message.is_spam.is_(False),
            Message.delivery.is_(None) | (Message.delivery != DeliveryState.CANCELLED),
        )
        .order_by((Message.direction == Direction.INBOUND).desc(), Message.id.desc())
        .limit(1)
    )
    parent = (await session.scalars(newest)).first()
    if parent is None or parent.external_id is None:
        return []
    chain = dict.fromkeys([parent.external_id, *parent.references])
    return list(chain)[:MOST_REFERENCES]
