"""The ends of a case and its rests: resolved, pending, snoozed, spam, and back to open."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.actions.answers import answer_all
from inbox.actions.events import record
from inbox.actions.responsibility import actor_of, settle_handoffs
from inbox.actions.snapshots import restore, snapshot
from inbox.actions.statuses import change_status
from inbox.actions.undos import remember, undoable
from inbox.actors import SYSTEM, Actor
from inbox.errors import Conflict, Invalid
from inbox.holding import hold_case, hold_message
from inbox.locks import lock_conversations
from inbox.models import Agent, Case, Conversation, Direction, EventKind, Message, Status, Undo
from inbox.waiting import refresh_waiting

BATCH = 100


async def resolve(session: AsyncSession, case: Case, *, by: Agent | Actor) -> None:
    """Say that the work is done: nothing waits any more, and what was offered is withdrawn."""
    conversation, before = await _begin(session, case)
    _refuse_spam(case)
    if case.status == Status.RESOLVED:
        return
    await answer_all(session, case)
    change_status(session, conversation, case, Status.RESOLVED, actor=actor_of(by))
    await settle_handoffs(session, conversation, case, taken_by=None, actor=actor_of(by))
    await _remember(session, case, before, by)


async def reopen(session: AsyncSession, case: Case, *, by: Agent | Actor) -> None:
    """Say that there is something to do: open, whatever it was; spam is unmarked."""
    if case.status == Status.SPAM:
        await unmark_spam(session, case, by=by)
    conversation, before = await _begin(session, case)
    if change_status(session, conversation, case, Status.OPEN, actor=actor_of(by)):
        await _remember(session, case, before, by)


async def set_pending(session: AsyncSession, case: Case, *, by: Agent | Actor) -> None:
    """Say that they owe us an answer: what has waited counts as answered."""
    conversation, before = await _begin(session, case)
    _refuse_spam(case)
    if case.status == Status.PENDING and case.waiting_since is None:
        return
    await answer_all(session, case)
    change_status(session, conversation, case, Status.PENDING, actor=actor_of(by))
    await _remember(session, case, before, by)


async def snooze(session: AsyncSession, case: Case, *, until: datetime | None, by: Agent | Actor) -> None:
    """Put a case aside until a moment, or (None) until they write; what they write wakes it in any case.

    Raises Invalid for a moment that has passed, Conflict for spam.
    """
    if until is not None and until <= clock.now():
        raise Invalid("Choose a time that is still to come.", field="snoozed_until")
    conversation, before = await _begin(session, case)
    _refuse_spam(case)
    snoozed = Status.SNOOZED
    if change_status(session, conversation, case, snoozed, actor=actor_of(by), snoozed_until=until):
        await _remember(session, case, before, by)


async def wake_due(session: AsyncSession, moment: datetime) -> int:
    """Open the cases whose time has come; answers how many."""
    due = (
        select(Case)
        .where(Case.status == Status.SNOOZED, Case.snoozed_until <= moment)
        .order_by(Case.snoozed_until)
        .limit(BATCH)
    )
    cases = (await session.scalars(due)).all()
    await lock_conversations(session, [case.conversation_id for case in cases])
    woken = 0
    for case in cases:
        conversation = await hold_case(session, case)
        if case.status == Status.SNOOZED and case.snoozed_until and case.snoozed_until <= moment:
            change_status(session, conversation, case, Status.OPEN, actor=SYSTEM)
            woken += 1
    return woken


async def mark_spam(session: AsyncSession, case: Case, *, by: Agent | Actor) -> None:
    """A verdict on this case alone: the customer and their other cases stay as they are."""
    conversation, before = await _begin(session, case)
    if case.status == Status.SPAM:
        return
    case.before_spam = before
    change_status(session, conversation, case, Status.SPAM, actor=actor_of(by))
    await settle_handoffs(session, conversation, case, taken_by=None, actor=actor_of(by))
    await _rest(session, case)
    await remember(session, by=by, action="spam", journal={}, case=case)


async def unmark_spam(session: AsyncSession, case: Case, *, by: Agent | Actor) -> None:
    """It was none: the case is again what it was before the verdict."""
    conversation, _ = await _begin(session, case)
    if case.status != Status.SPAM:
        return
    before = case.before_spam or {"status": Status.OPEN, "snoozed_until": None, "answered": {}}
    case.before_spam = None
    await restore(session, conversation, case, before, actor=actor_of(by))


async def mark_message_spam(session: AsyncSession, message: Message, *, by: Agent | Actor) -> None:
    """A verdict on one message: it waits for no answer and reopens nothing.

    Raises Invalid for a message of ours.
    """
    await _judge(session, message, is_spam=True, by=by)


async def unmark_message_spam(session: AsyncSession, message: Message, *, by: Agent | Actor) -> None:
    """It was none: it waits again, if it did."""
    await _judge(session, message, is_spam=False, by=by)


async def _begin(session: AsyncSession, case: Case) -> tuple[Conversation, dict[str, Any]]:
    conversation = await hold_case(session, case)
    return conversation, await snapshot(session, case)


def _refuse_spam(case: Case) -> None:
    if case.status == Status.SPAM:
        raise Conflict("This case is marked as spam. Say that it is none first.")


async def _rest(session: AsyncSession, case: Case) -> None:
    """Spam waits for nothing; what was marked as answered stays as it was."""
    for strand in await refresh_waiting(session, case):
        strand.waiting_since = None
    case.waiting_since = case.due_at = None


async def _judge(session: AsyncSession, message: Message, *, is_spam: bool, by: Agent | Actor) -> None:
    conversation, case = await hold_message(session, message)
    if message.direction != Direction.INBOUND:
        raise Invalid("Only what came from outside can be spam.")
    if message.is_spam is is_spam:
        return
    message.is_spam = is_spam
    kind = EventKind.MESSAGE_MARKED_SPAM if is_spam else EventKind.MESSAGE_UNMARKED_SPAM
    record(session, kind, actor=actor_of(by), conversation=conversation, case=case, message=message)
    if case is not None and case.status != Status.SPAM:
        waiting = await refresh_waiting(session, case)
        if waiting and case.status == Status.PENDING:
            change_status(session, conversation, case, Status.OPEN, actor=actor_of(by))
    journal = {"message_id": message.id, "is_spam": is_spam}
    await remember(session, by=by, action="message_spam", journal=journal, case=case)


async def _remember(session: AsyncSession, case: Case, before: dict[str, Any], by: Agent | Actor) -> None:
    journal = {"before": before, "after": case.status}
    await remember(session, by=by, action="status", journal=journal, case=case)


@undoable("status")
async def _stand_as_before(session: AsyncSession, undo: Undo, by: Agent) -> None:
    case = await session.get_one(Case, undo.case_id)
    conversation = await hold_case(session, case)
    if case.status != undo.journal["after"]:
        raise Conflict("Something has happened here since. It stays as it is.")
    await restore(session, conversation, case, undo.journal["before"], actor=Actor.agent(by))


@undoable("spam")
async def _take_back_verdict(session: AsyncSession, undo: Undo, by: Agent) -> None:
    await unmark_spam(session, await session.get_one(Case, undo.case_id), by=by)


@undoable("message_spam")
async def _take_back_judgement(session: AsyncSession, undo: Undo, by: Agent) -> None:
    message = await session.get_one(Message, undo.journal["message_id"])
    await _judge(session, message, is_spam=not undo.journal["is_spam"], by=by)
