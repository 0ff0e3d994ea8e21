"""The one place that writes a case's status, so that every change of it is recorded the same way."""

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.actions.events import record
from inbox.actors import Actor
from inbox.models import Case, Conversation, EventKind, Status

_KINDS = {
    Status.PENDING: EventKind.CASE_PENDING,
    Status.SNOOZED: EventKind.CASE_SNOOZED,
    Status.RESOLVED: EventKind.CASE_RESOLVED,
    Status.SPAM: EventKind.CASE_MARKED_SPAM,
}


def change_status(
    session: AsyncSession,
    conversation: Conversation,
    case: Case,
    status: Status,
    *,
    actor: Actor,
    snoozed_until: datetime | None = None,
    data: dict[str, Any] | None = None,
) -> bool:
    """Give a held case a status, with its event; answers whether anything changed.

    *snoozed_until* None with SNOOZED means: until the customer writes.
    """
    before, until = Status(case.status), snoozed_until if status is Status.SNOOZED else None
    if before is status and case.snoozed_until == until:
        return False
    case.status, case.snoozed_until = status, until
    case.resolved_at = clock.now() if status is Status.RESOLVED else None
    facts = dict(data or {})
    if status is Status.SNOOZED:
        facts["until"] = until.isoformat() if until else None
    kind = _kind(before, status)
    record(session, kind, actor=actor, conversation=conversation, case=case, data=facts)
    return True


def _kind(before: Status, after: Status) -> EventKind:
    if before is Status.SPAM:
        return EventKind.CASE_UNMARKED_SPAM
    if after is not Status.OPEN:
        return _KINDS[after]
    return EventKind.CASE_WOKEN if before is Status.SNOOZED else EventKind.CASE_REOPENED
