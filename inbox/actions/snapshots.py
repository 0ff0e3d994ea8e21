"""How a case stood before an action, so that its undo brings back exactly that."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actions.statuses import change_status
from inbox.actors import Actor
from inbox.models import Case, Conversation, Status, Strand
from inbox.waiting import refresh_waiting


async def strands_of(session: AsyncSession, case: Case) -> list[Strand]:
    """The strands whose next message goes to the case."""
    return list(await session.scalars(select(Strand).where(Strand.case_id == case.id).order_by(Strand.id)))


async def snapshot(session: AsyncSession, case: Case) -> dict[str, Any]:
    """The status of a held case and what is marked as answered, as JSON."""
    return snapshot_with(case, await strands_of(session, case))


def snapshot_with(case: Case, strands: Sequence[Strand]) -> dict[str, Any]:
    """The same, of a case whose strands are at hand."""
    return {
        "status": case.status,
        "snoozed_until": _written(case.snoozed_until),
        "resolved_at": _written(case.resolved_at),
        "answered": answered_of(strands),
    }


def answered_of(strands: Iterable[Strand]) -> dict[str, str | None]:
    """Since when these count as answered, as JSON."""
    return {str(strand.id): _written(strand.answered_at) for strand in strands}


async def wait_again(session: AsyncSession, answered: Mapping[str, str | None], *, since: datetime) -> None:
    """Let strands of other cases of a held conversation stand as *answered* says, but for what was said of
    them after *since*."""
    for strand_id, before in answered.items():
        strand = await session.get_one(Strand, int(strand_id), populate_existing=True)
        if strand.answered_at is None or strand.answered_at > since:
            continue
        strand.answered_at = _read(before)
        if strand.case_id is not None:
            await refresh_waiting(session, await session.get_one(Case, strand.case_id))


async def restore(
    session: AsyncSession, conversation: Conversation, case: Case, before: dict[str, Any], *, actor: Actor
) -> None:
    """Bring a held case back to its snapshot, as one recorded change of its status."""
    for strand in await strands_of(session, case):
        if str(strand.id) in before["answered"]:
            strand.answered_at = _read(before["answered"][str(strand.id)])
    status = Status(before["status"])
    until = _read(before["snoozed_until"])
    facts = {"undo": True}
    change_status(session, conversation, case, status, actor=actor, snoozed_until=until, data=facts)
    if status is Status.RESOLVED and before["resolved_at"]:
        case.resolved_at = _read(before["resolved_at"])
    await refresh_waiting(session, case)


def _written(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _read(written: str | None) -> datetime | None:
    return datetime.fromisoformat(written) if written else None
