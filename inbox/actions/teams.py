"""Teams: queues with people."""

import re
import unicodedata
from collections.abc import Sequence

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actors import Actor
from inbox.errors import Conflict, Invalid
from inbox.models import Agent, Assignment, Case, Handoff, Team, TeamMember
from inbox.policies import Action, authorize

HUES = 8


async def add_team(session: AsyncSession, *, name: str, members: Sequence[Agent] = (), by: Actor) -> Team:
    """Add a queue; raises Conflict where the name is taken."""
    authorize(by, Action.ADMINISTER)
    name = _checked_name(name)
    slug = _slug(name)
    if await session.scalar(select(Team.id).where((Team.name == name) | (Team.slug == slug))) is not None:
        raise Conflict("There is already a team with the name %(name)s, or one much like it.", name=name)
    count = await session.scalar(select(func.count()).select_from(Team)) or 0
    team = Team(name=name, slug=slug, hue=count % HUES + 1)
    session.add(team)
    await session.flush()
    await set_members(session, team, members, by=by)
    return team


async def rename_team(session: AsyncSession, team: Team, name: str, *, by: Actor) -> None:
    """Give a team another name. Its address stays, so that links to its queue go on working."""
    authorize(by, Action.ADMINISTER)
    name = _checked_name(name)
    taken = select(Team.id).where(Team.name == name, Team.id != team.id)
    if await session.scalar(taken) is not None:
        raise Conflict("There is already a team with the name %(name)s.", name=name)
    team.name = name
    await session.flush()


async def set_members(session: AsyncSession, team: Team, members: Sequence[Agent], *, by: Actor) -> None:
    """Let exactly these agents belong to the team."""
    authorize(by, Action.ADMINISTER)
    wanted = {agent.id for agent in members}
    have = set(await session.scalars(select(TeamMember.agent_id).where(TeamMember.team_id == team.id)))
    gone = have - wanted
    if gone:
        await session.execute(
            delete(TeamMember).where(TeamMember.team_id == team.id, TeamMember.agent_id.in_(gone))
        )
    session.add_all(TeamMember(team_id=team.id, agent_id=agent_id) for agent_id in sorted(wanted - have))
    await session.flush()


async def remove_team(session: AsyncSession, team: Team, *, by: Actor) -> None:
    """Remove a queue; raises Conflict while a case or a handoff names it, or once it was given one: the
    history of cases keeps it."""
    authorize(by, Action.ADMINISTER)
    used = select(Case.id).where(Case.team_id == team.id).limit(1)
    offered = select(Handoff.id).where(Handoff.to_team_id == team.id).limit(1)
    if await session.scalar(used) is not None or await session.scalar(offered) is not None:
        raise Conflict("%(name)s still has cases. Give them to another team first.", name=team.name)
    if await session.scalar(select(Assignment.id).where(Assignment.team_id == team.id).limit(1)) is not None:
        raise Conflict(
            "%(name)s stands in the history of cases. Take its people out instead of removing it.",
            name=team.name,
        )
    await session.execute(delete(TeamMember).where(TeamMember.team_id == team.id))
    await session.delete(team)
    await session.flush()


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > 120 or not name.isprintable():
        raise Invalid("Give a name of 1 to 120 characters.", field="name")
    return name


def _slug(name: str) -> str:
    """The name in lower-case ASCII for addresses; names without any Latin letter keep their own letters."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")
    return slug or re.sub(r"[^\w]+", "-", name.lower()).strip("-") or "team"
