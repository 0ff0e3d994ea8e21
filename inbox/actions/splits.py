"""Making two cases of one (`split`), and one of two (`join`, see `inbox.actions.joins`); both undoable."""

from collections.abc import Sequence

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actions.events import record, write_events
from inbox.actions.joins import absorb, join, undo_join
from inbox.actions.journals import Journal
from inbox.actions.relocations import case_like, place_messages
from inbox.actions.summaries import refresh_all
from inbox.actions.undos import remember, undoable
from inbox.actors import Actor
from inbox.errors import Conflict, Invalid
from inbox.holding import hold_case
from inbox.models import (
    Agent,
    Case,
    Channel,
    Conversation,
    Direction,
    EventKind,
    Message,
    Status,
    Strand,
    Undo,
)
from inbox.policies import Action, authorize

__all__ = ["join", "split", "undo_join", "undo_split"]


async def split(
    session: AsyncSession,
    case: Case,
    *,
    by: Agent,
    strands: Sequence[Strand] = (),
    from_message: Message | None = None,
) -> Case:
    """Open a new case for whole strands, or for a message and what follows it in its strand.

    It has the same people responsible and is no less private. Later messages of these strands go there.
    Raises Invalid where nothing of the case was named, Conflict where nothing would be left in it.
    """
    actor = Actor.agent(by)
    authorize(actor, Action.CHANGE)
    conversation = await hold_case(session, case)
    if case.joined_into_id is not None:
        raise Conflict("This case was joined with another one. Split that one instead.")
    await write_events(session)
    leaving = await _leaving(session, case, strands, from_message)
    await _refuse_emptying(session, case, leaving)
    strand_ids = sorted({message.strand_id for message in leaving})
    journal = Journal()
    fresh = await _open(session, journal, conversation, case, leaving, actor)
    ids = [message.id for message in leaving]
    await place_messages(session, journal, ids, conversation=conversation, case=fresh)
    going = select(Strand.id).where(
        Strand.id.in_(strand_ids), or_(Strand.case_id == case.id, Strand.case_id.is_(None))
    )
    await journal.rewrite(session, Strand, list(await session.scalars(going)), case_id=fresh.id)
    await refresh_all(session, cases=(case, fresh))
    _settle_status(fresh, case, leaving)
    data = {
        "fresh": fresh.number,
        "cases": [case.number, fresh.number],
        "conversations": [conversation.public_id],
    }
    record(session, EventKind.CASE_SPLIT, actor=actor, conversation=conversation, case=case, data=data)
    stored = journal.stored() | {"case": case.id, "fresh": fresh.id}
    await remember(session, by=by, action="split", journal=stored, case=case)
    return fresh


@undoable("split")
async def undo_split(session: AsyncSession, undo: Undo, by: Agent) -> None:
    """Make one case of two again, with all that came since. Raises Conflict where one of them has been joined
    with another, or moved, since."""
    case = await session.get_one(Case, undo.journal["case"])
    fresh = await session.get_one(Case, undo.journal["fresh"])
    conversation = await hold_case(session, case)
    await session.refresh(fresh)
    gone = case.joined_into_id is not None or fresh.joined_into_id is not None
    if gone or fresh.conversation_id != case.conversation_id:
        raise Conflict("One of the two cases was joined or moved since.")
    await write_events(session)
    await Journal(undo.journal).take_back(session)
    actor = Actor.agent(by)
    await absorb(session, Journal(), fresh, case)
    await refresh_all(session, cases=(case, fresh))
    data = {
        "into": case.number,
        "cases": [fresh.number, case.number],
        "conversations": [conversation.public_id],
        "undo": True,
    }
    record(session, EventKind.CASE_JOINED, actor=actor, conversation=conversation, case=fresh, data=data)


async def _leaving(
    session: AsyncSession, case: Case, strands: Sequence[Strand], from_message: Message | None
) -> list[Message]:
    if bool(strands) == (from_message is not None):
        raise Invalid("Name either the strands or the first message that the new case is for.")
    query = select(Message).where(Message.case_id == case.id)
    if from_message is not None:
        await session.refresh(from_message)
        query = query.where(
            Message.strand_id == from_message.strand_id, Message.position >= from_message.position
        )
    else:
        query = query.where(Message.strand_id.in_([strand.id for strand in strands]))
    leaving = list(await session.scalars(query.order_by(Message.position, Message.id)))
    if not leaving or (from_message is not None and from_message.case_id != case.id):
        raise Invalid("None of that is in this case.")
    return leaving


async def _refuse_emptying(session: AsyncSession, case: Case, leaving: Sequence[Message]) -> None:
    count = select(func.count()).select_from(Message).where(Message.case_id == case.id)
    if await session.scalar(count) == len(leaving):
        raise Conflict("Nothing would be left in the case. Leave one message or strand in it.")


async def _open(
    session: AsyncSession,
    journal: Journal,
    conversation: Conversation,
    case: Case,
    leaving: Sequence[Message],
    actor: Actor,
) -> Case:
    first = leaving[0]
    strand = await session.get_one(Strand, first.strand_id)
    channel = await session.get_one(Channel, first.channel_id)
    fresh = await case_like(
        session,
        journal,
        case,
        conversation=conversation,
        subject=first.subject or strand.subject,
        by=actor,
    )
    fresh.first_channel_id = channel.id
    inbound = [message for message in leaving if message.direction == Direction.INBOUND]
    fresh.claimed = all(message.claimed for message in inbound) if inbound else case.claimed
    replies = [message.created_at for message in leaving if message.direction == Direction.OUTBOUND]
    fresh.first_replied_at = min(replies, default=None)
    return fresh


def _settle_status(fresh: Case, case: Case, leaving: Sequence[Message]) -> None:
    """Open where somebody waits; resolved or spam where the other case is; pending where we answered last."""
    if fresh.waiting_since is not None and case.status != Status.SPAM:
        fresh.status = Status.OPEN
    elif case.status not in (Status.RESOLVED, Status.SPAM):
        answered = leaving[-1].direction == Direction.OUTBOUND
        fresh.status = Status.PENDING if answered else Status.OPEN
    if fresh.status not in (Status.RESOLVED, Status.SPAM):
        fresh.resolved_at = fresh.before_spam = None
    fresh.snoozed_until = None
