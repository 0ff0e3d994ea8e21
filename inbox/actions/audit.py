"""The one door for the audit: who did what, when and from where. Its entries are never changed."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.models import Agent
from inbox.models.privacy import AuditEntry, AuditKind


def note(
    session: AsyncSession,
    kind: AuditKind,
    *,
    by: Agent | None,
    subject: str,
    origin: str = "",
    reason: str = "",
    **details: Any,
) -> AuditEntry:
    """Note a fact with the transaction that made it one. *details* are ids, facts and counts: nothing that
    somebody wrote, but for the *reason* that was asked for."""
    entry = AuditEntry(
        at=clock.now(),
        kind=kind,
        agent_id=by.id if by else None,
        agent_name=by.name if by else "",
        origin=origin[:60],
        subject=subject[:120],
        details=details,
        reason=reason[:500],
    )
    session.add(entry)
    return entry
