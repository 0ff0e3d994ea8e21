"""The company's own people, teams and channels by internal key: few, and needed on every page.

Kept between pages (`inbox.kept`), so that what points to them needs no join.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.kept import kept
from inbox.models import Agent, Channel, Team
from inbox.queries.shown import Face, face_of


@dataclass(frozen=True, slots=True)
class ChannelName:
    """What a screen says of a channel."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Company:
    """Everybody who works here or did, all teams' names, and all channels, those too that were switched
    off."""

    people: Mapping[int, Face]
    teams: Mapping[int, str]
    channels: Mapping[int, ChannelName]

    def knows(self, people: Collection[int], channels: Collection[int]) -> bool:
        """Whether all of these are here."""
        return all(one in self.people for one in people) and all(one in self.channels for one in channels)


# Statements are made once and kept: making one again for each call costs more than running it.
_PEOPLE = select(Agent.id, Agent.name, Agent.public_id)
_TEAMS = select(Team.id, Team.name)
_CHANNELS = select(Channel.id, Channel.kind, Channel.name)


async def company_of(
    session: AsyncSession, *, people: Collection[int] = (), channels: Collection[int] = ()
) -> Company:
    """The company, with these people and channels (internal keys that rows point to) in any case: another
    process may have added one just now."""

    async def read() -> Company:
        agents = await session.execute(_PEOPLE)
        teams = await session.execute(_TEAMS)
        found = await session.execute(_CHANNELS)
        return Company(
            people={key: face_of(name, public_id, agent_id=public_id) for key, name, public_id in agents},
            teams={key: name for key, name in teams},
            channels={key: ChannelName(kind, name) for key, kind, name in found},
        )

    company = await kept(session, "company", read)
    return company if company.knows(people, channels) else await read()
