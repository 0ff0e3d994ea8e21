"""Who did what, when and from where, the newest first."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.models import AuditEntry
from inbox.queries.pages import Page, encoded, number_of

CHUNK = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """Which entries: of one kind, of one agent (public id is the web's; here the internal one), since a
    moment and before another."""

    kind: str = ""
    agent_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None


async def page(
    session: AsyncSession, sought: Sought, *, limit: int = 50, cursor: str | None = None
) -> Page[AuditEntry]:
    """A page of them."""
    query = _query(sought)
    if cursor is not None:
        query = query.where(AuditEntry.id < number_of(cursor))
    rows = (await session.scalars(query.limit(limit + 1))).all()
    more, rows = len(rows) > limit, rows[:limit]
    return Page(rows, encoded(rows[-1].id) if more else None)


async def everything(session: AsyncSession, sought: Sought) -> AsyncIterator[AuditEntry]:
    """All of them, read in chunks."""
    before: int | None = None
    while True:
        query = _query(sought) if before is None else _query(sought).where(AuditEntry.id < before)
        rows = (await session.scalars(query.limit(CHUNK))).all()
        for row in rows:
            yield row
        if len(rows) < CHUNK:
            return
        before = rows[-1].id


def _query(sought: Sought) -> Select[AuditEntry]:
    query: Select[AuditEntry] = select(AuditEntry).order_by(AuditEntry.id.desc())
    if sought.kind:
        query = query.where(AuditEntry.kind == sought.kind)
    if sought.agent_id is not None:
        query = query.where(AuditEntry.agent_id == sought.agent_id)
    if sought.since is not None:
        query = query.where(AuditEntry.at >= sought.since)
    if sought.until is not None:
        query = query.where(AuditEntry.at < sought.until)
    return query
