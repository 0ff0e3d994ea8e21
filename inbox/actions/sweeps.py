"""Judging a whole wave of form submissions as spam at once, and taking that back at once.

A sweep names a form, a network (or none: every one) and a moment since when. It works in batches, each in a
transaction of its own, so that others write in between; `begin()` first, `sweep_some()` until it answers 0.
What was spam before is not swept, so that the way back restores nothing but the sweep's own verdicts.
"""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.actions.resolutions import (
    mark_message_spam,
    mark_spam,
    unmark_message_spam,
    unmark_spam,
)
from inbox.actors import Actor
from inbox.locks import lock_conversations
from inbox.models import Agent, Case, Channel, Message, Status, Submission, Sweep
from inbox.policies import Action, authorize

BATCH = 10


async def begin(
    session: AsyncSession, channel: Channel, *, network: str, since: datetime, by: Agent
) -> Sweep:
    """The sweep that batches are done for; *network* "" means all of them."""
    authorize(Actor.agent(by), Action.ADMINISTER)
    sweep = Sweep(channel_id=channel.id, agent_id=by.id, network=network, since=since)
    session.add(sweep)
    await session.flush()
    return sweep


async def sweep_some(session: AsyncSession, sweep_id: int, *, by: Agent) -> int:
    """Judge the next batch of a sweep; answers how many there were. What came after its beginning stays."""
    sweep = await session.get_one(Sweep, sweep_id)
    wanted = select(Submission).join(Message, Message.id == Submission.message_id)
    wanted = wanted.where(
        Submission.channel_id == sweep.channel_id,
        Submission.created_at >= sweep.since,
        Submission.created_at <= sweep.created_at,
        Message.is_spam.is_(False),
    )
    if sweep.network:
        wanted = wanted.where(Submission.network == sweep.network)
    batch = list(await session.scalars(wanted.order_by(Submission.id).limit(BATCH)))
    for submission, message in await _messages(session, batch):
        submission.sweep_id = sweep.id
        await mark_message_spam(session, message, by=Actor.agent(by))
        if message.case_id is not None and await _is_all_spam(session, message.case_id):
            await mark_spam(session, await session.get_one(Case, message.case_id), by=Actor.agent(by))
    sweep.swept += len(batch)
    await session.flush()
    return len(batch)


async def restore_some(session: AsyncSession, sweep_id: int, *, by: Agent) -> int:
    """Take back the next batch of a sweep's verdicts; answers how many there were. At the end it counts as
    undone."""
    authorize(Actor.agent(by), Action.ADMINISTER)
    sweep = await session.get_one(Sweep, sweep_id)
    swept = select(Submission).where(Submission.sweep_id == sweep.id).order_by(Submission.id).limit(BATCH)
    batch = list(await session.scalars(swept))
    for submission, message in await _messages(session, batch):
        submission.sweep_id = None
        case = await session.get(Case, message.case_id) if message.case_id is not None else None
        if case is not None and case.status == Status.SPAM:
            await unmark_spam(session, case, by=Actor.agent(by))
        await unmark_message_spam(session, message, by=Actor.agent(by))
    if not batch:
        sweep.undone_at = sweep.undone_at or clock.now()
    await session.flush()
    return len(batch)


async def _messages(session: AsyncSession, batch: list[Submission]) -> list[tuple[Submission, Message]]:
    """The messages of some submissions, their conversations locked in one order."""
    ids = [submission.message_id for submission in batch]
    messages = {m.id: m for m in await session.scalars(select(Message).where(Message.id.in_(ids)))}
    await lock_conversations(session, [message.conversation_id for message in messages.values()])
    return [(submission, messages[submission.message_id]) for submission in batch]


async def _is_all_spam(session: AsyncSession, case_id: int) -> bool:
    """Whether a case holds nothing but spam: what somebody else wrote or answered in it keeps it alive."""
    await session.flush()
    others = select(func.count()).where(Message.case_id == case_id, Message.is_spam.is_(False))
    return not await session.scalar(others)
