"""How agents want to be told of what concerns them, and what of it may leave the agents' own screens."""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actors import Actor
from inbox.models import Agent, NotificationChoices, NotificationKind, Setting
from inbox.notification_cells import USUAL, Cell, stored
from inbox.policies import Action, authorize
from inbox.queries.notification_choices import TEXTS, row_of
from inbox.quiet_hours import quiet_hours


async def choose(
    session: AsyncSession,
    agent: Agent,
    *,
    cells: Mapping[NotificationKind, Cell],
    has_sound: bool,
    quiet_from: str,
    quiet_until: str,
    time_zone: str,
) -> None:
    """Keep an agent's choices; two empty times are no quiet hours. What is as usual is not kept, so that it
    follows when the usual changes. Raises Invalid for times or a zone that there are not."""
    quiet = quiet_hours(quiet_from, quiet_until, time_zone)
    row = await row_of(session, agent.id)
    if row is None:
        row = NotificationChoices(agent_id=agent.id)
        session.add(row)
    row.cells = {kind.value: stored(cell) for kind, cell in cells.items() if cell != USUAL[kind]}
    row.has_sound = has_sound
    row.quiet_from = f"{quiet.start:%H:%M}" if quiet else ""
    row.quiet_until = f"{quiet.until:%H:%M}" if quiet else ""
    row.time_zone = time_zone if quiet else ""
    await session.flush()


async def allow_texts(session: AsyncSession, *, allowed: bool, by: Actor) -> None:
    """Let customers' words appear in pushes and in mails to agents, or not. Raises NotPermitted."""
    authorize(by, Action.ADMINISTER)
    row = await session.scalar(select(Setting).where(Setting.name == TEXTS).with_for_update())
    if row is None:
        session.add(Setting(name=TEXTS, value={"texts": allowed}))
    else:
        row.value = {**row.value, "texts": allowed}
    await session.flush()
