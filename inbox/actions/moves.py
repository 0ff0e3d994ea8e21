"""Putting what stands in the wrong place into the right one: a message alone, or a whole strand.

What moves keeps its place in time. Where it came from and where it went are named in one event; both threads
are read anew. It can be undone.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actions.cases import open_case
from inbox.actions.events import record, write_events
from inbox.actions.journals import Journal
from inbox.actions.relocations import (
    cases_of,
    only_open_case,
    place_messages,
    resolve_emptied,
    strand_like,
    wake_waiting,
)
from inbox.actions.summaries import refresh_all
from inbox.actions.undos import remember, undoable
from inbox.actors import Actor
from inbox.errors import Conflict
from inbox.locks import lock_conversations
from inbox.models import (
    Agent,
    Case,
    Channel,
    Conversation,
    Customer,
    Draft,
    EventKind,
    Message,
    Status,
    Strand,
    StrandParticipant,
    Suggestion,
    TimelineEntry,
    Undo,
)
from inbox.policies import Action, authorize


@dataclass(frozen=True, slots=True)
class _Move:
    """Where something comes from and where it goes; what it rewrites is in the journal."""

    source: Conversation
    target: Conversation
    journal: Journal
    actor: Actor


async def move_message(
    session: AsyncSession,
    message: Message,
    *,
    to: Conversation | Case,
    by: Agent,
    into: Strand | None = None,
    remembered: bool = True,
) -> Journal:
    """Move a message alone. In another conversation it gets a strand of its own, or stands in *into*.

    Raises Conflict where it is there already, or where it cannot go there.
    """
    move = await _begin(session, message, to, by)
    left = await session.get(Case, message.case_id) if message.case_id else None
    strand = await session.get_one(Strand, message.strand_id)
    case = await _target_case(session, move, to, message.channel_id, message.subject)
    if (message.case_id, into or strand) == (case.id, strand):
        raise Conflict("The message is there already.")
    if into is None and move.source.id != move.target.id:
        into = await strand_like(
            session,
            move.journal,
            strand,
            conversation=move.target,
            case=case,
            identity_id=message.identity_id or strand.identity_id,
        )
    if into is not None and into.case_id is None:
        await move.journal.change(session, into, case_id=case.id)
    await place_messages(
        session, move.journal, [message.id], conversation=move.target, case=case, strand=into
    )
    strands = [strand] if into is None else [strand, into]
    await _settle(session, move, left=[left], reached=case, strands=strands)
    _record(session, move, EventKind.MESSAGE_MOVED, message.public_id, [left], case)
    if remembered:
        await _remember(session, move, message.id, "message", by, [left, case], strands)
    return move.journal


async def move_strand(session: AsyncSession, strand: Strand, *, to: Conversation | Case, by: Agent) -> None:
    """Move a strand: into another conversation with all of its messages, into another case of its own
    conversation with those of its present case.

    Raises Conflict where it is there already, or where it cannot go there.
    """
    move = await _begin(session, strand, to, by)
    case = await _target_case(session, move, to, strand.channel_id, strand.subject)
    if strand.case_id == case.id:
        raise Conflict("The strand is there already.")
    messages = select(Message.id, Message.case_id).where(Message.strand_id == strand.id)
    if move.source.id == move.target.id:
        messages = messages.where(or_(Message.case_id == strand.case_id, Message.case_id.is_(None)))
    rows = (await session.execute(messages)).all()
    left_ids = {case_id for _, case_id in rows} | {strand.case_id}
    left = list(await session.scalars(select(Case).where(Case.id.in_(left_ids - {None}))))
    await move.journal.change(session, strand, conversation_id=move.target.id, case_id=case.id)
    ids = [message_id for message_id, _ in rows]
    await place_messages(session, move.journal, ids, conversation=move.target, case=case)
    await _move_cards(session, move, strand)
    await _settle(session, move, left=left, reached=case, strands=[strand])
    _record(session, move, EventKind.STRAND_MOVED, strand.public_id, left, case)
    await _remember(session, move, strand.id, "strand", by, [*left, case], [strand])


async def _begin(session: AsyncSession, moved: Message | Strand, to: Conversation | Case, by: Agent) -> _Move:
    """Lock where it is and where it goes, and read both as they are now."""
    authorize(Actor.agent(by), Action.CHANGE)
    locked: set[int] = set()
    while locked != (wanted := {moved.conversation_id, _conversation_id(to)}):
        await lock_conversations(session, wanted)
        locked = wanted
        await session.refresh(moved)
        await session.refresh(to)
    await write_events(session)  # what this transaction has placed already must be there to move
    source = await session.get_one(Conversation, moved.conversation_id)
    target = await session.get_one(Conversation, _conversation_id(to))
    await session.refresh(target)
    if target.merged_into_id is not None:
        raise Conflict("That conversation was joined with another one. Move it there instead.")
    if isinstance(to, Conversation) and source.id == target.id:
        raise Conflict("It is in this conversation already.")
    return _Move(source, target, Journal(), Actor.agent(by))


def _conversation_id(to: Conversation | Case) -> int:
    return to.id if isinstance(to, Conversation) else to.conversation_id


async def _target_case(
    session: AsyncSession, move: _Move, to: Conversation | Case, channel_id: int, subject: str
) -> Case:
    """The case that was named, or the conversation's only open one, or a new one."""
    if isinstance(to, Case):
        if to.joined_into_id is not None or to.status == Status.SPAM:
            raise Conflict("Nothing can be moved into a case that was joined with another, or is spam.")
        return to
    customer = await session.get_one(Customer, move.target.customer_id)
    only = None if customer.marks else only_open_case(await cases_of(session, move.target))
    if only is not None:
        return only
    channel = await session.get_one(Channel, channel_id)
    case = await open_case(session, move.target, subject=subject, channel=channel, by=move.actor)
    move.journal.note_made(case)
    return case


async def _move_cards(session: AsyncSession, move: _Move, strand: Strand) -> None:
    """Held answers stand with the strand that was answered; drafts stay with who is being written to."""
    if move.source.id == move.target.id:
        return
    drafts = await session.scalars(select(Draft.id).where(Draft.strand_id == strand.id))
    await move.journal.rewrite(session, Draft, list(drafts), strand_id=None)
    cards = list(await session.scalars(select(Suggestion.id).where(Suggestion.strand_id == strand.id)))
    place = {"conversation_id": move.target.id, "customer_id": move.target.customer_id}
    await move.journal.rewrite(session, Suggestion, cards, **place)
    entries = await session.scalars(select(TimelineEntry.id).where(TimelineEntry.suggestion_id.in_(cards)))
    await move.journal.rewrite(session, TimelineEntry, list(entries), conversation_id=move.target.id)


async def _settle(
    session: AsyncSession,
    move: _Move,
    *,
    left: Iterable[Case | None],
    reached: Case,
    strands: Iterable[Strand],
) -> None:
    emptied = [case for case in left if case is not None]
    await refresh_all(
        session,
        cases=[*emptied, reached],
        strands=strands,
        conversations=(move.source, move.target),
    )
    for case in emptied:
        await resolve_emptied(session, move.journal, move.source, case, by=move.actor)
    await wake_waiting(session, move.journal, move.target, reached, by=move.actor)


def _record(
    session: AsyncSession,
    move: _Move,
    kind: EventKind,
    public_id: str,
    left: Iterable[Case | None],
    reached: Case | None,
    **facts: Any,
) -> None:
    data = {
        kind.value.partition(".")[0]: public_id,
        "from": move.source.public_id,
        "to": move.target.public_id,
        "conversations": [move.source.public_id, move.target.public_id],
        "cases": [case.number for case in (*left, reached) if case is not None],
    }
    data |= facts
    record(session, kind, actor=move.actor, conversation=move.target, case=reached, data=data)


async def _remember(
    session: AsyncSession,
    move: _Move,
    moved_id: int,
    what: str,
    by: Agent,
    cases: Iterable[Case | None],
    strands: Iterable[Strand],
) -> None:
    places = {
        "moved": moved_id,
        "from": move.source.id,
        "to": move.target.id,
        "cases": [case.id for case in cases if case is not None],
        "strands": [strand.id for strand in strands],
    }
    stored = move.journal.stored() | places
    await remember(session, by=by, action=f"move_{what}", journal=stored, case=None)


@undoable("move_message")
async def undo_move_message(session: AsyncSession, undo: Undo, by: Agent) -> None:
    """Put a message back. Raises Conflict where it has moved on since."""
    message = await session.get_one(Message, undo.journal["moved"])
    await _put_back(session, undo, message, EventKind.MESSAGE_MOVED, by)


@undoable("move_strand")
async def undo_move_strand(session: AsyncSession, undo: Undo, by: Agent) -> None:
    """Put a strand back. Raises Conflict where it has moved on since."""
    strand = await session.get_one(Strand, undo.journal["moved"])
    await _put_back(session, undo, strand, EventKind.STRAND_MOVED, by)


async def _put_back(
    session: AsyncSession, undo: Undo, moved: Message | Strand, kind: EventKind, by: Agent
) -> None:
    places, journal = undo.journal, Journal(undo.journal)
    await lock_conversations(session, (places["from"], places["to"]))
    await session.refresh(moved)
    source = await session.get_one(Conversation, places["from"])
    await session.refresh(source)
    if moved.conversation_id != places["to"] or source.merged_into_id is not None:
        raise Conflict("It has been moved or merged again since. Move it by hand.")
    await write_events(session)
    await journal.take_back(session)
    if isinstance(moved, Strand):
        await _bring_newer(session, moved)
    await delete_emptied_strands(session, journal.made_of(Strand))
    cases = list(await session.scalars(select(Case).where(Case.id.in_(places["cases"]))))
    strands = list(await session.scalars(select(Strand).where(Strand.id.in_(places["strands"]))))
    target = await session.get_one(Conversation, places["to"])
    await refresh_all(session, cases=cases, strands=strands, conversations=(source, target))
    back = _Move(target, source, Journal(), Actor.agent(by))
    for case in cases:
        if case.id in journal.made_of(Case):
            await resolve_emptied(session, back.journal, target, case, by=back.actor)
    _record(session, back, kind, moved.public_id, cases, None, undo=True)


async def _bring_newer(session: AsyncSession, strand: Strand) -> None:
    """What was written in a strand since it moved goes back with it."""
    conversation = await session.get_one(Conversation, strand.conversation_id)
    case = await session.get(Case, strand.case_id) if strand.case_id else None
    query = select(Message.id).where(
        Message.strand_id == strand.id, Message.conversation_id != strand.conversation_id
    )
    newer = list(await session.scalars(query))
    await place_messages(session, Journal(), newer, conversation=conversation, case=case)


async def delete_emptied_strands(session: AsyncSession, strand_ids: Iterable[int]) -> None:
    """Delete those of these strands that hold nothing: they were made for what has left them."""
    written = select(Message.id).where(Message.strand_id == Strand.id).exists()
    asked = select(Suggestion.id).where(Suggestion.strand_id == Strand.id).exists()
    query = select(Strand.id).where(Strand.id.in_(list(strand_ids)), ~written, ~asked)
    empty = list(await session.scalars(query))
    drafts = await session.scalars(select(Draft.id).where(Draft.strand_id.in_(empty)))
    await Journal().rewrite(session, Draft, list(drafts), strand_id=None)
    for model, column in ((StrandParticipant, StrandParticipant.strand_id), (Strand, Strand.id)):
        await session.execute(delete(model).where(column.in_(empty)))
