"""What must still be pushed to agents' devices, and the devices themselves."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.models import PushEntry, PushSubscription

AFTER = timedelta(seconds=3)  # whoever looks at the conversation has read it by then


async def queue_pushes(session: AsyncSession, notification_id: int, agent_id: int) -> None:
    """Push a notification to every device of its agent, unless it is read meanwhile."""
    devices = select(PushSubscription.id).where(PushSubscription.agent_id == agent_id)
    due_at = clock.now() + AFTER
    for subscription_id in await session.scalars(devices):
        session.add(
            PushEntry(notification_id=notification_id, subscription_id=subscription_id, due_at=due_at)
        )
