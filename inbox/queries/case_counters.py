"""The counters beside the views of the inbox, and what else the navigation says.

All of it in one statement, since each takes longer to make than to answer; and so that the position in the
event log which they stand for is that of the same moment.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import ScalarSelect, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actors import Actor
from inbox.models import UNFINISHED, Case, EventCounter, Mention, Message, SavedView
from inbox.operators import Sought, read
from inbox.policies import visible_to
from inbox.queries import sought
from inbox.queries.case_views import TEAM, CaseFilter, View, conditions
from inbox.queries.choices import TeamChoice, choices_of
from inbox.queries.intake import QUARANTINED
from inbox.queries.notifications import unread_conversations

MOST_COUNTED = 1000


@dataclass(frozen=True, slots=True)
class TeamQueue:
    """A team and how many open cases it has."""

    team: TeamChoice
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Counters:
    """How many cases each view holds; counting stops at `MOST_COUNTED`. Mentions: those not seen yet. `saved`
    is by the view's public id; those that would take long are not counted.

    `position` is that of the newest event which they stand for. `unread`: in so many conversations something
    waits behind the bell; so many inputs are `quarantined`; nobody has written yet where `is_new`."""

    views: dict[View, int]
    teams: tuple[TeamQueue, ...]
    saved: dict[str, int]
    position: int
    unread: int
    quarantined: int
    is_new: bool


COUNTED = (
    View.MINE,
    View.MENTIONS,
    View.OFFERED,
    View.FOLLOWING,
    View.UNASSIGNED,
    View.ALL,
    View.PENDING,
    View.SNOOZED,
)


BEFORE_VIEWS = 4  # columns of `_facts` that count no view


async def counters(session: AsyncSession, *, actor: Actor, saved: Sequence[SavedView] = ()) -> Counters:
    """The counters of all views, reading no more than `MOST_COUNTED` entries for each."""
    teams = (await choices_of(session)).teams
    facts = (await session.execute(_facts(actor, tuple(team.slug for team in teams)))).one()
    of_teams = zip(teams, facts[-len(teams) :], strict=True) if teams else ()
    return Counters(
        views=dict(zip(COUNTED, facts[BEFORE_VIEWS:], strict=False)),
        teams=tuple(TeamQueue(team, count) for team, count in of_teams),
        saved=await _of_saved(session, saved, actor),
        position=facts.position or 0,
        unread=facts.unread,
        quarantined=facts.quarantined,
        is_new=not facts.has_message,
    )


async def _of_saved(session: AsyncSession, saved: Sequence[SavedView], actor: Actor) -> dict[str, int]:
    cheap = {view.public_id: read(view.words) for view in saved}
    cheap = {public_id: wanted for public_id, wanted in cheap.items() if sought.is_countable(wanted)}
    if not cheap:
        return {}
    found = [_capped(_counted_found(session, wanted, actor)) for wanted in cheap.values()]
    return dict(zip(cheap, (await session.execute(select(*found))).one(), strict=True))


@lru_cache(maxsize=512)
def _facts(actor: Actor, team_slugs: tuple[str, ...]) -> Select[*tuple[Any, ...]]:
    """Kept: making a statement again for each call costs more than running it."""
    filters = [CaseFilter(view=view) for view in (*COUNTED, *(f"{TEAM}{slug}" for slug in team_slugs))]
    return select(
        select(EventCounter.position).scalar_subquery().label("position"),
        _capped(unread_conversations(actor)).label("unread"),
        _capped(QUARANTINED).label("quarantined"),
        select(Message.id).exists().label("has_message"),
        *(_capped(_counted(wanted, actor)) for wanted in filters),
    )


def _counted(wanted: CaseFilter, actor: Actor) -> Select[int]:
    if wanted.view == View.MENTIONS:
        unseen = (Mention.agent_id == actor.id, Mention.seen_at.is_(None))
        query = select(Case.id).join(Mention, Mention.case_id == Case.id).where(*unseen).distinct()
        return query.where(visible_to(actor), Case.joined_into_id.is_(None), Case.status.in_(UNFINISHED))
    return select(Case.id).where(visible_to(actor), *conditions(wanted, actor))


def _counted_found(session: AsyncSession, wanted: Sought, actor: Actor) -> Select[int]:
    found = sought.cases(session, wanted, actor)
    return select(Case.id).where(visible_to(actor), Case.joined_into_id.is_(None), *found)


def _capped(query: Select[int]) -> ScalarSelect[int]:
    some = query.limit(MOST_COUNTED).subquery()
    return select(func.count()).select_from(some).scalar_subquery()
