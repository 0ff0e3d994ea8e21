"""Where somebody outside stands: their thread, its newest case, and what they were last answered."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.envelopes import AddressKind
from inbox.models import (
    UNFINISHED,
    AuthorKind,
    Case,
    Channel,
    Claim,
    Conversation,
    Direction,
    Handoff,
    HandoffState,
    Identity,
    Message,
    Strand,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Correspondence:
    """The thread with somebody; `case` is its newest open one, else its newest, `answer` the newest message
    that we sent them, `handoff` the offer that stands for the case."""

    conversation: Conversation
    case: Case | None
    answer: Message | None
    handoff: Handoff | None


async def correspondence(session: AsyncSession, kind: AddressKind, address: str) -> Correspondence | None:
    """The thread of whoever owns this address, else of who is said to; None where nobody has written from
    it."""
    customer_id = await session.scalar(
        select(Identity.customer_id).where(Identity.kind == kind, Identity.address == address)
    ) or await session.scalar(
        select(Claim.customer_id).where(Claim.kind == kind, Claim.address == address).limit(1)
    )
    found = select(Conversation).where(Conversation.customer_id == customer_id)
    conversation = (await session.scalars(found)).first()
    if conversation is None:
        return None
    cases = select(Case).where(Case.conversation_id == conversation.id, Case.joined_into_id.is_(None))
    theirs = select(Strand.id).where(Strand.conversation_id == conversation.id, Strand.is_side.is_(False))
    sent = select(Message).where(Message.strand_id.in_(theirs), Message.direction == Direction.OUTBOUND)
    newest = cases.order_by(Case.status.in_(UNFINISHED).desc(), Case.number.desc())
    case = (await session.scalars(newest.limit(1))).first()
    offered = select(Handoff).where(
        Handoff.case_id == (case.id if case else None), Handoff.state == HandoffState.OFFERED
    )
    return Correspondence(
        conversation=conversation,
        case=case,
        answer=(await session.scalars(sent.order_by(Message.id.desc()).limit(1))).first(),
        handoff=(await session.scalars(offered.order_by(Handoff.id.desc()).limit(1))).first(),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """An answer of ours, the way it went, and the address of the person it went to."""

    message: Message
    channel: Channel
    kind: str
    address: str


async def answered_since(session: AsyncSession, message_id: int) -> Sequence[Answered]:
    """What agents have written after the message with this internal key, oldest first."""
    query = (
        select(Message, Channel, Identity.kind, Identity.address)
        .join(Strand, Strand.id == Message.strand_id)
        .join(Channel, Channel.id == Message.channel_id)
        .join(Identity, Identity.id == Strand.identity_id)
        .where(Message.id > message_id, Message.author_kind == AuthorKind.AGENT)
        .order_by(Message.id)
        .limit(100)
    )
    return [
        Answered(message=message, channel=channel, kind=kind, address=address)
        for message, channel, kind, address in await session.execute(query)
    ]


async def newest_message_id(session: AsyncSession) -> int:
    """The internal key of the newest message; 0 where there is none."""
    return await session.scalar(select(Message.id).order_by(Message.id.desc()).limit(1)) or 0
