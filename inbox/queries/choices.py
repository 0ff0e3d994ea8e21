"""What menus offer everywhere: people, teams, tags. The same for everybody, and kept between pages."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.kept import kept
from inbox.models import Tag, Team
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

    @property
    def names(self) -> list[tuple[str, str]]:
        """Who can be mentioned in a note, by public id: people, then teams."""
        people = [(face.agent_id, face.name) for face in self.people if face.agent_id is not None]
        return people + [(team.public_id, team.name) for team in self.teams]


_TEAMS = select(Team.id, Team.public_id, Team.slug, Team.name, Team.hue).order_by(Team.name)
_TAGS = select(Tag.id, Tag.name, Tag.hue).order_by(Tag.name).limit(MOST_TAGS)


async def choices_of(session: AsyncSession) -> Choices:
    """What menus offer now."""

    async def read() -> Choices:
        people = tuple(face_of_agent(agent) for agent in await agents.active(session))
        teams, tags = await session.execute(_TEAMS), await session.execute(_TAGS)
        return Choices(
            people, tuple(TeamChoice(*row) for row in teams), tuple(TagChoice(*row) for row in tags)
        )

    return await kept(session, "choices", read)
