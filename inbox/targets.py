"""By when somebody is to be answered: a channel's reply target, counted in working time since they wait."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.hours import Hours
from inbox.models import Case, Channel
from inbox.queries import hours

SETTING = "reply_minutes"  # in a channel's settings


@dataclass(frozen=True, slots=True)
class Targets:
    """Minutes by channel, and working hours by team (the workspace's under None; none set: the clock counts).
    Keys are internal."""

    minutes: Mapping[int, int]
    hours: Mapping[int | None, Hours]

    def due(self, channel_id: int, team_id: int | None, since: datetime | None) -> datetime | None:
        """By when an answer is due; None where the channel has no target or nobody waits."""
        minutes = self.minutes.get(channel_id)
        if since is None or minutes is None:
            return None
        target = timedelta(minutes=minutes)
        counted = self.hours.get(team_id) or self.hours.get(None)
        return counted.add_working(since, target) if counted else since + target


async def targets_of(session: AsyncSession, channels: Iterable[Channel]) -> Targets:
    """The targets of these channels; hours are read only where there is a target."""
    minutes = {
        one.id: int(one.settings[SETTING]) for one in channels if one.settings and one.settings.get(SETTING)
    }
    if not minutes:
        return Targets({}, {})
    rows = await hours.everything(session)
    return Targets(minutes, {team_id: hours.stored_hours(row) for team_id, row in rows.items()})


async def due_of(
    session: AsyncSession, case: Case, channel_id: int, since: datetime | None
) -> datetime | None:
    """By when a case is to be answered that waits in a strand of this channel."""
    if since is None:
        return None
    channel = await session.scalar(select(Channel).where(Channel.id == channel_id))
    targets = await targets_of(session, [channel] if channel else [])
    return targets.due(channel_id, case.team_id, since)
