"""Sorting what came between a merge and its undo into the two conversations it belongs to."""

from collections import defaultdict
from dataclasses import dataclass, field

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from inbox.actions.journals import Journal
from inbox.actions.leftovers import Sides, sort_leftovers
from inbox.actions.relocations import (
    case_like,
    cases_of,
    only_open_case,
    place_messages,
    strand_like,
)
from inbox.actions.summaries import refresh_all
from inbox.actors import Actor
from inbox.models import (
    Case,
    Direction,
    Event,
    EventKind,
    Identity,
    Message,
    Model,
    Note,
    Strand,
    StrandParticipant,
)


@dataclass(slots=True)
class Sorted:
    """What an agent may want to sort: cases and notes that came while the two were one."""

    cases: list[Case] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)


async def sort_later(session: AsyncSession, sides: Sides, *, by: Actor) -> Sorted:
    """Give each conversation what is its own of everything that came later; answers what agents should
    sort."""
    sorting = await _Sorting.begin(session, sides, by)
    await sorting.sort_messages()
    await sorting.mend_cases()
    notes = await sort_leftovers(session, sides, sorting.counterpart)
    await sorting.refresh()
    return Sorted(sorting.later_cases, notes)


class _Sorting:
    def __init__(self, session: AsyncSession, sides: Sides, by: Actor) -> None:
        self._session = session
        self._sides = sides
        self._by = by
        self._unkept = Journal()  # an undo is not undone, so nobody stores this
        self._homes: dict[int, int] = {}  # identity → conversation
        self._later: dict[int, Message] = {}
        self._strands: dict[int, Strand] = {}
        self._went: dict[int, int] = {}  # message → conversation
        self._counterparts: dict[tuple[int, int], Case] = {}
        self._touched: dict[type[Model], dict[int, Model]] = defaultdict(dict)
        self.later_cases: list[Case] = []

    @classmethod
    async def begin(cls, session: AsyncSession, sides: Sides, by: Actor) -> "_Sorting":
        self = cls(session, sides, by)
        await self._read_homes()
        fresh = Message.position > sides.position
        query = select(Message).where(Message.conversation_id.in_(sides.ids), fresh)
        for message in await session.scalars(query.order_by(Message.position)):
            self._later[message.id] = message
        ids = {message.strand_id for message in self._later.values()}
        for strand in await session.scalars(select(Strand).where(Strand.id.in_(ids))):
            self._strands[strand.id] = strand
        opened = select(Event.case_id).where(
            Event.conversation_id.in_(sides.ids),
            Event.kind == EventKind.CASE_OPENED,
            Event.position > sides.position,
        )
        cases = select(Case).where(Case.id.in_(opened), Case.conversation_id.in_(sides.ids))
        self.later_cases = list(await session.scalars(cases.order_by(Case.id)))
        return self

    async def _read_homes(self) -> None:
        sides = self._sides
        homes = {sides.kept_customer.id: sides.kept.id, sides.merged_customer.id: sides.merged.id}
        query = select(Identity.id, Identity.customer_id).where(Identity.customer_id.in_(homes))
        for identity_id, customer_id in await self._session.execute(query):
            self._homes[identity_id] = homes[customer_id]

    # Messages

    async def sort_messages(self) -> None:
        """Put later strands where their people are, and split messages off that belong elsewhere."""
        await self._move_later_strands()
        leaving: dict[tuple[int, int], list[Message]] = defaultdict(list)
        for message in self._later.values():
            side = self._went[message.id] = await self._side(message)
            strand = self._strands[message.strand_id]
            if strand.conversation_id != side:
                leaving[strand.id, side].append(message)
            elif message.conversation_id != side:
                await self._place(message, side)
        for (strand_id, side), messages in leaving.items():
            await self._split_off(self._strands[strand_id], side, messages)
        await self._move_later_cases()

    async def _move_later_strands(self) -> None:
        """A strand that was begun while the two were one goes with whom it is with."""
        before = select(Message.strand_id).where(
            Message.strand_id.in_(set(self._strands)), Message.position <= self._sides.position
        )
        old = set(await self._session.scalars(before.distinct()))
        for strand in self._strands.values():
            if strand.id in old or strand.conversation_id not in self._sides.ids:
                continue
            home = self._homes.get(strand.identity_id or 0, strand.conversation_id)
            await self._unkept.change(self._session, strand, conversation_id=home)

    async def _side(self, message: Message) -> int:
        """The conversation that a later message belongs to."""
        side: int | None = None
        if message.direction == Direction.INBOUND:
            side = self._homes.get(message.identity_id or 0)
        elif message.answers_message_id is not None:
            side = self._went.get(message.answers_message_id)
            if side is None:
                query = select(Message.conversation_id).where(Message.id == message.answers_message_id)
                side = await self._session.scalar(query)
        if side not in self._sides.ids:
            side = self._strands[message.strand_id].conversation_id
        return side if side in self._sides.ids else message.conversation_id

    async def _split_off(self, strand: Strand, side: int, messages: list[Message]) -> None:
        conversation = self._sides.conversation(side)
        identity_id = next((m.identity_id for m in messages if m.identity_id in self._homes), None)
        fresh = await strand_like(
            self._session,
            self._unkept,
            strand,
            conversation=conversation,
            case=None,
            identity_id=identity_id,
        )
        self._strands[fresh.id] = fresh
        self._touch(strand, fresh)
        for message in messages:
            await self._place(message, side, fresh)
        put_by = StrandParticipant.put_by_message_id.in_([message.id for message in messages])
        for participant in await self._session.scalars(
            select(StrandParticipant).where(StrandParticipant.strand_id == strand.id, put_by)
        ):
            participant.strand_id = fresh.id

    async def _place(self, message: Message, side: int, strand: Strand | None = None) -> None:
        """The conversation and the strand now; the case is mended when all messages have gone."""
        case = await self._session.get(Case, message.case_id) if message.case_id else None
        conversation = self._sides.conversation(side)
        await place_messages(
            self._session,
            self._unkept,
            [message.id],
            conversation=conversation,
            case=case,
            strand=strand,
        )

    async def _move_later_cases(self) -> None:
        """A later case leaves with its messages if all of them leave."""
        for case in self.later_cases:
            query = select(Message.conversation_id).where(Message.case_id == case.id).distinct()
            homes = set(await self._session.scalars(query))
            if len(homes) == 1 and homes != {case.conversation_id} and homes <= set(self._sides.ids):
                await self._unkept.change(self._session, case, conversation_id=homes.pop())

    # Cases

    async def mend_cases(self) -> None:
        """Nothing may stand in a case of the other conversation: give it one on its own side."""
        await self._revive_joined_cases()
        strays = select(Message).join(Case, Case.id == Message.case_id)
        strays = strays.where(
            Message.conversation_id.in_(self._sides.ids), Message.conversation_id != Case.conversation_id
        )
        for message in (await self._session.scalars(strays.order_by(Message.id))).all():
            case = await self.counterpart(message.case_id or 0, message.conversation_id, message.subject)
            conversation = self._sides.conversation(message.conversation_id)
            await place_messages(
                self._session, self._unkept, [message.id], conversation=conversation, case=case
            )
        await self._mend_strands()

    async def _revive_joined_cases(self) -> None:
        """A case that was joined into one of the other side stands for itself again."""
        into = aliased(Case)
        query = select(Case, into).join(into, into.id == Case.joined_into_id)
        query = query.where(
            Case.conversation_id.in_(self._sides.ids), Case.conversation_id != into.conversation_id
        )
        for case, target in (await self._session.execute(query)).all():
            case.joined_into_id = None
            case.status, case.resolved_at = target.status, target.resolved_at
            case.snoozed_until = target.snoozed_until
            self._counterparts[target.id, case.conversation_id] = case
            self._touch(case)

    async def counterpart(self, case_id: int, side: int, subject: str = "") -> Case:
        """The case on that side for what stands in *case_id* of the other: the only open or a new one."""
        if (case_id, side) in self._counterparts:
            return self._counterparts[case_id, side]
        case = await self._session.get_one(Case, case_id)
        conversation = self._sides.conversation(side)
        found = only_open_case(await cases_of(self._session, conversation)) if case.is_unfinished else None
        if found is None:
            found = await case_like(
                self._session, self._unkept, case, conversation=conversation, subject=subject, by=self._by
            )
        self._counterparts[case_id, side] = found
        self._touch(case, found)
        return found

    async def _mend_strands(self) -> None:
        """A strand's next message goes to the case that its newest one is in."""
        query = select(Strand).outerjoin(Case, Case.id == Strand.case_id)
        stray = or_(Case.conversation_id != Strand.conversation_id, Strand.id.in_(set(self._strands)))
        for strand in await self._session.scalars(
            query.where(Strand.conversation_id.in_(self._sides.ids), stray)
        ):
            case = await self._session.get(Case, strand.case_id) if strand.case_id else None
            if case is not None and case.conversation_id == strand.conversation_id:
                continue
            newest = select(Message.case_id).where(
                Message.strand_id == strand.id, Message.case_id.is_not(None)
            )
            strand.case_id = await self._session.scalar(newest.order_by(Message.position.desc()).limit(1))
            self._touch(strand)
        await self._session.flush()

    # What rows say of their messages

    def _touch(self, *rows: Model) -> None:
        for row in rows:
            self._touched[type(row)][row.id] = row

    async def refresh(self) -> None:
        """Work out anew what cases, strands and conversations say of later messages."""
        session = self._session
        if not self._later and not self._touched:
            return
        strand_ids = {m.strand_id for m in self._later.values()} | set(self._touched[Strand])
        strands = list(await session.scalars(select(Strand).where(Strand.id.in_(strand_ids))))
        case_ids = {m.case_id for m in self._later.values()} | set(self._touched[Case])
        cases = list(await session.scalars(select(Case).where(Case.id.in_(case_ids))))
        both = (self._sides.kept, self._sides.merged) if self._later else ()
        await refresh_all(session, cases=cases, strands=strands, conversations=both)
