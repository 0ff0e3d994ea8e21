"""The searches that an agent has kept, and those that others show them."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.errors import NotFound
from inbox.models import Agent, Audience, SavedView, TeamMember

MOST = 100


async def saved_views(session: AsyncSession, agent: Agent) -> Sequence[SavedView]:
    """The views that this agent sees, their own first, then by name."""
    query = select(SavedView).where(_shown_to(agent))
    query = query.order_by(SavedView.owner_id != agent.id, SavedView.name, SavedView.id).limit(MOST)
    return (await session.scalars(query)).all()


async def saved_view(session: AsyncSession, agent: Agent, public_id: str) -> SavedView:
    """One of them; raises NotFound."""
    query = select(SavedView).where(_shown_to(agent), SavedView.public_id == public_id)
    found = (await session.scalars(query)).first()
    if found is None:
        raise NotFound("There is no such view.")
    return found


def _shown_to(agent: Agent) -> ColumnElement[bool]:
    teams = select(TeamMember.team_id).where(TeamMember.agent_id == agent.id)
    return or_(
        SavedView.owner_id == agent.id,
        SavedView.audience == Audience.EVERYBODY,
        and_(SavedView.audience == Audience.TEAM, SavedView.team_id.in_(teams)),
    )
