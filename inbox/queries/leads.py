"""How things stand right now, for whoever leads: who waits, how long, and how soon people are answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from sqlalchemy import ColumnElement, Select, case as when, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from inbox import clock
from inbox.actors import Actor
from inbox.models import UNFINISHED, Agent, Case, Status, Team
from inbox.phrases import N_
from inbox.policies import visible_to

NEWEST = 5_000  # cases that medians and today's figures are taken from
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The figures of the workspace, a team or an agent; `words` finds its cases (`inbox.operators`).

    `new` were opened since the day began; `oldest` is since when the one that waits longest does; `late` are
    past their target; `first_reply` is the median of the last seven days, by the clock.
    """

    name: str
    words: str
    new: int = 0
    waiting: int = 0
    oldest: datetime | None = None
    late: int = 0
    first_reply: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Standings:
    """The whole, then its parts by name; people without a case are left out."""

    workspace: Standing
    teams: Sequence[Standing]
    agents: Sequence[Standing]


async def standings(session: AsyncSession, *, actor: Actor, day_began: datetime) -> Standings:
    """How the cases that this actor may see stand now."""
    teams = (await session.scalars(select(Team).order_by(Team.name))).all()
    agents = (
        await session.scalars(select(Agent).where(Agent.deactivated_at.is_(None)).order_by(Agent.name))
    ).all()
    by_team = await _figures(session, Case.team_id, actor, day_began)
    by_agent = await _figures(session, Case.assignee_id, actor, day_began)
    whole = _Figures.sum_of(list(by_team.values()))
    return Standings(
        whole.standing(N_("Workspace"), ""),
        [by_team.get(team.id, _Figures()).standing(team.name, f"team:{team.slug}") for team in teams],
        [
            by_agent[one.id].standing(one.name, f'assignee:"{one.name}"')
            for one in agents
            if one.id in by_agent
        ],
    )


@dataclass(slots=True)
class _Figures:
    new: int = 0
    waiting: int = 0
    oldest: datetime | None = None
    late: int = 0
    replies: tuple[float, ...] = ()  # seconds

    @classmethod
    def sum_of(cls, parts: Sequence["_Figures"]) -> "_Figures":
        return cls(
            new=sum(one.new for one in parts),
            waiting=sum(one.waiting for one in parts),
            oldest=min((one.oldest for one in parts if one.oldest), default=None),
            late=sum(one.late for one in parts),
            replies=tuple(seconds for one in parts for seconds in one.replies),
        )

    def standing(self, name: str, words: str) -> Standing:
        return Standing(
            name=name,
            words=words,
            new=self.new,
            waiting=self.waiting,
            oldest=self.oldest,
            late=self.late,
            first_reply=timedelta(seconds=median(self.replies)) if self.replies else None,
        )


async def _figures(
    session: AsyncSession, key: InstrumentedAttribute[int | None], actor: Actor, day_began: datetime
) -> dict[int | None, _Figures]:
    """By the key's value; what has none stands under None."""
    found: dict[int | None, _Figures] = {}
    unfinished = (Case.status.in_(UNFINISHED), Case.joined_into_id.is_(None), visible_to(actor))
    waiting = (*unfinished, Case.waiting_since.is_not(None))
    late = func.sum(when((Case.due_at < clock.now(), 1), else_=0))
    query = select(key, func.count(), func.min(Case.waiting_since), late).where(*waiting).group_by(key)
    for value, count, oldest, past in await session.execute(query):
        found[value] = _Figures(waiting=count, oldest=oldest, late=int(past or 0))
    since = clock.now() - WEEK
    for value, opened_at, replied_at in await session.execute(_newest(key, actor)):
        figures = found.setdefault(value, _Figures())
        figures.new += opened_at >= day_began
        if replied_at is not None and replied_at >= since:
            figures.replies = (*figures.replies, (replied_at - opened_at).total_seconds())
    return found


def _newest(
    key: InstrumentedAttribute[int | None], actor: Actor
) -> Select[int | None, datetime, datetime | None]:
    shown: tuple[ColumnElement[bool], ...] = (
        Case.joined_into_id.is_(None),
        Case.status != Status.SPAM,
        visible_to(actor),
    )
    query = select(key, Case.opened_at, Case.first_replied_at).where(*shown)
    return query.order_by(Case.id.desc()).limit(NEWEST)
