"""Act first, undo after: what an action changed is remembered, and can be taken back for a while.

An action that can be undone names a function with `@undoable("name")` and calls `remember()` with that name.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.actors import Actor
from inbox.errors import Conflict, NotFound
from inbox.models import Agent, Case, Undo

LONGEST = timedelta(minutes=10)  # screens offer it for less; a request may be slow

TakeBack = Callable[[AsyncSession, Undo, Agent], Awaitable[None]]
_WAYS_BACK: dict[str, TakeBack] = {}


def undoable(action: str) -> Callable[[TakeBack], TakeBack]:
    """Say which function takes back what an action of this name did. It must raise Conflict where somebody
    has changed the same thing since."""

    def named(take_back: TakeBack) -> TakeBack:
        _WAYS_BACK[action] = take_back
        return take_back

    return named


def ways_back() -> frozenset[str]:
    """The names of all actions that can be taken back."""
    return frozenset(_WAYS_BACK)


async def remember(
    session: AsyncSession, *, by: Agent | Actor, action: str, journal: dict[str, Any], case: Case | None
) -> Undo | None:
    """Keep what is needed to take an agent's action back; nobody undoes for customers or the system."""
    if not isinstance(by, Agent):
        return None
    undo_row = Undo(agent_id=by.id, case_id=case.id if case else None, action=action, journal=journal)
    undo_row.created_at = clock.now()
    session.add(undo_row)
    await session.flush()
    return undo_row


async def latest(session: AsyncSession, *, by: Agent) -> Undo | None:
    """What the agent did last and could take back now; after an action, in its transaction, its own undo."""
    newest = (
        select(Undo)
        .where(
            Undo.agent_id == by.id,
            Undo.undone_at.is_(None),
            Undo.created_at > clock.now() - LONGEST,
        )
        .order_by(Undo.id.desc())
        .limit(1)
    )
    return (await session.scalars(newest)).first()


async def own(session: AsyncSession, public_id: str, *, by: Agent) -> Undo:
    """What an agent may take back. Raises NotFound for what is not theirs."""
    query = select(Undo).where(Undo.public_id == public_id, Undo.agent_id == by.id)
    row = (await session.scalars(query)).first()
    if row is None:
        raise NotFound("There is nothing to undo here.")
    return row


async def undo(session: AsyncSession, public_id: str, *, by: Agent) -> Undo:
    """Take an agent's own action back.

    Raises NotFound for what is not theirs, Conflict where it was undone, is too long ago or no longer stands.
    """
    row = await own(session, public_id, by=by)
    if row.undone_at is not None:
        raise Conflict("This was already undone.")
    if row.created_at < clock.now() - LONGEST:
        raise Conflict("This was too long ago to undo.")
    await _WAYS_BACK[row.action](session, row, by)
    if row.undone_at is None:  # the way back may have said so itself
        await _mark_undone(session, row)
    return row


async def _mark_undone(session: AsyncSession, row: Undo) -> None:
    """The one place that decides between two who undo at once; the conversation is locked by now."""
    await session.flush()
    marked = update(Undo).where(Undo.id == row.id, Undo.undone_at.is_(None)).values(undone_at=clock.now())
    if await session.scalar(marked.returning(Undo.id)) is None:
        raise Conflict("This was already undone.")
