"""What came between a merge and its undo and may want sorting: later cases and notes, and where they are."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from inbox.actors import Actor
from inbox.models import Case, Conversation, Customer, Event, EventKind, Merge, Note
from inbox.policies import visible_to
from inbox.queries.shown import Face
from inbox.queries.shown_words import face_of_customer


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two customers who were parted."""

    customer_id: str
    conversation_id: str
    face: Face


@dataclass(frozen=True, slots=True)
class Leftover:
    """A later case or note; it stands with `here`, and could stand with `there`."""

    case: Case
    note: Note | None
    here: Side
    there: Side


@dataclass(frozen=True, slots=True)
class Unmerging:
    kept: Side
    restored: Side
    leftovers: Sequence[Leftover]


async def unmerging_of(session: AsyncSession, actor: Actor, merge: Merge) -> Unmerging:
    """What an agent may want to sort after the undo of this merge."""
    kept = await _side(session, merge.kept_customer_id, merge.kept_conversation_id)
    restored = await _side(session, merge.merged_customer_id, merge.merged_conversation_id)
    sides = {merge.kept_conversation_id: (kept, restored), merge.merged_conversation_id: (restored, kept)}
    numbers, notes = await _named(session, merge)
    found: list[Leftover] = []
    cases = select(Case).where(Case.number.in_(numbers), Case.joined_into_id.is_(None), visible_to(actor))
    for case in await session.scalars(cases.order_by(Case.number)):
        if case.conversation_id in sides:
            found.append(Leftover(case, None, *sides[case.conversation_id]))
    query = select(Note, Case).join(Case, Case.id == Note.case_id).where(visible_to(actor))
    query = query.where(Note.public_id.in_(notes)).options(joinedload(Note.author)).order_by(Note.id)
    for note, case in (await session.execute(query)).all():
        if note.conversation_id in sides:
            found.append(Leftover(case, note, *sides[note.conversation_id]))
    return Unmerging(kept, restored, found)


async def _named(session: AsyncSession, merge: Merge) -> tuple[list[int], list[str]]:
    """The case numbers and the notes that the undo has named."""
    query = select(Event.data).where(
        Event.kind == EventKind.CUSTOMER_UNMERGED, Event.conversation_id == merge.kept_conversation_id
    )
    for data in await session.scalars(query.order_by(Event.position.desc())):
        if data.get("merge") == merge.public_id:
            return data.get("cases", []), data.get("notes", [])
    return [], []


async def _side(session: AsyncSession, customer_id: int, conversation_id: int) -> Side:
    customer = await session.get_one(Customer, customer_id)
    conversation = await session.get_one(Conversation, conversation_id)
    return Side(customer.public_id, conversation.public_id, face_of_customer(customer))
