"""Judging a whole wave of form submissions as spam at once, and taking that back at once.

A sweep names a form, a network (or none: every one) and a moment since when. It works in batches, each in a
transaction of its own, so that others write in between; `begin()` first, `sweep_some()` until it answers 0.
What was spam before is not swept, so that the way back restores nothing but the sweep's own verdicts.

Nearly all of a wave has a case of its own that nobody has touched: those are judged together, by a few
statements for the batch. The others go the way of a single verdict, few at a time.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import func, select, union
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.actions.events import record
from inbox.actions.resolutions import (
    mark_message_spam,
    mark_spam,
    unmark_message_spam,
    unmark_spam,
)
from inbox.actions.snapshots import snapshot_with
from inbox.actions.statuses import change_status
from inbox.actors import Actor
from inbox.locks import lock_conversations
from inbox.models import (
    Agent,
    Case,
    Channel,
    Conversation,
    EventKind,
    Handoff,
    HandoffState,
    Message,
    Status,
    Strand,
    Submission,
    Sweep,
)
from inbox.policies import Action, authorize

BATCH = 200  # of the untouched ones
SINGLE = 10  # of the others, each of which costs as much as a press


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
    pairs, actor = await _messages(session, batch), Actor.agent(by)
    untouched = await _untouched(session, [message for _, message in pairs])
    await _judge_together(session, untouched, actor)
    judged = {message.id for message, _, _ in untouched}
    for _, message in [pair for pair in pairs if pair[1].id not in judged][:SINGLE]:
        await _judge_alone(session, message, actor)
        judged.add(message.id)
    for submission, message in pairs:
        if message.id in judged:
            submission.sweep_id = sweep.id
    sweep.swept += len(judged)
    await session.flush()
    return len(judged)


async def restore_some(session: AsyncSession, sweep_id: int, *, by: Agent) -> int:
    """Take back the next batch of a sweep's verdicts; answers how many there were. At the end it counts as
    undone."""
    authorize(Actor.agent(by), Action.ADMINISTER)
    sweep = await session.get_one(Sweep, sweep_id)
    swept = select(Submission).where(Submission.sweep_id == sweep.id).order_by(Submission.id).limit(SINGLE)
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


async def _messages(session: AsyncSession, batch: Sequence[Submission]) -> list[tuple[Submission, Message]]:
    """The messages of some submissions, their conversations locked in one order."""
    wanted = select(Message).where(Message.id.in_([submission.message_id for submission in batch]))
    await lock_conversations(session, [message.conversation_id for message in await session.scalars(wanted)])
    read_anew = wanted.execution_options(populate_existing=True)
    messages = {message.id: message for message in await session.scalars(read_anew)}
    return [(submission, messages[submission.message_id]) for submission in batch]


async def _untouched(
    session: AsyncSession, messages: Sequence[Message]
) -> list[tuple[Message, Case, Strand]]:
    """Those messages that are all there is in an open case, with its only strand; nobody is asked to take
    it."""
    ids = {message.case_id for message in messages if message.case_id is not None}
    busy = await _busy(session, ids)
    read = {"populate_existing": True}
    open_ones = select(Case).where(Case.id.in_(ids - busy), Case.status == Status.OPEN)
    cases = {case.id: case for case in await session.scalars(open_ones.execution_options(**read))}
    own = select(Strand).where(Strand.case_id.in_(cases)).execution_options(**read)
    strands = {strand.id: strand for strand in await session.scalars(own)}
    return [
        (message, cases[message.case_id], strands[message.strand_id])
        for message in messages
        if message.case_id in cases and message.strand_id in strands
    ]


async def _busy(session: AsyncSession, case_ids: Collection[int]) -> set[int]:
    """Cases with more than one message, more than one strand, or an offer that stands."""
    more_said = select(Message.case_id).where(Message.case_id.in_(case_ids)).group_by(Message.case_id)
    more_strands = select(Strand.case_id).where(Strand.case_id.in_(case_ids)).group_by(Strand.case_id)
    offered = select(Handoff.case_id).where(
        Handoff.case_id.in_(case_ids), Handoff.state == HandoffState.OFFERED
    )
    several = func.count() > 1
    found = await session.scalars(union(more_said.having(several), more_strands.having(several), offered))
    return set(found)


async def _judge_together(
    session: AsyncSession, untouched: Sequence[tuple[Message, Case, Strand]], actor: Actor
) -> None:
    ids = {message.conversation_id for message, _, _ in untouched}
    found = await session.scalars(select(Conversation).where(Conversation.id.in_(ids)))
    conversations = {conversation.id: conversation for conversation in found}
    for message, case, strand in untouched:
        conversation = conversations[message.conversation_id]
        message.is_spam = True
        marked = EventKind.MESSAGE_MARKED_SPAM
        record(session, marked, actor=actor, conversation=conversation, case=case, message=message)
        case.before_spam = snapshot_with(case, [strand])
        change_status(session, conversation, case, Status.SPAM, actor=actor)
        strand.waiting_since = case.waiting_since = case.due_at = None
    await session.flush()


async def _judge_alone(session: AsyncSession, message: Message, actor: Actor) -> None:
    await mark_message_spam(session, message, by=actor)
    if message.case_id is not None and await _is_all_spam(session, message.case_id):
        await mark_spam(session, await session.get_one(Case, message.case_id), by=actor)


async def _is_all_spam(session: AsyncSession, case_id: int) -> bool:
    """Whether a case holds nothing but spam: what somebody else wrote or answered in it keeps it alive."""
    await session.flush()
    others = select(func.count()).where(Message.case_id == case_id, Message.is_spam.is_(False))
    return not await session.scalar(others)
