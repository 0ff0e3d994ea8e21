"""What menus offer everywhere: people, teams, tags. The same for everybody, and kept between pages."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.kept import kept
from inbox.models import Agent, Tag, Team, TeamMember
from inbox.queries import agents
from inbox.queries.shown import Face
from inbox.queries.shown_words import face_of_agent

MOST_TAGS = 30


@dataclass(frozen=True, slots=True)
class TeamChoice:
    id: int
    public_id: str
    slug: str
    name: str
    hue: int


@dataclass(frozen=True, slots=True)
class TagChoice:
    id: int
    name: str
    hue: int


@dataclass(frozen=True, slots=True)
class Choices:
    """Everybody who may work, all teams and the first tags, each by name."""

    people: tuple[Face, ...]
    teams: tuple[TeamChoice, ...]
    tags: tuple[TagChoice, ...]


_TEAMS = select(Team.id, Team.public_id, Team.slug, Team.name, Team.hue).order_by(Team.name)
_TAGS = select(Tag.id, Tag.name, Tag.hue).order_by(Tag.name).limit(MOST_TAGS)


_MEMBERS = (
    select(Team.public_id, Agent.public_id)
    .join(TeamMember, TeamMember.team_id == Team.id)
    .join(Agent, Agent.id == TeamMember.agent_id)
    .where(Agent.deactivated_at.is_(None))
)


async def choices_of(session: AsyncSession) -> Choices:
    """What menus offer now."""

    async def read() -> Choices:
        people = tuple(face_of_agent(agent) for agent in await agents.active(session))
        teams, tags = await session.execute(_TEAMS), await session.execute(_TAGS)
        return Choices(
            people, tuple(TeamChoice(*row) for row in teams), tuple(TagChoice(*row) for row in tags)
        )

    return await kept(session, "choices", read)


async def members_of_teams(session: AsyncSession) -> Mapping[str, frozenset[str]]:
    """Who works in each team that somebody works in: public ids of agents by the team's."""

    async def read() -> Mapping[str, frozenset[str]]:
        found: dict[str, set[str]] = {}
        for team_id, agent_id in await session.execute(_MEMBERS):
            found.setdefault(team_id, set()).add(agent_id)
        return {team_id: frozenset(members) for team_id, members in found.items()}

    return await kept(session, "members", read)
