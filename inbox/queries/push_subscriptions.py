"""The devices that agents are pushed to."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.models import Agent, PushSubscription


async def of_agent(session: AsyncSession, agent: Agent) -> Sequence[PushSubscription]:
    """The devices of an agent, newest first."""
    mine = select(PushSubscription).where(PushSubscription.agent_id == agent.id)
    return (await session.scalars(mine.order_by(PushSubscription.id.desc()))).all()
