"""How many cases of a view rest: figures on its tabs. How many are open, a counter says."""

from functools import lru_cache

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actors import Actor
from inbox.models import Case, Status
from inbox.policies import visible_to
from inbox.queries.case_counters import MOST_COUNTED
from inbox.queries.case_views import CaseFilter, conditions

RESTING = (Status.PENDING, Status.SNOOZED)


async def of_view(session: AsyncSession, view: str, *, actor: Actor) -> dict[Status, int]:
    """The unfinished cases of a view that are not open, by status; counting stops at `MOST_COUNTED`. Resolved
    ones are only ever more."""
    row = (await session.execute(_counts(view, actor))).one()
    return dict(zip(RESTING, row, strict=True))


@lru_cache(maxsize=512)
def _counts(view: str, actor: Actor) -> Select[*tuple[int, ...]]:
    """Made once and kept: making a statement again for each call costs more than running it."""
    counts = []
    for status in RESTING:
        narrowed = conditions(CaseFilter(view=view, status=status), actor)
        some = select(Case.id).where(visible_to(actor), *narrowed).limit(MOST_COUNTED).subquery()
        counts.append(select(func.count()).select_from(some).scalar_subquery())
    return select(*counts)
