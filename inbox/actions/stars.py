"""Stars: an agent's own marks on cases. They are nobody else's business and make no events."""

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.models import Agent, Case, Star
from inbox.upserts import insert_into


async def toggle_star(session: AsyncSession, case: Case, *, by: Agent) -> bool:
    """Put a star on a case, or take it away again; answers whether it has one now."""
    place = {"agent_id": by.id, "case_id": case.id}
    taken = delete(Star).filter_by(**place).returning(Star.id)
    if await session.scalar(taken) is not None:
        return False
    # Two windows of one agent may press at once: the constraint makes one star of both.
    row = insert_into(session, Star).values(**place, created_at=clock.now())
    await session.execute(row.on_conflict_do_nothing(index_elements=list(place)))
    return True
