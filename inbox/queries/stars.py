"""An agent's stars."""

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.models import Agent, Case, Star

_STAR = select(Star.id).where(Star.agent_id == bindparam("agent"), Star.case_id == bindparam("case"))


async def is_starred(session: AsyncSession, agent: Agent, case: Case) -> bool:
    """Whether the agent has put a star on the case."""
    return await session.scalar(_STAR, {"agent": agent.id, "case": case.id}) is not None
