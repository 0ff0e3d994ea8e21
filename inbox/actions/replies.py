"""Writing to customers: answering a strand (here), beginning one (`beginnings`), and taking a message back or
trying it again (`recalls`)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actions.addressing import confirm_chosen, envelope_for
from inbox.actions.answers import mark_strands, move_on
from inbox.actions.beginnings import start
from inbox.actions.cases import open_case
from inbox.actions.drafts import discard_draft
from inbox.actions.queueing import Desk, ReplySettings, Words, queue
from inbox.actions.recalls import cancel, hasten, retry
from inbox.actions.responsibility import take
from inbox.actions.snapshots import answered_of, snapshot
from inbox.actions.statuses import change_status
from inbox.actions.undos import remember
from inbox.actors import Actor
from inbox.envelopes import Address, ChannelKind
from inbox.errors import Conflict, LessProven, MissedMessages, NotFound
from inbox.holding import hold_case, hold_conversation
from inbox.models import (
    Agent,
    Attachment,
    AuthorKind,
    Case,
    Channel,
    Conversation,
    DeliveryState,
    Direction,
    Message,
    Status,
    Strand,
)
from inbox.queries.answerable import strand_to_answer
from inbox.queries.provenance import better_proven_question
from inbox.waiting import refresh_waiting

__all__ = ["ReplySettings", "cancel", "hasten", "mark_answered", "reply", "retry", "start"]


async def reply(
    session: AsyncSession,
    conversation: Conversation,
    *,
    by: Agent,
    text: str,
    settings: ReplySettings,
    html: str | None = None,
    subject: str | None = None,
    strand: Strand | None = None,
    to: Sequence[Address] | None = None,
    cc: Sequence[Address] | None = None,
    bcc: Sequence[Address] = (),
    attachments: Sequence[Attachment] = (),
    seen_position: int | None = None,
    anyway: bool = False,
    then: Status = Status.PENDING,
    snoozed_until: datetime | None = None,
    also_answered: Sequence[Strand] = (),
    send_at: datetime | None = None,
    channel: Channel | None = None,
) -> Message:
    """Answer a strand: without one the customer's newest that waits, else the newest.

    *to* and *cc* replace the strand's recipients and confirm participants among them. *then* is what becomes
    of the case; while another strand waits, PENDING leaves it open.
    Raises Conflict where nobody can be reached, Invalid for what cannot be sent and, unless *anyway*,
    MissedMessages for what others wrote after *seen_position*, LessProven for a chat if it was asked by mail.
    """
    await hold_conversation(session, conversation)
    if seen_position is not None and not anyway:
        await _refuse_blind(session, conversation, by, seen_position)
    desk = await _desk(session, conversation, strand, by)
    before = await snapshot(session, desk.case)
    beside = answered_of(other for other in also_answered if other.case_id != desk.case.id)
    envelope = await envelope_for(session, desk.strand, channel=channel, to=to, cc=cc, bcc=bcc)
    if envelope.channel.kind == ChannelKind.WEBCHAT and not anyway:
        await _refuse_less_proven(session, desk)
    await confirm_chosen(session, desk, [*(to or ()), *(cc or ())], by=by)
    words = Words(text=text, html=html, subject=subject, attachments=attachments)
    message = await queue(
        session, desk, by=by, words=words, envelope=envelope, settings=settings, send_at=send_at
    )
    await _settle(session, desk, also_answered, by=by, then=then, snoozed_until=snoozed_until)
    await _keep_for_undo(session, desk.case, message, before, beside, by=by)
    return message


async def mark_answered(session: AsyncSession, strand: Strand, *, by: Agent) -> None:
    """Say that a strand needs no reply (any more); when nothing else waits, its case is pending."""
    conversation = await session.get_one(Conversation, strand.conversation_id)
    await hold_conversation(session, conversation)
    await session.refresh(strand)
    case = await session.get(Case, strand.case_id) if strand.case_id else None
    mark_strands(session, conversation, case, [strand], actor=Actor.agent(by))
    if case is None:
        strand.waiting_since = None
        return
    waiting = await refresh_waiting(session, case)
    if case.status == Status.OPEN and not waiting:
        change_status(session, conversation, case, Status.PENDING, actor=Actor.agent(by))


async def _refuse_blind(
    session: AsyncSession, conversation: Conversation, by: Agent, seen_position: int
) -> None:
    stands = Message.delivery.is_(None) | (Message.delivery != DeliveryState.CANCELLED)
    others = (Message.direction == Direction.INBOUND) | (Message.author_agent_id.is_distinct_from(by.id))
    missed = (
        select(Message.public_id)
        .where(
            Message.conversation_id == conversation.id,
            Message.position > seen_position,
            Message.is_spam.is_(False),
            Message.author_kind != AuthorKind.SYSTEM,
            others,
            stands,
        )
        .order_by(Message.position)
    )
    if ids := (await session.scalars(missed)).all():
        raise MissedMessages(ids)


async def _refuse_less_proven(session: AsyncSession, desk: Desk) -> None:
    asked = await better_proven_question(session, desk.conversation, desk.strand)
    if asked is not None:
        raise LessProven(asked.subject)


async def _desk(session: AsyncSession, conversation: Conversation, strand: Strand | None, by: Agent) -> Desk:
    """What is answered, as it stands now."""
    if strand is None:
        strand = await strand_to_answer(session, conversation, by=Actor.agent(by))
    else:
        await session.refresh(strand)
    if strand.conversation_id != conversation.id:
        raise NotFound("There is no such strand in this conversation.")
    return Desk(conversation, strand, await case_held(session, conversation, strand, by))


async def case_held(session: AsyncSession, conversation: Conversation, strand: Strand, by: Agent) -> Case:
    """The strand's case, held; one is opened where it has none. Raises Conflict for spam."""
    if strand.case_id is None:
        channel = await session.get_one(Channel, strand.channel_id)
        opened = await open_case(
            session, conversation, subject=strand.subject, channel=channel, by=Actor.agent(by)
        )
        strand.case_id = opened.id
        return opened
    case = await session.get_one(Case, strand.case_id)
    await hold_case(session, case)
    if case.status == Status.SPAM:
        raise Conflict("This case is marked as spam. Say that it is none, then answer.")
    return case


async def _settle(
    session: AsyncSession,
    desk: Desk,
    also_answered: Sequence[Strand],
    *,
    by: Agent,
    then: Status,
    snoozed_until: datetime | None,
) -> None:
    """What follows from an answer: whose the case is, what waits no more, what becomes of case and draft."""
    conversation, case = desk.conversation, desk.case
    others = [other for other in also_answered if other.conversation_id == conversation.id]
    await take(session, conversation, case, by)
    mark_strands(session, conversation, case, others, actor=Actor.agent(by))
    await move_on(session, conversation, case, by=by, then=then, snoozed_until=snoozed_until)
    await _refresh_other_cases(session, others, case)
    await discard_draft(session, conversation, by=by, kind="reply")


async def _keep_for_undo(
    session: AsyncSession,
    case: Case,
    message: Message,
    before: dict[str, Any],
    beside: dict[str, str | None],
    *,
    by: Agent,
) -> None:
    journal = {"message": message.public_id, "before": before, "after": case.status, "beside": beside}
    await remember(session, by=by, action="reply", journal=journal, case=case)


async def _refresh_other_cases(session: AsyncSession, strands: Sequence[Strand], case: Case) -> None:
    for case_id in sorted({s.case_id for s in strands if s.case_id is not None} - {case.id}):
        await refresh_waiting(session, await session.get_one(Case, case_id))
