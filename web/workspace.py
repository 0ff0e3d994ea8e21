"""What stands around every page of the workspace: the navigation with its views, teams and counters."""

from collections.abc import Mapping
from dataclasses import dataclass

from inbox import clock
from inbox.actors import Actor
from inbox.channel_troubles import Trouble
from inbox.models import Agent, SavedView
from inbox.phrases import N_
from inbox.queries import case_counters, channels, views, workloads
from inbox.queries.case_counters import MOST_COUNTED
from inbox.queries.case_views import TEAM, View
from inbox.queries.happenings import Reading
from inbox.queries.shown import Face
from inbox.queries.shown_words import face_of_agent
from web.live.cursors import cursor_of

VIEWS: tuple[tuple[View, str, str], ...] = (
    (View.MINE, "inbox", N_("Mine")),
    (View.MENTIONS, "at-sign", N_("Mentions")),
    (View.OFFERED, "arrow-right-left", N_("Handed to you")),
    (View.FOLLOWING, "eye", N_("Following")),
    (View.UNASSIGNED, "circle-dashed", N_("Unassigned")),
    (View.ALL, "layers", N_("All open")),
    (View.PENDING, "clock", N_("Pending")),
    (View.SNOOZED, "alarm-clock", N_("Snoozed")),
    (View.RESOLVED, "check-check", N_("Resolved")),
    (View.SPAM, "ban", N_("Spam")),
)


SAVED = "view/"
NOTIFICATIONS = "notifications"  # the name of the bell's counter
CHATS = "chats"  # of that of one's own chats, for whoever has a limit


@dataclass(frozen=True, slots=True)
class Place:
    """A view in the navigation. `name` is its address below /inbox, and the name of its counter; `words` is
    what a saved view looks for."""

    name: str
    icon: str
    title: str
    hue: int = 0
    words: str = ""


@dataclass(frozen=True, slots=True)
class Shell:
    """The frame of a page for one agent; `cursor` is the place in the event log that its counters stand
    for. `is_new`: nobody has written to this installation yet. `quarantined`: so many inputs nobody could
    read. `troubles`: the channels that an admin has to look after."""

    me: Face
    views: tuple[Place, ...]
    teams: tuple[Place, ...]
    saved: tuple[Place, ...]
    counters: Mapping[str, str]
    cursor: str
    is_new: bool = False
    quarantined: int = 0
    troubles: tuple[Trouble, ...] = ()

    def place_of(self, view: str) -> Place | None:
        """The view of that name, None where there is none."""
        return next((one for one in (*self.views, *self.teams, *self.saved) if one.name == view), None)


async def shell_for(session: Reading, agent: Agent) -> Shell:
    """The frame for an agent."""
    saved = await views.saved_views(session, agent)
    counted = await case_counters.counters(session, actor=Actor.agent(agent), saved=saved)
    figures = {str(view): figure(count) for view, count in counted.views.items()}
    figures |= {f"{TEAM}{queue.team.slug}": figure(queue.count) for queue in counted.teams}
    figures |= {f"{SAVED}{public_id}": figure(count) for public_id, count in counted.saved.items()}
    figures[NOTIFICATIONS] = figure(counted.unread)
    if agent.chat_limit is not None:
        figures[CHATS] = str(await workloads.chats_of(session, agent))
    teams = [queue.team for queue in counted.teams]
    return Shell(
        me=face_of_agent(agent),
        views=tuple(Place(view, icon, title) for view, icon, title in VIEWS),
        teams=tuple(Place(f"{TEAM}{team.slug}", "", team.name, team.hue) for team in teams),
        saved=tuple(_saved(one) for one in saved),
        counters=figures,
        cursor=cursor_of(counted.position),
        is_new=counted.is_new,
        quarantined=counted.quarantined,
        troubles=tuple(await channels.troubled(session, clock.now())) if agent.is_admin else (),
    )


def _saved(view: SavedView) -> Place:
    return Place(f"{SAVED}{view.public_id}", "list-filter", view.name, words=view.words)


def figure(count: int) -> str:
    """A counter as it is shown: nothing for none, "999+" for what is not counted further."""
    if count >= MOST_COUNTED:
        return f"{MOST_COUNTED - 1}+"
    return str(count) if count else ""
