"""Chats that go on by mail: a reply that its visitor has not looked at for a while goes out by mail too.

Several unseen replies of a strand leave as one mail. It is a message of the strand, so that its deliveries,
its bounces and the answer to it are told like those of any other; its words are not kept twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.actions.events import record
from inbox.actions.queueing import references_of
from inbox.actors import SYSTEM
from inbox.envelopes import ChannelKind
from inbox.holding import hold_strand
from inbox.ids import public_id
from inbox.models import (
    Agent,
    AuthorKind,
    Case,
    Channel,
    Conversation,
    Delivery,
    DeliveryState,
    Direction,
    EventKind,
    Identity,
    Message,
    OutboxEntry,
    Status,
    Strand,
    UnseenReply,
)
from inbox.queries.continuity import (
    CONTINUITY,
    address_of_visitor,
    company_of,
    first_name,
    language_of,
    mailbox_of,
    seconds_of,
    subject_of,
)
from inbox.subjects import reply_subject
from inbox.tokens import StrandTokens, mint_message_id

AT_ONCE = 50
UNSEEN = (DeliveryState.SENT, DeliveryState.DELIVERED)


@dataclass(frozen=True, slots=True)
class _Way:
    """Where the replies of a chat can go by mail."""

    chat: Channel
    mailbox: Channel
    mailbox_address: str
    identity: Identity
    address: str
    case: Case | None


async def await_sight(session: AsyncSession, message: Message) -> None:
    """Note that a chat reply has been sent: unless it is seen, it is mailed after the channel's time."""
    channel = await session.get_one(Channel, message.channel_id)
    if seconds := seconds_of(channel):
        due_at = clock.now() + timedelta(seconds=seconds)
        session.add(UnseenReply(message_id=message.id, due_at=due_at))


async def note_sight(session: AsyncSession, message_ids: Sequence[int]) -> None:
    """These replies have been looked at; what a mail has carried already stays noted."""
    unseen = UnseenReply.message_id.in_(message_ids), UnseenReply.mail_id.is_(None)
    await session.execute(delete(UnseenReply).where(*unseen))


async def next_due(session: AsyncSession) -> datetime | None:
    """When the next reply has been unseen for long enough; None where none is."""
    return await session.scalar(select(func.min(UnseenReply.due_at)).where(UnseenReply.mail_id.is_(None)))


async def mail_unseen(session: AsyncSession, moment: datetime, tokens: StrandTokens) -> int:
    """Put what has been unseen for too long into the outbox of a mailbox; answers how many mails that made.

    Where a visitor has left no address, or no mailbox can send, the reply waits in the chat alone.
    """
    due = (
        select(Message.strand_id)
        .join(UnseenReply, UnseenReply.message_id == Message.id)
        .where(UnseenReply.mail_id.is_(None), UnseenReply.due_at <= moment)
        .distinct()
        .limit(AT_ONCE)
    )
    mails = 0
    for strand_id in sorted(await session.scalars(due)):
        mails += await _mail_strand(session, strand_id, tokens)
    return mails


async def _mail_strand(session: AsyncSession, strand_id: int, tokens: StrandTokens) -> int:
    strand = await session.get_one(Strand, strand_id)
    await hold_strand(session, strand)
    rows = await _unseen(session, strand)
    waiting = {row: message for row, message in rows if message.delivery in UNSEEN}
    for row, _ in rows:
        if row not in waiting:
            await session.delete(row)
    mail = await _mail(session, strand, list(waiting.values()), tokens) if waiting else None
    for row in waiting:
        if mail is None:
            await session.delete(row)
        else:
            row.mail_id = mail.id
    await session.flush()
    return mail is not None


async def _unseen(session: AsyncSession, strand: Strand) -> list[tuple[UnseenReply, Message]]:
    query = (
        select(UnseenReply, Message)
        .join(Message, Message.id == UnseenReply.message_id)
        .where(Message.strand_id == strand.id, UnseenReply.mail_id.is_(None))
        .order_by(Message.id)
        .execution_options(populate_existing=True)
    )
    return [(row, message) for row, message in await session.execute(query)]


async def _mail(
    session: AsyncSession, strand: Strand, replies: Sequence[Message], tokens: StrandTokens
) -> Message | None:
    """The mail that carries these replies, queued; None where it cannot go anywhere."""
    way = await _way_of(session, strand, replies[-1])
    if way is None:
        return None
    mail = await _written(session, way, strand, replies, tokens)
    session.add(mail)
    await session.flush()
    moment = mail.created_at
    session.add(Delivery(message_id=mail.id, address=way.address, name=way.identity.name, at=moment))
    session.add(OutboxEntry(message_id=mail.id, channel_id=mail.channel_id, due_at=moment))
    record(
        session,
        EventKind.MESSAGE_QUEUED,
        actor=SYSTEM,
        conversation=await session.get_one(Conversation, strand.conversation_id),
        case=way.case,
        message=mail,
        data={"channel": ChannelKind.EMAIL, "recipients": 1, "carries": len(replies)},
    )
    return mail


async def _way_of(session: AsyncSession, strand: Strand, newest: Message) -> _Way | None:
    chat = await session.get_one(Channel, strand.channel_id)
    identity = await session.get(Identity, strand.identity_id) if strand.identity_id else None
    case = await session.get(Case, newest.case_id) if newest.case_id else None
    if identity is None or (case is not None and case.status == Status.SPAM):
        return None
    address, mailbox = await address_of_visitor(session, identity), await mailbox_of(session, chat)
    if address is None or mailbox is None or mailbox.address is None:
        return None
    return _Way(chat, mailbox, mailbox.address, identity, address, case)


async def _written(
    session: AsyncSession, way: _Way, strand: Strand, replies: Sequence[Message], tokens: StrandTokens
) -> Message:
    language = await language_of(session, way.identity)
    references = await references_of(session, strand)
    subject = subject_of(way.chat, language)
    own_id, moment = public_id(), clock.now()
    return Message(
        public_id=own_id,
        conversation_id=strand.conversation_id,
        origin_conversation_id=strand.conversation_id,
        strand_id=strand.id,
        case_id=way.case.id if way.case else None,
        channel_id=way.mailbox.id,
        direction=Direction.OUTBOUND,
        author_kind=AuthorKind.SYSTEM,
        author_name=await _sender_name(session, way.chat, replies),
        author_address=way.mailbox_address,
        sender=[{"name": company_of(way.chat), "address": way.mailbox_address}],
        to=[{"name": way.identity.name, "address": way.address}],
        subject=reply_subject(subject) if references else subject,
        external_id=mint_message_id(own_id, tokens.mint(strand.public_id), way.mailbox_address),
        references=references,
        matched_by={"rule": CONTINUITY, "value": len(replies), "language": language},
        delivery=DeliveryState.QUEUED,
        delivery_at=moment,
        created_at=moment,
    )


async def _sender_name(session: AsyncSession, chat: Channel, replies: Sequence[Message]) -> str:
    """Who the mail comes from: the one who wrote and the company, or the company alone."""
    writers = {reply.author_agent_id for reply in replies if reply.author_agent_id}
    if len(writers) != 1:
        return company_of(chat)
    agent = await session.get_one(Agent, writers.pop())
    return f"{first_name(agent)}, {company_of(chat)}"
