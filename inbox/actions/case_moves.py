"""Putting a note, or a whole case, where it belongs: what a merge's undo leaves to be sorted, among others.

A case takes along what is in it: messages, strands, notes, handoffs. It can be undone; what came since goes
back with it.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actions.events import record, write_events
from inbox.actions.journals import Journal
from inbox.actions.moves import delete_emptied_strands
from inbox.actions.relocations import cases_of, place_messages, place_note, strand_like
from inbox.actions.summaries import refresh_all
from inbox.actions.undos import remember, undoable
from inbox.actors import Actor
from inbox.errors import Conflict
from inbox.locks import lock_conversations
from inbox.models import (
    Agent,
    Case,
    Conversation,
    Draft,
    EventKind,
    Mention,
    Message,
    Note,
    Strand,
    Suggestion,
    TimelineEntry,
    Undo,
)
from inbox.policies import Action, authorize


async def move_note(session: AsyncSession, note: Note, *, to: Conversation | Case, by: Agent) -> None:
    """Put a note on another case; of a conversation, on its newest one.

    Raises Conflict where it is there already, or where there is no case.
    """
    authorize(Actor.agent(by), Action.CHANGE)
    await _lock(session, note, to)
    case = await _case_of(session, to)
    if case.id == note.case_id:
        raise Conflict("The note is there already.")
    left = await session.get_one(Case, note.case_id)
    journal = Journal()
    await _place_note(session, journal, note, case)
    _record_note(session, note, left, case, await _both(session, left, case), Actor.agent(by))
    stored = journal.stored() | {"note": note.id, "left": left.id, "reached": case.id}
    await remember(session, by=by, action="move_note", journal=stored, case=None)


@undoable("move_note")
async def undo_move_note(session: AsyncSession, undo: Undo, by: Agent) -> None:
    """Put a note back. Raises Conflict where it has moved on since."""
    note = await session.get_one(Note, undo.journal["note"])
    left = await session.get_one(Case, undo.journal["left"])
    reached = await session.get_one(Case, undo.journal["reached"])
    await _lock(session, note, left)
    await session.refresh(left)
    if note.case_id != reached.id:
        raise Conflict("The note was moved again since. Move it by hand.")
    await _place_note(session, Journal(), note, left)
    _record_note(session, note, reached, left, await _both(session, reached, left), Actor.agent(by))


async def move_case(session: AsyncSession, case: Case, *, to: Conversation, by: Agent) -> None:
    """Put a case with all that is in it into another conversation.

    A strand that has messages in other cases, too, is parted. Raises Conflict where the case is there
    already, or was joined with another.
    """
    actor = Actor.agent(by)
    authorize(actor, Action.CHANGE)
    await _lock(session, case, to)
    await session.refresh(to)
    if to.merged_into_id is not None or case.joined_into_id is not None:
        raise Conflict("One of the two was joined with another. Move it there instead.")
    if case.conversation_id == to.id:
        raise Conflict("The case is in this conversation already.")
    source = await session.get_one(Conversation, case.conversation_id)
    journal = Journal()
    strands = await _move_strands(session, journal, case, to)
    ids = list(await session.scalars(select(Message.id).where(Message.case_id == case.id)))
    await place_messages(session, journal, ids, conversation=to, case=case)
    for model in (Note, TimelineEntry):
        rows = await session.scalars(select(model.id).where(model.case_id == case.id))
        await journal.rewrite(session, model, list(rows), conversation_id=to.id)
    await journal.change(session, case, conversation_id=to.id)
    await refresh_all(session, cases=[case], strands=strands, conversations=(source, to))
    _record_case(session, case, source, to, actor)
    stored = journal.stored() | {"case": case.id, "from": source.id, "to": to.id}
    await remember(session, by=by, action="move_case", journal=stored, case=case)


@undoable("move_case")
async def undo_move_case(session: AsyncSession, undo: Undo, by: Agent) -> None:
    """Put a case back, with what came since. Raises Conflict where it has moved on since."""
    case = await session.get_one(Case, undo.journal["case"])
    source = await session.get_one(Conversation, undo.journal["from"])
    target = await session.get_one(Conversation, undo.journal["to"])
    await lock_conversations(session, (source.id, target.id))
    await session.refresh(case)
    await session.refresh(source)
    if case.conversation_id != target.id or case.joined_into_id is not None or source.merged_into_id:
        raise Conflict("The case was moved, joined or merged again since. Move it by hand.")
    await write_events(session)
    journal = Journal(undo.journal)
    await journal.take_back(session)
    await delete_emptied_strands(session, journal.made_of(Strand))
    newer = Journal()
    strands = list(await session.scalars(select(Strand).where(Strand.case_id == case.id)))
    for strand in strands:
        await newer.change(session, strand, conversation_id=source.id)
    ids = await session.scalars(select(Message.id).where(Message.case_id == case.id))
    await place_messages(session, newer, list(ids), conversation=source, case=case)
    for model in (Note, TimelineEntry):
        rows = await session.scalars(select(model.id).where(model.case_id == case.id))
        await newer.rewrite(session, model, list(rows), conversation_id=source.id)
    await session.refresh(case)
    await refresh_all(session, cases=[case], strands=strands, conversations=(source, target))
    _record_case(session, case, target, source, Actor.agent(by), undo=True)


async def _lock(session: AsyncSession, moved: Note | Case, to: Conversation | Case) -> None:
    """Lock where it is and where it goes, and read both as they are now."""
    locked: set[int] = set()
    there = to.id if isinstance(to, Conversation) else to.conversation_id
    while locked != (wanted := {moved.conversation_id, there}):
        await lock_conversations(session, wanted)
        locked = wanted
        await session.refresh(moved)
        await session.refresh(to)
        there = to.id if isinstance(to, Conversation) else to.conversation_id
    await write_events(session)  # what this transaction has placed already must be there to move


async def _case_of(session: AsyncSession, to: Conversation | Case) -> Case:
    if isinstance(to, Case):
        if to.joined_into_id is not None:
            raise Conflict("That case was joined with another one. Move it there instead.")
        return to
    cases = await cases_of(session, to)
    if not cases:
        raise Conflict("That conversation has no case that a note could stand on.")
    unfinished = [case for case in cases if case.is_unfinished]
    return (unfinished or cases)[-1]


async def _place_note(session: AsyncSession, journal: Journal, note: Note, case: Case) -> None:
    await place_note(session, journal, note, case=case)
    mentions = await session.scalars(select(Mention.id).where(Mention.note_id == note.id))
    await journal.rewrite(session, Mention, list(mentions), case_id=case.id)


async def _move_strands(
    session: AsyncSession, journal: Journal, case: Case, to: Conversation
) -> list[Strand]:
    """The case's strands go with it, whole or in part; answers all that were touched."""
    inside = select(Message.strand_id).where(Message.case_id == case.id)
    query = select(Strand).where((Strand.case_id == case.id) | Strand.id.in_(inside)).order_by(Strand.id)
    touched: list[Strand] = []
    for strand in (await session.scalars(query)).all():
        touched.append(strand)
        rest = select(Message.id).where(
            Message.strand_id == strand.id, Message.case_id.is_distinct_from(case.id)
        )
        if await session.scalar(rest.limit(1)) is None:
            await journal.change(session, strand, conversation_id=to.id)
            await _move_cards(session, journal, strand, to)
            continue
        fresh = await strand_like(
            session, journal, strand, conversation=to, case=case, identity_id=strand.identity_id
        )
        touched.append(fresh)
        part = select(Message.id).where(Message.strand_id == strand.id, Message.case_id == case.id)
        await place_messages(
            session,
            journal,
            list(await session.scalars(part)),
            conversation=to,
            case=case,
            strand=fresh,
        )
        if strand.case_id == case.id:
            await journal.change(session, strand, case_id=None)
    return touched


async def _move_cards(session: AsyncSession, journal: Journal, strand: Strand, to: Conversation) -> None:
    """Held answers stand with the strand that was answered; drafts stay with who is being written to."""
    drafts = await session.scalars(select(Draft.id).where(Draft.strand_id == strand.id))
    await journal.rewrite(session, Draft, list(drafts), strand_id=None)
    cards = list(await session.scalars(select(Suggestion.id).where(Suggestion.strand_id == strand.id)))
    await journal.rewrite(session, Suggestion, cards, conversation_id=to.id, customer_id=to.customer_id)
    entries = await session.scalars(select(TimelineEntry.id).where(TimelineEntry.suggestion_id.in_(cards)))
    await journal.rewrite(session, TimelineEntry, list(entries), conversation_id=to.id)


async def _both(session: AsyncSession, left: Case, reached: Case) -> Sequence[Conversation]:
    return [await session.get_one(Conversation, case.conversation_id) for case in (left, reached)]


def _record_note(
    session: AsyncSession,
    note: Note,
    left: Case,
    reached: Case,
    both: Sequence[Conversation],
    actor: Actor,
) -> None:
    data = {
        "note": note.public_id,
        "cases": [left.number, reached.number],
        "conversations": [conversation.public_id for conversation in both],
    }
    record(session, EventKind.NOTE_MOVED, actor=actor, conversation=both[1], case=reached, data=data)


def _record_case(
    session: AsyncSession, case: Case, source: Conversation, to: Conversation, actor: Actor, **facts: Any
) -> None:
    data = {
        "from": source.public_id,
        "to": to.public_id,
        "cases": [case.number],
        "conversations": [source.public_id, to.public_id],
    }
    record(session, EventKind.CASE_MOVED, actor=actor, conversation=to, case=case, data=data | facts)
