"""Reply targets: within how much working time each channel's customers are to be answered."""

from collections.abc import Mapping

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actors import Actor
from inbox.errors import Invalid
from inbox.models import Case, Channel, Strand
from inbox.policies import Action, authorize
from inbox.targets import SETTING, targets_of

LONGEST = 60 * 24 * 30  # minutes


async def set_targets(session: AsyncSession, minutes: Mapping[Channel, int | None], *, by: Actor) -> None:
    """Give channels their targets in minutes of working time, or (None) none. Raises Invalid."""
    authorize(by, Action.ADMINISTER)
    for channel, target in minutes.items():
        if target is not None and not 1 <= target <= LONGEST:
            raise Invalid("A reply target is between one minute and 30 days.", field="minutes")
        kept = {name: value for name, value in channel.settings.items() if name != SETTING}
        channel.settings = kept | ({SETTING: target} if target is not None else {})
    await session.flush()
    await recount(session)


async def recount(session: AsyncSession) -> None:
    """Work out anew by when each waiting case is due: targets or working hours have changed."""
    targets = await targets_of(session, await session.scalars(select(Channel)))
    waiting = (
        select(Case.id, Case.team_id, Case.waiting_since, Strand.channel_id)
        .join(Strand, Strand.case_id == Case.id)
        .where(Case.waiting_since.is_not(None), Strand.waiting_since.is_not(None))
        .order_by(Strand.waiting_since.desc())  # the one that waits longest comes last, and counts
    )
    due = {
        case_id: targets.due(channel_id, team_id, since)
        for case_id, team_id, since, channel_id in await session.execute(waiting)
    }
    if due:
        await session.execute(update(Case), [{"id": key, "due_at": moment} for key, moment in due.items()])
