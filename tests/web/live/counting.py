"""What the navigation counts for an agent, and whether their lists hear that it may have changed: a browser
that does asks for all counters anew."""

from collections.abc import Collection

from inbox.actors import Actor
from inbox.models import Agent
from inbox.queries import case_counters, happenings
from tests.web.live.stage import Stage
from web.live.subscriptions import Subscription
from web.live.tail import Tail

Counted = tuple[object, ...]


async def counted(stage: Stage) -> list[Counted]:
    """For each agent of the stage, in its order."""
    counts: list[Counted] = []
    for agent in stage.agents:
        async with stage.database.reading() as session:
            found = await case_counters.counters(session, actor=Actor.agent(agent))
        counts.append((found.views, found.teams, found.quarantined))
    return counts


async def untold(stage: Stage, tail: Tail, position: int, before: list[Counted]) -> list[str]:
    """Whose counters are not those of *before*, though their lists were told nothing since *position*."""
    now = await counted(stage)
    differing = [agent for agent, then, since in zip(stage.agents, before, now, strict=True) if then != since]
    return [agent.name for agent in differing if not await _is_told(stage, agent, tail, position)]


async def _is_told(stage: Stage, agent: Agent, tail: Tail, position: int) -> bool:
    async def sees(case_ids: Collection[int]) -> frozenset[int]:
        async with stage.database.reading() as session:
            return await happenings.visible_cases(session, Actor.agent(agent), case_ids)

    return await Subscription(tail, None, position).next(sees) is not None
