"""Keeping a search as a view of the inbox, for oneself or for others."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.actions.undos import remember, undoable
from inbox.errors import Conflict, Invalid, NotPermitted
from inbox.models import Agent, Audience, SavedView, Team, Undo
from inbox.operators import LONGEST, read

MOST = 50  # of one agent: the navigation shows them all
LONGEST_NAME = 120
KEPT = ("public_id", "owner_id", "audience", "team_id", "name", "words")  # for an undo


async def save_view(
    session: AsyncSession,
    *,
    name: str,
    words: str,
    by: Agent,
    audience: Audience = Audience.OWN,
    team: Team | None = None,
) -> SavedView:
    """Keep a search. Raises Invalid for a name or a search that says nothing, Conflict for too many."""
    own = select(func.count()).select_from(SavedView).where(SavedView.owner_id == by.id)
    if (await session.scalar(own) or 0) >= MOST:
        raise Conflict("You have %(most)s saved views already. Remove one first.", most=MOST)
    view = SavedView(owner_id=by.id, name=_name(name), words=_words(words))
    _share(view, audience, team)
    session.add(view)
    await session.flush()
    return view


async def change_view(
    session: AsyncSession,
    view: SavedView,
    *,
    name: str,
    words: str,
    by: Agent,
    audience: Audience,
    team: Team | None = None,
) -> None:
    """Rename it, look for something else, show it to others. Raises NotPermitted where it is not theirs."""
    _permit(view, by)
    view.name, view.words = _name(name), _words(words)
    _share(view, audience, team)
    await session.flush()


async def remove_view(session: AsyncSession, view: SavedView, *, by: Agent) -> None:
    """Forget a view; what it showed stays. It can be undone. Raises NotPermitted where it is not theirs."""
    _permit(view, by)
    journal = {column: getattr(view, column) for column in KEPT}
    await session.delete(view)
    await remember(session, by=by, action="remove_view", journal=journal, case=None)


@undoable("remove_view")
async def _bring_back(session: AsyncSession, undo: Undo, by: Agent) -> None:
    team_id = undo.journal["team_id"]
    if team_id is not None and await session.get(Team, team_id) is None:
        raise Conflict("The team that saw this view is gone.")
    session.add(SavedView(created_at=clock.now(), **undo.journal))


def _permit(view: SavedView, by: Agent) -> None:
    if view.owner_id != by.id and not by.is_admin:
        raise NotPermitted("Only whoever saved this view, or an admin, can change it.")


def _share(view: SavedView, audience: Audience, team: Team | None) -> None:
    if audience is Audience.TEAM and team is None:
        raise Invalid("Choose the team that sees it.", field="audience")
    view.audience = audience
    view.team_id = team.id if team is not None and audience is Audience.TEAM else None


def _name(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise Invalid("Give a name of 1 to %(most)s characters.", most=LONGEST_NAME, field="name")
    return name


def _words(words: str) -> str:
    words = " ".join(words.split())
    if len(words) > LONGEST:
        raise Invalid("A search has at most %(most)s characters.", most=LONGEST, field="words")
    if read(words).is_empty:
        raise Invalid("Say what to look for, such as is:waiting tag:refund.", field="words")
    return words
