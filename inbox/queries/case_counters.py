"""The counters beside the views of the inbox."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actors import Actor
from inbox.models import UNFINISHED, Case, Mention, Team
from inbox.policies import visible_to
from inbox.queries.case_views import TEAM, CaseFilter, View, conditions

MOST_COUNTED = 1000


@dataclass(frozen=True, slots=True)
class TeamQueue:
    """A team and how many open cases it has."""

    team: Team
    count: int


@dataclass(frozen=True, slots=True)
class Counters:
    """How many cases each view holds; counting stops at `MOST_COUNTED`. Mentions: those not seen yet."""

    views: dict[View, int]
    teams: tuple[TeamQueue, ...]


COUNTED = (View.MINE, View.MENTIONS, View.UNASSIGNED, View.ALL, View.PENDING, View.SNOOZED)


async def counters(session: AsyncSession, *, actor: Actor) -> Counters:
    """The counters of all views, in one query that reads no more than `MOST_COUNTED` entries for each."""
    teams = (await session.scalars(select(Team).order_by(Team.name))).all()
    filters = [CaseFilter(view=view) for view in COUNTED]
    filters += [CaseFilter(view=f"{TEAM}{team.slug}") for team in teams]
    counts = [_capped(_counted(wanted, actor)) for wanted in filters]
    row = (await session.execute(select(*counts))).one()
    views = dict(zip(COUNTED, row[: len(COUNTED)], strict=True))
    queues = zip(teams, row[len(COUNTED) :], strict=True)
    return Counters(views, tuple(TeamQueue(team, count) for team, count in queues))


def _counted(wanted: CaseFilter, actor: Actor) -> Select[int]:
    if wanted.view == View.MENTIONS:
        unseen = (Mention.agent_id == actor.id, Mention.seen_at.is_(None))
        query = select(Case.id).join(Mention, Mention.case_id == Case.id).where(*unseen).distinct()
        return query.where(visible_to(actor), Case.joined_into_id.is_(None), Case.status.in_(UNFINISHED))
    return select(Case.id).where(visible_to(actor), *conditions(wanted, actor))


def _capped(query: Select[int]) -> ColumnElement[int]:
    some = query.limit(MOST_COUNTED).subquery()
    return select(func.count()).select_from(some).scalar_subquery()
