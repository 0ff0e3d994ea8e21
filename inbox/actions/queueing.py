"""Putting a message into the outbox: its Message-ID is minted, its recipients and its way out stand fixed, in
the transaction that caused it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.actions.events import record
from inbox.actions.previews import show
from inbox.actors import Actor
from inbox.envelopes import Address, ChannelKind
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
from inbox.tokens import StrandTokens, mint_message_id

LONGEST_TEXT = 500_000
MOST_BYTES = 20_000_000  # with base64 below the 25 to 28 MB that mail servers take
MOST_REFERENCES = 50

_REPLY_MARKS = re.compile(
    r"^(?:\s*(?:re|aw|sv|antw|vs|res|rif|odp|回复|答复)\s*(?:\[\d+\]|\(\d+\))?\s*[:\uff1a])+", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplySettings:
    """What an installation has chosen, as far as writing asks for it."""

    tokens: StrandTokens
    undo_seconds: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What an agent wrote, and what goes with it. `html` where it was not written in Markdown."""

    text: str
    html: str | None = None
    attachments: Sequence[Attachment] = ()


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
    conversation: Conversation,
    strand: Strand,
    case: Case,
    *,
    by: Agent,
    words: Words,
    envelope: Envelope,
    settings: ReplySettings,
    send_at: datetime | None = None,
) -> Message:
    """Write an outbound message into a held conversation and into the outbox, with its event.

    Raises Invalid where the words cannot be sent.
    """
    check_words(words, by)
    moment = clock.now()
    message = await _message(session, conversation, strand, case, by, words, envelope, settings)
    session.add(message)
    await session.flush()
    for attachment in words.attachments:
        attachment.message_id = message.id
    for address, role in envelope.recipients():
        delivery = Delivery(
            message_id=message.id, address=address.value, name=address.name, role=role, at=moment
        )
        session.add(delivery)
    wait = settings.undo_seconds if envelope.channel.kind == ChannelKind.EMAIL else 0
    due_at = max(send_at or moment, moment + timedelta(seconds=wait))
    session.add(OutboxEntry(message_id=message.id, channel_id=envelope.channel.id, due_at=due_at))
    strand.last_message_at = conversation.last_message_at = moment
    case.first_replied_at = case.first_replied_at or moment
    show(case, message, envelope.channel.kind)
    facts = {"channel": envelope.channel.kind, "recipients": len(envelope.recipients())}
    record(
        session,
        EventKind.MESSAGE_QUEUED,
        actor=Actor.agent(by),
        conversation=conversation,
        case=case,
        message=message,
        data=facts,
    )
    return message


def check_words(words: Words, by: Agent) -> None:
    """Raises Invalid, with a sentence for the writer, where the words or the files cannot be sent."""
    if not words.text.strip() and not words.attachments:
        raise Invalid("Write something first.", field="text")
    if len(words.text) > LONGEST_TEXT:
        raise Invalid(f"A message has at most {LONGEST_TEXT:,} characters.", field="text")
    for attachment in words.attachments:
        if attachment.message_id is not None or attachment.uploaded_by_agent_id != by.id:
            raise Invalid("One of the files is no longer there. Add it again.", field="attachments")
    if sum(attachment.size for attachment in words.attachments) > MOST_BYTES:
        raise Invalid("The files are larger than 20 MB together. Send a link instead.", field="attachments")


def reply_subject(subject: str) -> str:
    """The subject of an answer: one "Re:", however many went before."""
    bare = _REPLY_MARKS.sub("", subject).strip()
    return f"Re: {bare or 'your message'}"[:1000]


async def _message(
    session: AsyncSession,
    conversation: Conversation,
    strand: Strand,
    case: Case,
    by: Agent,
    words: Words,
    envelope: Envelope,
    settings: ReplySettings,
) -> Message:
    channel, own_id, moment = envelope.channel, public_id(), clock.now()
    asked = await _newest_asked(session, strand)
    return Message(
        public_id=own_id,
        conversation_id=conversation.id,
        origin_conversation_id=conversation.id,
        strand_id=strand.id,
        case_id=case.id,
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
        subject=await _subject(session, strand, channel),
        text=words.text.replace("\r\n", "\n").replace("\x00", "").rstrip(),
        html=words.html,
        external_id=_external_id(own_id, strand, channel, settings.tokens),
        references=await _references(session, strand),
        delivery=DeliveryState.QUEUED,
        delivery_at=moment,
        created_at=moment,
    )


def written(address: Address) -> dict[str, str]:
    """An address as a message's columns hold it."""
    return {"name": address.name, "address": address.value}


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


async def _subject(session: AsyncSession, strand: Strand, channel: Channel) -> str:
    if channel.kind != ChannelKind.EMAIL:
        return ""
    first = select(Message.id).where(Message.strand_id == strand.id).limit(1)
    is_first = await session.scalar(first) is None
    return strand.subject if is_first else reply_subject(strand.subject)


async def _references(session: AsyncSession, strand: Strand) -> list[str]:
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
