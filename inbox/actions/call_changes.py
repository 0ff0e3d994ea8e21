"""Putting right what was written down of a call or a meeting, or taking it back."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.actions.answers import forget_first_reply
from inbox.actions.calls import (
    LONGEST_NAME,
    LONGEST_SUBJECT,
    checked_minutes,
    checked_text,
    line,
    spoken_fields,
)
from inbox.actions.events import record
from inbox.actions.previews import refresh_preview
from inbox.actions.statuses import change_status
from inbox.actions.undos import remember, undoable
from inbox.actors import Actor
from inbox.envelopes import SPOKEN
from inbox.errors import Conflict
from inbox.holding import hold_message
from inbox.models import Agent, Channel, DeliveryState, EventKind, Message, Status, Strand, Undo
from inbox.policies import Action, authorize
from inbox.waiting import refresh_waiting


async def change_call(
    session: AsyncSession,
    message: Message,
    *,
    by: Agent,
    text: str,
    subject: str,
    spoken_with: str,
    minutes: int | None,
    labels: tuple[str, str, str],
) -> None:
    """Let what was written down say this instead; when it was and what followed from it stay.

    Raises Invalid for what cannot be stored, Conflict for what is no call, or was taken back.
    """
    authorize(Actor.agent(by), Action.REPLY)
    text, subject = checked_text(text), line(subject, LONGEST_SUBJECT, "subject")
    spoken_with, minutes = line(spoken_with, LONGEST_NAME, "with"), checked_minutes(minutes)
    conversation, case = await hold_message(session, message)
    strand = await _strand_of_call(session, message)
    message.text, message.subject = text, subject
    message.fields = spoken_fields(spoken_with, minutes, labels)
    strand.subject = subject
    await session.flush()
    record(
        session,
        EventKind.MESSAGE_REWRITTEN,
        actor=Actor.agent(by),
        conversation=conversation,
        case=case,
        message=message,
        data={"minutes": minutes},
    )
    if case is not None:
        await refresh_preview(session, conversation, case)


async def take_back_call(session: AsyncSession, message: Message, *, by: Agent) -> Undo | None:
    """Say that it was not so: it stays to be read, but nobody waits because of it, and it answers nothing.
    Answers how to let it stand again.

    Raises Conflict for what is no call, or was taken back already.
    """
    authorize(Actor.agent(by), Action.REPLY)
    conversation, case = await hold_message(session, message)
    strand, actor = await _strand_of_call(session, message), Actor.agent(by)
    journal = {
        "message": message.id,
        "delivery": message.delivery,
        "delivery_at": _written(message.delivery_at),
        "answered_at": _written(strand.answered_at),
        "first_replied_at": _written(case.first_replied_at) if case else None,
    }
    undo = await remember(session, by=by, action="take_back_call", journal=journal, case=case)
    message.delivery, message.delivery_at = DeliveryState.CANCELLED, clock.now()
    strand.answered_at = clock.now()
    kind = EventKind.MESSAGE_CANCELLED
    record(session, kind, actor=actor, conversation=conversation, case=case, message=message)
    if case is None:
        return undo
    await forget_first_reply(session, case, message)
    await refresh_preview(session, conversation, case)
    waiting = await refresh_waiting(session, case)
    if waiting and case.status == Status.PENDING:
        change_status(session, conversation, case, Status.OPEN, actor=actor)
    return undo


@undoable("take_back_call")
async def restore_call(session: AsyncSession, undo: Undo, by: Agent) -> None:
    """Let a call that was taken back stand again, and be waited for as before; what became of its case since
    stays. Raises Conflict where it is gone, or stands again already."""
    journal, actor = undo.journal, Actor.agent(by)
    message = await session.get(Message, journal["message"])
    if message is None:
        raise Conflict("This is gone for good.")
    conversation, case = await hold_message(session, message)
    if message.delivery != DeliveryState.CANCELLED:
        raise Conflict("This stands already.")
    strand = await session.get_one(Strand, message.strand_id)
    message.delivery, message.delivery_at = journal["delivery"], _read(journal["delivery_at"])
    strand.answered_at = _read(journal["answered_at"])
    kind = EventKind.MESSAGE_RESTORED
    record(session, kind, actor=actor, conversation=conversation, case=case, message=message)
    if case is not None:
        case.first_replied_at = case.first_replied_at or _read(journal["first_replied_at"])
        await refresh_waiting(session, case)
        await refresh_preview(session, conversation, case)
        if case.waiting_since is not None and case.status == Status.PENDING:
            change_status(session, conversation, case, Status.OPEN, actor=actor)


async def _strand_of_call(session: AsyncSession, message: Message) -> Strand:
    channel = await session.get_one(Channel, message.channel_id)
    if channel.kind not in SPOKEN:
        raise Conflict("This is no call or meeting that somebody wrote down.")
    if message.delivery == DeliveryState.CANCELLED:
        raise Conflict("This was taken back already.")
    return await session.get_one(Strand, message.strand_id)


def _written(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _read(written: str | None) -> datetime | None:
    return datetime.fromisoformat(written) if written else None
