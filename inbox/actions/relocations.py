"""Putting messages, notes and strands into another strand, case or conversation, timeline entries and all."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actions.cases import open_case
from inbox.actions.journals import Journal, chunks
from inbox.actions.statuses import change_status
from inbox.actors import Actor
from inbox.models import (
    ActorKind,
    Assignment,
    Case,
    CaseTag,
    Channel,
    Conversation,
    Message,
    Note,
    Status,
    Strand,
    TimelineEntry,
)


async def place_messages(
    session: AsyncSession,
    journal: Journal,
    message_ids: Sequence[int],
    *,
    conversation: Conversation,
    case: Case | None,
    strand: Strand | None = None,
) -> None:
    """Put messages and their timeline entries there; without a strand they stay in theirs."""
    place = {"conversation_id": conversation.id, "case_id": case.id if case else None}
    await journal.rewrite(session, Message, message_ids, **place)
    if strand is not None:
        await journal.rewrite(session, Message, message_ids, strand_id=strand.id)
    for some in chunks(sorted(message_ids)):
        entries = await session.scalars(select(TimelineEntry.id).where(TimelineEntry.message_id.in_(some)))
        await journal.rewrite(session, TimelineEntry, list(entries), **place)


async def place_note(session: AsyncSession, journal: Journal, note: Note, *, case: Case) -> None:
    """Put a note and its timeline entry on a case."""
    place = {"conversation_id": case.conversation_id, "case_id": case.id}
    await journal.change(session, note, **place)
    entries = await session.scalars(select(TimelineEntry.id).where(TimelineEntry.note_id == note.id))
    await journal.rewrite(session, TimelineEntry, list(entries), **place)


async def strand_like(
    session: AsyncSession,
    journal: Journal,
    strand: Strand,
    *,
    conversation: Conversation,
    case: Case | None,
    identity_id: int | None,
) -> Strand:
    """A new strand for messages that leave *strand*: the same channel, subject and mailbox."""
    fresh = Strand(
        conversation_id=conversation.id,
        origin_conversation_id=conversation.id,
        case_id=case.id if case else None,
        channel_id=strand.channel_id,
        identity_id=identity_id,
        subject=strand.subject,
        mailbox=strand.mailbox,
        page=strand.page,
        claimed=strand.claimed,
        is_side=strand.is_side,
        answered_at=strand.answered_at,
    )
    session.add(fresh)
    await session.flush()
    journal.note_made(fresh)
    return fresh


async def case_like(
    session: AsyncSession,
    journal: Journal,
    case: Case,
    *,
    conversation: Conversation,
    subject: str,
    by: Actor,
) -> Case:
    """A new case beside *case*, with the same people responsible and no less private."""
    channel = await session.get(Channel, case.first_channel_id) if case.first_channel_id else None
    fresh = await open_case(
        session, conversation, subject=subject or case.subject, channel=channel, claimed=case.claimed, by=by
    )
    for column in ("assignee_id", "team_id", "priority", "is_private", "status", "snoozed_until"):
        setattr(fresh, column, getattr(case, column))
    fresh.resolved_at, fresh.before_spam = case.resolved_at, case.before_spam
    tags = await session.scalars(select(CaseTag.tag_id).where(CaseTag.case_id == case.id))
    session.add_all([CaseTag(case_id=fresh.id, tag_id=tag_id) for tag_id in tags])
    if fresh.assignee_id is not None or fresh.team_id is not None:
        began = {"agent_id": fresh.assignee_id, "team_id": fresh.team_id, "began_at": fresh.opened_at}
        giver = by.id if by.kind == ActorKind.AGENT else None
        session.add(Assignment(case_id=fresh.id, assigned_by_id=giver, **began))
    await session.flush()
    journal.note_made(fresh)
    return fresh


def only_open_case(cases: Sequence[Case]) -> Case | None:
    """The one open case that anything may go to; none where several could be meant."""
    open_ones = [case for case in cases if case.is_unfinished and not case.claimed]
    return open_ones[0] if len(open_ones) == 1 else None


async def cases_of(session: AsyncSession, conversation: Conversation) -> list[Case]:
    """The cases of a conversation, oldest first, without those that were joined into others or are spam."""
    query = select(Case).where(
        Case.conversation_id == conversation.id,
        Case.joined_into_id.is_(None),
        Case.status != Status.SPAM,
    )
    return list(await session.scalars(query.order_by(Case.id)))


async def set_status(
    session: AsyncSession,
    journal: Journal,
    conversation: Conversation,
    case: Case,
    status: Status,
    *,
    by: Actor,
    snoozed_until: datetime | None = None,
    data: dict[str, Any] | None = None,
) -> None:
    """Give a case a status with its event, in a way that the journal can take back."""
    columns = ("status", "resolved_at", "snoozed_until")
    before = {column: getattr(case, column) for column in columns}
    change_status(session, conversation, case, status, actor=by, snoozed_until=snoozed_until, data=data)
    for column, old in before.items():
        journal.note_change(case, column, old)
    await session.flush()


async def wake_waiting(
    session: AsyncSession, journal: Journal, conversation: Conversation, case: Case, *, by: Actor
) -> None:
    """A case in which somebody waits is open, whatever it was."""
    if case.waiting_since is not None and case.status in (Status.PENDING, Status.SNOOZED, Status.RESOLVED):
        await set_status(session, journal, conversation, case, Status.OPEN, by=by)


async def resolve_emptied(
    session: AsyncSession, journal: Journal, conversation: Conversation, case: Case, *, by: Actor
) -> None:
    """A case that nothing is left in asks nothing of anybody."""
    for model in (Message, Note):
        if await session.scalar(select(model.id).where(model.case_id == case.id).limit(1)) is not None:
            return
    if case.is_unfinished:
        facts = {"emptied": True}
        await set_status(session, journal, conversation, case, Status.RESOLVED, by=by, data=facts)
