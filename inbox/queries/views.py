"""The searches that an agent has kept, and those that others show them."""

from collections.abc import Sequence

from sqlalchemy import BindParameter, and_, bindparam, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.errors import NotFound
from inbox.models import Agent, Audience, SavedView, TeamMember

MOST = 100


async def saved_views(session: AsyncSession, agent: Agent) -> Sequence[SavedView]:
    """The views that this agent sees, their own first, then by name."""
    return (await session.scalars(_SAVED, {"agent": agent.id})).all()


async def saved_view(session: AsyncSession, agent: Agent, public_id: str) -> SavedView:
    """One of them; raises NotFound."""
    query = _SHOWN.where(SavedView.public_id == public_id)
    found = (await session.scalars(query, {"agent": agent.id})).first()
    if found is None:
        raise NotFound("There is no such view.")
    return found


# Statements are made once and kept: making one again for each call costs more than running it.
_AGENT: BindParameter[int] = bindparam("agent")
_SHOWN = select(SavedView).where(
    or_(
        SavedView.owner_id == _AGENT,
        SavedView.audience == Audience.EVERYBODY,
        and_(
            SavedView.audience == Audience.TEAM,
            SavedView.team_id.in_(select(TeamMember.team_id).where(TeamMember.agent_id == _AGENT)),
        ),
    )
)
_SAVED = _SHOWN.order_by(SavedView.owner_id != _AGENT, SavedView.name, SavedView.id).limit(MOST)
