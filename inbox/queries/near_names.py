"""What somebody probably meant who wrote the name of a tag, a team or a person a little wrong."""

from difflib import get_close_matches

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.models import Agent, Tag, Team
from inbox.operators import Operator

NEAR = 0.6  # of 1: how alike they must be
MOST = 2000

_NAMES = {"tag": Tag.name, "team": Team.slug, "assignee": Agent.name}


async def nearest(session: AsyncSession, operator: Operator) -> str | None:
    """The name most like the operator's value; None where that is a name, or nothing is near."""
    column = _NAMES.get(operator.name)
    if column is None:
        return None
    names = [name.lower() for name in await session.scalars(select(column).limit(MOST))]
    if operator.value in names:
        return None
    found = get_close_matches(operator.value, names, n=1, cutoff=NEAR)
    return found[0] if found else None
