"""How an agent listens to a case: following it without being responsible, or muting it until mentioned."""

from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.actions.events import record
from inbox.actors import Actor
from inbox.holding import hold_case
from inbox.models import Agent, Case, EventKind, Follower, Mute
from inbox.queries.followers import attention_of
from inbox.upserts import insert_into


async def follow(session: AsyncSession, case: Case, *, by: Agent) -> None:
    """Hear of a case from now on; it is muted no more."""
    await _listen(session, case, by, follows=True, is_muted=False)


async def unfollow(session: AsyncSession, case: Case, *, by: Agent) -> None:
    """Hear of a case no more, unless one is responsible for it."""
    attention = await attention_of(session, case.id, by.id)
    await _listen(session, case, by, follows=False, is_muted=attention.is_muted)


async def mute(session: AsyncSession, case: Case, *, by: Agent) -> None:
    """Hear of a case only when mentioned in it; it is followed no more."""
    await _listen(session, case, by, follows=False, is_muted=True)


async def unmute(session: AsyncSession, case: Case, *, by: Agent) -> None:
    """Hear of a case again, where one is responsible for it."""
    attention = await attention_of(session, case.id, by.id)
    await _listen(session, case, by, follows=attention.follows, is_muted=False)


async def add_follower(session: AsyncSession, case: Case, agent: Agent, *, by_choice: bool) -> None:
    """Let an agent follow a held case: by choice until they stop, else until somebody has taken it."""
    place = {"case_id": case.id, "agent_id": agent.id}
    await session.execute(
        insert_into(session, Follower).values(**place, by_choice=by_choice).on_conflict_do_nothing()
    )
    if by_choice:
        await session.execute(update(Follower).filter_by(**place).values(by_choice=True))


async def _listen(session: AsyncSession, case: Case, by: Agent, *, follows: bool, is_muted: bool) -> None:
    conversation = await hold_case(session, case)
    before, place = await attention_of(session, case.id, by.id), {"case_id": case.id, "agent_id": by.id}
    kinds: list[EventKind] = []
    if follows:
        await add_follower(session, case, by, by_choice=True)
    else:
        await session.execute(delete(Follower).filter_by(**place))
    if is_muted:
        await session.execute(
            insert_into(session, Mute).values(**place, created_at=clock.now()).on_conflict_do_nothing()
        )
    else:
        await session.execute(delete(Mute).filter_by(**place))
    if follows is not before.follows:
        kinds.append(EventKind.CASE_FOLLOWED if follows else EventKind.CASE_UNFOLLOWED)
    if is_muted is not before.is_muted:
        kinds.append(EventKind.CASE_MUTED if is_muted else EventKind.CASE_UNMUTED)
    for kind in kinds:
        record(session, kind, actor=Actor.agent(by), conversation=conversation, case=case)
