"""What stands around every page of the workspace: the views and teams of the navigation, and their counters."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actors import Actor
from inbox.models import Agent, Team
from inbox.queries import agents, cases, timelines
from inbox.queries.cases import COUNTED, View
from inbox.queries.shown import Face
from inbox.queries.shown_words import face_of_agent

VIEWS: tuple[tuple[View, str, str], ...] = (
    (View.MINE, "inbox", "Mine"),
    (View.MENTIONS, "at-sign", "Mentions"),
    (View.UNASSIGNED, "circle-dashed", "Unassigned"),
    (View.ALL, "layers", "All open"),
    (View.PENDING, "clock", "Pending"),
    (View.SNOOZED, "alarm-clock", "Snoozed"),
    (View.RESOLVED, "check-check", "Resolved"),
    (View.SPAM, "ban", "Spam"),
)
TITLES: dict[str, str] = {view: title for view, _, title in VIEWS}


@dataclass(frozen=True, slots=True)
class Place:
    """A view in the navigation. `name` is its address below /inbox; `counter` is empty where none is shown."""

    name: str
    icon: str
    title: str
    counter: str
    hue: int = 0


@dataclass(frozen=True, slots=True)
class Shell:
    """The frame of a page for one agent; `cursor` is the place in the event log that its counters stand for."""

    me: Face
    views: tuple[Place, ...]
    teams: tuple[Place, ...]
    counters: dict[str, str]
    cursor: str


async def shell_for(session: AsyncSession, agent: Agent) -> Shell:
    """The frame for an agent. Reads the cursor before the counters, so that nothing falls in between."""
    cursor = str(await timelines.newest_position(session))
    counts = await cases.counters(session, Actor.agent(agent))
    teams = [found.team for found in await agents.teams(session)]
    counters = {name: _figure(count) for name, count in counts.items()}
    return Shell(
        me=face_of_agent(agent),
        views=tuple(_place(view, icon, title) for view, icon, title in VIEWS),
        teams=tuple(_team_place(team) for team in teams),
        counters=counters,
        cursor=cursor,
    )


def _place(view: View, icon: str, title: str) -> Place:
    is_counted = view not in (View.RESOLVED, View.SPAM)
    return Place(view, icon, title, view if is_counted else "")


def _team_place(team: Team) -> Place:
    name = f"team/{team.slug}"
    return Place(name, "", team.name, name, hue=team.hue)


def _figure(count: int) -> str:
    if count >= COUNTED:
        return f"{COUNTED - 1}+"
    return str(count) if count else ""
