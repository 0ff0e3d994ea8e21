"""The counters beside the views of the inbox."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actors import Actor
from inbox.models import UNFINISHED, Case, Mention, SavedView, Team
from inbox.operators import Sought, read
from inbox.policies import visible_to
from inbox.queries import sought
from inbox.queries.case_views import TEAM, CaseFilter, View, conditions

MOST_COUNTED = 1000


@dataclass(frozen=True, slots=True)
class TeamQueue:
    """A team and how many open cases it has."""

    team: Team
    count: int


@dataclass(frozen=True, slots=True)
class Counters:
    """How many cases each view holds; counting stops at `MOST_COUNTED`. Mentions: those not seen yet. `saved`
    is by the view's public id; those that would take long are not counted."""

    views: dict[View, int]
    teams: tuple[TeamQueue, ...]
    saved: dict[str, int]


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


async def counters(session: AsyncSession, *, actor: Actor, saved: Sequence[SavedView] = ()) -> Counters:
    """The counters of all views, reading no more than `MOST_COUNTED` entries for each."""
    cheap = {view.public_id: read(view.words) for view in saved}
    cheap = {public_id: wanted for public_id, wanted in cheap.items() if sought.is_countable(wanted)}
    teams = (await session.scalars(_TEAMS)).all()
    of_all = (await session.execute(_counts(actor, tuple(team.slug for team in teams)))).one()
    found = [_capped(_counted_found(session, wanted, actor)) for wanted in cheap.values()]
    of_saved = (await session.execute(select(*found))).one() if found else ()
    return Counters(
        dict(zip(COUNTED, of_all, strict=False)),
        tuple(TeamQueue(team, count) for team, count in zip(teams, of_all[len(COUNTED) :], strict=True)),
        dict(zip(cheap, of_saved, strict=True)),
    )


# Statements are made once and kept: making one again for each call costs more than running it.
_TEAMS = select(Team).order_by(Team.name)


@lru_cache(maxsize=512)
def _counts(actor: Actor, team_slugs: tuple[str, ...]) -> Select[*tuple[int, ...]]:
    filters = [CaseFilter(view=view) for view in (*COUNTED, *(f"{TEAM}{slug}" for slug in team_slugs))]
    return select(*(_capped(_counted(wanted, actor)) for wanted in filters))


def _counted(wanted: CaseFilter, actor: Actor) -> Select[int]:
    if wanted.view == View.MENTIONS:
        unseen = (Mention.agent_id == actor.id, Mention.seen_at.is_(None))
        query = select(Case.id).join(Mention, Mention.case_id == Case.id).where(*unseen).distinct()
        return query.where(visible_to(actor), Case.joined_into_id.is_(None), Case.status.in_(UNFINISHED))
    return select(Case.id).where(visible_to(actor), *conditions(wanted, actor))


def _counted_found(session: AsyncSession, wanted: Sought, actor: Actor) -> Select[int]:
    found = sought.cases(session, wanted, actor)
    return select(Case.id).where(visible_to(actor), Case.joined_into_id.is_(None), *found)


def _capped(query: Select[int]) -> ColumnElement[int]:
    some = query.limit(MOST_COUNTED).subquery()
    return select(func.count()).select_from(some).scalar_subquery()
