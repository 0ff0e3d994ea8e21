"""Marking a customer as a shared address, a relay or a machine: what stands there is sorted accordingly.

A relay's past messages go to the people whom their Reply-To names, claimed; the questions of a shared address
and the notices of a machine get a case each. It can be taken back.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actions.claims import writer_of
from inbox.actions.events import record, write_events
from inbox.actions.journals import Journal
from inbox.actions.moves import delete_emptied_strands
from inbox.actions.relocations import case_like, place_messages, resolve_emptied, strand_like, wake_waiting
from inbox.actions.summaries import refresh_all
from inbox.actions.undos import remember, undoable
from inbox.actors import Actor
from inbox.envelopes import Address
from inbox.errors import Conflict
from inbox.locks import lock_conversations
from inbox.models import (
    UNFINISHED,
    Agent,
    Case,
    Conversation,
    Customer,
    Direction,
    EventKind,
    Identity,
    Mark,
    Message,
    Strand,
    Undo,
)
from inbox.queries.case_views import unfinished_of_few
from inbox.queries.recipients import is_own, own_addresses
from inbox.queries.redirects import conversation_of

MOST_MESSAGES = 5000  # of a relay, the newest


@dataclass(slots=True)
class _Sorting:
    """What is being sorted: the customer's conversation, and what was rewritten for it."""

    conversation: Conversation
    actor: Actor
    journal: Journal = field(default_factory=Journal)
    matched: dict[str, Any] = field(default_factory=dict)  # message → why it was here before
    reached: set[int] = field(default_factory=set)  # the other conversations


async def sort_marked(session: AsyncSession, customer: Customer, *, before: Sequence[str], by: Agent) -> None:
    """Sort what the customer, whose marks were *before*, has written so far. Its conversation is locked."""
    conversation = await conversation_of(session, customer)
    sorting = _Sorting(conversation, Actor.agent(by))
    await write_events(session)
    fresh = set(customer.marks) - set(before)
    if Mark.RELAY in fresh:
        await _distribute(session, sorting, customer)
    if fresh & {Mark.SHARED, Mark.NOTIFICATIONS}:
        await _part_cases(session, sorting)
    stored = sorting.journal.stored() | {
        "customer": customer.id,
        "before": list(before),
        "after": list(customer.marks),
        "matched": sorting.matched,
        "reached": sorted(sorting.reached),
    }
    await remember(session, by=by, action="mark", journal=stored, case=None)


@undoable("mark")
async def undo_mark(session: AsyncSession, undo: Undo, by: Agent) -> None:
    """Take marks back, with what was sorted for them. Raises Conflict where they were changed again since."""
    customer = await session.get_one(Customer, undo.journal["customer"])
    conversation = await conversation_of(session, customer)
    await lock_conversations(session, (conversation.id, *undo.journal["reached"]))
    await session.refresh(customer)
    if customer.merged_into_id is not None or list(customer.marks) != undo.journal["after"]:
        raise Conflict("This customer was merged or marked again since.")
    await write_events(session)
    journal, actor = Journal(undo.journal), Actor.agent(by)
    await journal.take_back(session)
    customer.marks = undo.journal["before"]
    for message_id, matched_by in undo.journal["matched"].items():
        message = await session.get_one(Message, int(message_id))
        message.matched_by = matched_by
    await session.flush()
    await delete_emptied_strands(session, journal.made_of(Strand))
    made = list(await session.scalars(select(Case).where(Case.id.in_(journal.made_of(Case)))))
    await _refresh(session, [conversation.id, *undo.journal["reached"]], made)
    for case in made:
        home = await session.get_one(Conversation, case.conversation_id)
        await resolve_emptied(session, Journal(), home, case, by=actor)
    data = {"customer": customer.public_id, "changed": ["marks"], "undo": True}
    record(session, EventKind.CUSTOMER_CHANGED, actor=actor, conversation=conversation, data=data)
    await _record(session, conversation, undo.journal["reached"], actor, undo=True)


# A relay's messages


async def _distribute(session: AsyncSession, sorting: _Sorting, relay: Customer) -> None:
    """Each message goes to whom its Reply-To names, and the answers to it with it."""
    own = await own_addresses(session)
    known = select(Identity.address).where(Identity.customer_id == relay.id)
    relays = set(await session.scalars(known))
    query = select(Message).where(
        Message.conversation_id == sorting.conversation.id, Message.direction == Direction.INBOUND
    )
    newest = query.order_by(Message.position.desc()).limit(MOST_MESSAGES)
    people: dict[str, Address] = {}
    theirs: dict[str, list[Message]] = defaultdict(list)
    for message in reversed((await session.scalars(newest)).all()):
        asked = _asked(message)
        if asked is None or asked.value in relays or is_own(asked.value, own):
            continue
        if asked.value not in people or not people[asked.value].name:
            people[asked.value] = asked
        theirs[asked.value].append(message)
    for address, messages in theirs.items():
        customer = await writer_of(session, people[address], source="relay")
        if customer.id != relay.id:
            await _give(session, sorting, people[address], customer, messages)
    await _settle_left(session, sorting)
    await _record(session, sorting.conversation, sorted(sorting.reached), sorting.actor)


def _asked(message: Message) -> Address | None:
    for one in message.reply_to:
        if "@" in one["address"]:
            return Address(one["address"], one.get("name") or message.author_name)
    return None


async def _give(
    session: AsyncSession,
    sorting: _Sorting,
    writer: Address,
    customer: Customer,
    messages: Sequence[Message],
) -> None:
    target = await conversation_of(session, customer)
    await lock_conversations(session, [target.id])
    sorting.reached.add(target.id)
    groups: dict[tuple[int, int | None], list[Message]] = defaultdict(list)
    for message in messages:
        groups[message.strand_id, message.case_id].append(message)
    cases: dict[int, Case] = {}
    strands: list[Strand] = []
    for (strand_id, case_id), some in groups.items():
        case = await _case_of(session, sorting, target, case_id, some[0].subject, cases)
        old = await session.get_one(Strand, strand_id)
        strand = await strand_like(
            session, sorting.journal, old, conversation=target, case=case, identity_id=None
        )
        strand.claimed, strand.subject = True, some[0].subject or old.subject
        strands.append(strand)
        ids = [message.id for message in some]
        answers = select(Message.id).where(Message.answers_message_id.in_(ids))
        together = [*ids, *await session.scalars(answers)]
        await _sign(session, sorting, some, writer)
        await place_messages(
            session, sorting.journal, together, conversation=target, case=case, strand=strand
        )
    await refresh_all(session, cases=cases.values(), strands=strands, conversations=[target])
    for case in cases.values():
        await wake_waiting(session, sorting.journal, target, case, by=sorting.actor)


async def _sign(
    session: AsyncSession, sorting: _Sorting, messages: Sequence[Message], writer: Address
) -> None:
    """Have these messages say who wrote them, and by way of whom."""
    for message in messages:
        sorting.matched[str(message.id)] = message.matched_by
        by = message.sender[0]["address"] if message.sender else message.author_address
        message.matched_by = {"rule": "relay", "value": writer.value, "by": by}
    await session.flush()
    await sorting.journal.rewrite(
        session,
        Message,
        [message.id for message in messages],
        identity_id=None,
        author_address=writer.value,
        author_name=writer.name,
        claimed=True,
    )


async def _case_of(
    session: AsyncSession,
    sorting: _Sorting,
    target: Conversation,
    case_id: int | None,
    subject: str,
    cases: dict[int, Case],
) -> Case | None:
    """A case on their side that stands as the relay's did."""
    if case_id is None:
        return None
    if case_id not in cases:
        old = await session.get_one(Case, case_id)
        fresh = await case_like(
            session, sorting.journal, old, conversation=target, subject=subject, by=sorting.actor
        )
        fresh.claimed = True
        cases[case_id] = fresh
    return cases[case_id]


async def _settle_left(session: AsyncSession, sorting: _Sorting) -> None:
    """What the relay's own thread says now that they have gone."""
    here = sorting.conversation
    cases = list(await session.scalars(select(Case).where(Case.conversation_id == here.id)))
    await _refresh(session, [here.id], cases)
    for case in cases:
        await resolve_emptied(session, sorting.journal, here, case, by=sorting.actor)


# A case for each question


async def _part_cases(session: AsyncSession, sorting: _Sorting) -> None:
    """In an unfinished case, every strand but the first gets a case of its own."""
    here = sorting.conversation
    query = select(Case).where(Case.conversation_id == here.id, Case.status.in_(UNFINISHED))
    for case in (await session.scalars(query.order_by(Case.id))).all():
        strands = select(Strand).where(Strand.case_id == case.id).order_by(Strand.id)
        for strand in (await session.scalars(strands)).all()[1:]:
            await _part(session, sorting, case, strand)


async def _part(session: AsyncSession, sorting: _Sorting, case: Case, strand: Strand) -> None:
    here = sorting.conversation
    subject = strand.subject or case.subject
    fresh = await case_like(
        session, sorting.journal, case, conversation=here, subject=subject, by=sorting.actor
    )
    ids = select(Message.id).where(Message.strand_id == strand.id, Message.case_id == case.id)
    wanted = list(await session.scalars(ids))
    await place_messages(session, sorting.journal, wanted, conversation=here, case=fresh)
    await sorting.journal.change(session, strand, case_id=fresh.id)
    await refresh_all(session, cases=(case, fresh))
    numbers = [case.number, fresh.number]
    data = {"fresh": fresh.number, "cases": numbers, "conversations": [here.public_id]}
    record(session, EventKind.CASE_SPLIT, actor=sorting.actor, conversation=here, case=case, data=data)


async def _refresh(session: AsyncSession, conversation_ids: Sequence[int], cases: Sequence[Case]) -> None:
    of_them = select(Strand).where(Strand.conversation_id.in_(conversation_ids))
    strands = list(await session.scalars(of_them))
    homes = list(
        await session.scalars(select(Conversation).where(Conversation.id.in_(list(conversation_ids))))
    )
    standing = select(Case).where(Case.conversation_id.in_(conversation_ids), unfinished_of_few())
    unfinished = list(await session.scalars(standing))
    every = {case.id: case for case in (*unfinished, *cases)}
    await refresh_all(session, cases=every.values(), strands=strands, conversations=homes)


async def _record(
    session: AsyncSession, here: Conversation, reached: Sequence[int], actor: Actor, **facts: Any
) -> None:
    """Both threads are read anew."""
    for conversation_id in reached:
        there = await session.get_one(Conversation, conversation_id)
        places = {"from": here.public_id, "to": there.public_id}
        data = places | {"conversations": [here.public_id, there.public_id], "relay": True} | facts
        record(session, EventKind.STRAND_MOVED, actor=actor, conversation=there, data=data)
