"""What follows when messages and cases have parted after a merge: notes, cards, entries and drafts."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actions.journals import Journal
from inbox.actions.relocations import place_note
from inbox.models import (
    Case,
    Conversation,
    Customer,
    Draft,
    Handoff,
    Note,
    Strand,
    Suggestion,
    TimelineEntry,
)

Counterpart = Callable[[int, int], Awaitable[Case]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """The two conversations that part. What stands after `position` came while they were one."""

    kept: Conversation
    merged: Conversation
    kept_customer: Customer
    merged_customer: Customer
    position: int

    @property
    def ids(self) -> tuple[int, int]:
        return self.kept.id, self.merged.id

    def conversation(self, conversation_id: int) -> Conversation:
        return self.merged if conversation_id == self.merged.id else self.kept


async def sort_leftovers(session: AsyncSession, sides: Sides, counterpart: Counterpart) -> list[Note]:
    """Put everything else where its case or its strand is; answers the notes that came later.

    *counterpart* finds the case of a conversation that stands for one of the other conversation.
    """
    leftovers = _Leftovers(session, sides, counterpart)
    notes = await leftovers.sort_notes()
    await leftovers.sort_suggestions()
    await leftovers.sort_entries()
    await leftovers.sort_drafts()
    return notes


class _Leftovers:
    def __init__(self, session: AsyncSession, sides: Sides, counterpart: Counterpart) -> None:
        self._session = session
        self._sides = sides
        self._counterpart = counterpart
        self._unkept = Journal()  # an undo is not undone, so nobody stores this

    async def sort_notes(self) -> list[Note]:
        """Notes stand with their cases; answers the later ones."""
        later: list[Note] = []
        query = select(Note, TimelineEntry.position, Case)
        query = query.join(TimelineEntry, TimelineEntry.note_id == Note.id).join(
            Case, Case.id == Note.case_id
        )
        query = query.where(Note.conversation_id.in_(self._sides.ids))
        concerned = or_(
            TimelineEntry.position > self._sides.position, Case.conversation_id != Note.conversation_id
        )
        rows = (await self._session.execute(query.where(concerned).order_by(Note.id))).all()
        for note, position, case in rows:
            if position > self._sides.position:
                later.append(note)
            elif case.conversation_id != note.conversation_id:
                case = await self._counterpart(case.id, note.conversation_id)
            await place_note(self._session, self._unkept, note, case=case)
        return later

    async def sort_suggestions(self) -> None:
        """A card about a strand stands where the strand is."""
        query = select(Suggestion, Strand).join(Strand, Strand.id == Suggestion.strand_id)
        query = query.where(
            Suggestion.conversation_id.in_(self._sides.ids),
            Suggestion.conversation_id != Strand.conversation_id,
            Strand.conversation_id.in_(self._sides.ids),
        )
        for suggestion, strand in (await self._session.execute(query)).all():
            conversation = self._sides.conversation(strand.conversation_id)
            suggestion.conversation_id = conversation.id
            if suggestion.customer_id in (self._sides.kept_customer.id, self._sides.merged_customer.id):
                suggestion.customer_id = conversation.customer_id
            entries = select(TimelineEntry.id).where(TimelineEntry.suggestion_id == suggestion.id)
            ids = list(await self._session.scalars(entries))
            await self._unkept.rewrite(self._session, TimelineEntry, ids, conversation_id=conversation.id)

    async def sort_entries(self) -> None:
        """Handoffs and changes stand with their cases."""
        query = select(TimelineEntry, Case).join(Case, Case.id == TimelineEntry.case_id)
        query = query.where(
            TimelineEntry.conversation_id.in_(self._sides.ids),
            TimelineEntry.conversation_id != Case.conversation_id,
        )
        for entry, case in (await self._session.execute(query)).all():
            if entry.position > self._sides.position:
                entry.conversation_id = case.conversation_id
                continue
            own = await self._counterpart(case.id, entry.conversation_id)
            entry.case_id = own.id
            if entry.handoff_id is not None:
                handoff = await self._session.get_one(Handoff, entry.handoff_id)
                handoff.case_id = own.id
        await self._session.flush()

    async def sort_drafts(self) -> None:
        """A draft follows the strand that it answers; where there is one already, it only loses its
        strand."""
        query = select(Draft, Strand).join(Strand, Strand.id == Draft.strand_id)
        query = query.where(
            Draft.conversation_id.in_(self._sides.ids), Draft.conversation_id != Strand.conversation_id
        )
        for draft, strand in (await self._session.execute(query)).all():
            standing = select(Draft.id).where(
                Draft.agent_id == draft.agent_id,
                Draft.conversation_id == strand.conversation_id,
                Draft.kind == draft.kind,
            )
            if await self._session.scalar(standing) is None:
                draft.conversation_id = strand.conversation_id
            else:
                draft.strand_id = None
            await self._session.flush()
