"""How much everybody has to do now: what whoever hands a case on wants to know first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import case as when, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.envelopes import ChannelKind
from inbox.models import Agent, Case, Status, Team
from inbox.queries import agents
from inbox.queries.absences import Away, away_now
from inbox.queries.shown import Face
from inbox.queries.shown_words import face_of_agent


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Somebody's open cases: how many, in how many a customer waits, and how many are chats. `away` where
    they are."""

    face: Face
    open: int = 0
    waiting: int = 0
    chats: int = 0
    chat_limit: int | None = None
    away: Away | None = None

    @property
    def has_enough_chats(self) -> bool:
        return self.chat_limit is not None and self.chats >= self.chat_limit


@dataclass(frozen=True, slots=True)
class Queue:
    """A team, and how many open cases of it nobody has taken."""

    team: Team
    untaken: int


async def loads(session: AsyncSession) -> list[Load]:
    """Everybody who may work, by name."""
    people, away = await agents.active(session), await away_now(session)
    figures = await _figures(session, people)
    return [_load(agent, figures.get(agent.id, (0, 0, 0)), away.get(agent.id)) for agent in people]


async def chats_of(session: AsyncSession, agent: Agent) -> int:
    """In how many open chats somebody is, as `loads` counts them."""
    return (await _figures(session, [agent])).get(agent.id, (0, 0, 0))[2]


async def queues(session: AsyncSession) -> list[Queue]:
    """All teams, by name."""
    untaken = (Case.status == Status.OPEN, Case.assignee_id.is_(None), Case.team_id.is_not(None))
    query = select(Case.team_id, func.count()).where(*untaken).group_by(Case.team_id)
    counts = {team_id: count for team_id, count in await session.execute(query)}
    teams = (await session.scalars(select(Team).order_by(Team.name))).all()
    return [Queue(team, counts.get(team.id, 0)) for team in teams]


def _load(agent: Agent, figures: tuple[int, int, int], away: Away | None) -> Load:
    cases, waiting, chats = figures
    return Load(
        face=face_of_agent(agent),
        open=cases,
        waiting=waiting,
        chats=chats,
        chat_limit=agent.chat_limit,
        away=away,
    )


async def _figures(session: AsyncSession, people: Sequence[Agent]) -> Mapping[int, tuple[int, int, int]]:
    waiting = func.sum(when((Case.waiting_since.is_not(None), 1), else_=0))
    chats = func.sum(when((Case.last_channel_kind == ChannelKind.WEBCHAT, 1), else_=0))
    query = (
        select(Case.assignee_id, func.count(), waiting, chats)
        .where(Case.assignee_id.in_([agent.id for agent in people]), Case.status == Status.OPEN)
        .group_by(Case.assignee_id)
    )
    rows = await session.execute(query)
    return {agent_id: (count, int(some or 0), int(live or 0)) for agent_id, count, some, live in rows}
