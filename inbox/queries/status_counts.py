"""How many cases of a view have each status: the figures on its tabs."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actors import Actor
from inbox.models import Case, Status
from inbox.policies import visible_to
from inbox.queries.case_counters import MOST_COUNTED
from inbox.queries.case_views import CaseFilter, conditions

SHOWN = (Status.OPEN, Status.PENDING, Status.SNOOZED)


async def of_view(session: AsyncSession, view: str, *, actor: Actor) -> dict[Status, int]:
    """The unfinished cases of a view by status; counting stops at `MOST_COUNTED`. Resolved ones are only ever
    more."""
    counts = []
    for status in SHOWN:
        narrowed = conditions(CaseFilter(view=view, status=status), actor)
        some = select(Case.id).where(visible_to(actor), *narrowed).limit(MOST_COUNTED).subquery()
        counts.append(select(func.count()).select_from(some).scalar_subquery())
    row = (await session.execute(select(*counts))).one()
    return dict(zip(SHOWN, row, strict=True))
