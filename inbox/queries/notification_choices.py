"""How agents want to be told of what concerns them."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.models import Absence, NotificationChoices, Setting
from inbox.notification_cells import Choices, chosen

TEXTS = "notifications"  # the workspace's setting


async def choices_of(session: AsyncSession, agent_ids: Iterable[int]) -> dict[int, Choices]:
    """What each of these agents has chosen."""
    ids = list(agent_ids)
    rows = await session.scalars(select(NotificationChoices).where(NotificationChoices.agent_id.in_(ids)))
    kept = {row.agent_id: row for row in rows}
    absent = Absence.began_at.is_not(None), Absence.ended_at.is_(None), Absence.agent_id.in_(ids)
    away = set(await session.scalars(select(Absence.agent_id).where(*absent)))
    return {agent_id: chosen(kept.get(agent_id), is_away=agent_id in away) for agent_id in ids}


async def row_of(session: AsyncSession, agent_id: int) -> NotificationChoices | None:
    """An agent's choices as they are stored; None where they have made none."""
    return await session.scalar(select(NotificationChoices).where(NotificationChoices.agent_id == agent_id))


async def texts_may_leave(session: AsyncSession) -> bool:
    """Whether the workspace lets customers' words appear in pushes and in mails to agents."""
    value = await session.scalar(select(Setting.value).where(Setting.name == TEXTS))
    return bool(value and value.get("texts"))
