"""Taking a merge back: what was there before returns to its place, what came since is sorted.

Later inbound messages follow their identity, outbound ones the message that they answer, each into a strand
split off where its own stays on the other side. Notes stay on their cases and later cases with the kept
customer, unless every message of theirs leaves; both are named in the answer, for an agent to sort.
"""

from dataclasses import dataclass

from sqlalchemy import delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.actions import audit
from inbox.actions.events import record, write_events
from inbox.actions.journals import Journal
from inbox.actions.leftovers import Sides
from inbox.actions.sortings import sort_later
from inbox.actors import Actor
from inbox.errors import Conflict
from inbox.locks import lock_conversations
from inbox.models import (
    UNFINISHED,
    ActorKind,
    Agent,
    AuditKind,
    Case,
    Conversation,
    Customer,
    EventKind,
    Identity,
    Merge,
    Note,
    Tie,
)
from inbox.policies import Action, authorize
from inbox.waiting import refresh_waiting


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmerged:
    """Two customers again. `cases` and `notes` came after the merge: an agent may want to move them."""

    kept: Customer
    restored: Customer
    conversation: Conversation
    cases: tuple[Case, ...] = ()
    notes: tuple[Note, ...] = ()


async def undo_merge(session: AsyncSession, merge: Merge, *, by: Agent | Actor) -> Unmerged:
    """Part two customers who had been merged; apart from events, audit and what came later, all is as before.

    Raises Conflict where it was undone before, or where a newer merge of the same customer still stands.
    """
    actor = Actor.of(by)
    authorize(actor, Action.MERGE)
    await lock_conversations(session, (merge.kept_conversation_id, merge.merged_conversation_id))
    await session.flush()
    await session.refresh(merge)
    await _refuse_out_of_order(session, merge)
    await write_events(session)
    journal = Journal(merge.journal)
    await journal.take_back(session)
    sides = await _sides(session, merge)
    _take_from_kept(sides.kept_customer, merge)
    await _return_identities(session, journal, sides)
    sorted_ = await sort_later(session, sides, by=actor)
    await _refresh_waits(session, sides)
    merge.undone_at = clock.now()
    merge.undone_by_id = actor.id if actor.kind == ActorKind.AGENT else None
    await session.flush()
    unmerged = Unmerged(
        kept=sides.kept_customer,
        restored=sides.merged_customer,
        conversation=sides.merged,
        cases=tuple(sorted_.cases),
        notes=tuple(sorted_.notes),
    )
    _record(session, merge, sides, unmerged, actor)
    if isinstance(by, Agent):
        subject = f"customer {sides.kept_customer.public_id}"
        audit.note(session, AuditKind.CUSTOMERS_PARTED, by=by, subject=subject, merge=merge.public_id)
    return unmerged


async def _refuse_out_of_order(session: AsyncSession, merge: Merge) -> None:
    if merge.undone_at is not None:
        raise Conflict("This merge has been undone already.")
    concerned = (merge.kept_customer_id, merge.merged_customer_id)
    newer = select(Merge.id).where(
        Merge.id > merge.id,
        Merge.undone_at.is_(None),
        or_(Merge.kept_customer_id.in_(concerned), Merge.merged_customer_id.in_(concerned)),
    )
    if await session.scalar(newer.limit(1)) is not None:
        raise Conflict("This customer was merged again later. Undo the newest merge first.")


async def _sides(session: AsyncSession, merge: Merge) -> Sides:
    sides = Sides(
        kept=await session.get_one(Conversation, merge.kept_conversation_id),
        merged=await session.get_one(Conversation, merge.merged_conversation_id),
        kept_customer=await session.get_one(Customer, merge.kept_customer_id),
        merged_customer=await session.get_one(Customer, merge.merged_customer_id),
        position=merge.journal["position"],
    )
    for row in (sides.kept, sides.merged, sides.kept_customer, sides.merged_customer):
        await session.refresh(row)
    return sides


def _take_from_kept(kept: Customer, merge: Merge) -> None:
    """Take the borrowed attributes and marks away again, where nobody has changed them; what they stood in
    place of comes back."""
    filled = merge.journal["filled"]
    borrowed, replaced = filled["attributes"], filled.get("replaced", {})
    standing = {
        key: replaced.get(key) if key in borrowed and borrowed[key] == value else value
        for key, value in kept.attributes.items()
    }
    kept.attributes = {key: value for key, value in standing.items() if value is not None}
    kept.marks = [mark for mark in kept.marks if mark not in filled["marks"]]


async def _return_identities(session: AsyncSession, journal: Journal, sides: Sides) -> None:
    """Identities that grew out of the merged customer's since then leave with them, and no tie crosses."""
    moved = journal.ids_of(Identity, "customer_id")
    origins = select(Identity.origin_customer_id).where(Identity.id.in_(moved))
    grown_from = {origin for origin in await session.scalars(origins) if origin is not None}
    later = select(Identity).where(
        Identity.customer_id == sides.kept_customer.id,
        Identity.origin_customer_id.in_(grown_from | {sides.merged_customer.id}),
    )
    for identity in await session.scalars(later):
        identity.customer_id = sides.merged_customer.id
    await session.flush()
    of_kept = select(Identity.id).where(Identity.customer_id == sides.kept_customer.id)
    of_merged = select(Identity.id).where(Identity.customer_id == sides.merged_customer.id)
    crossing = or_(
        Tie.identity_id.in_(of_kept) & Tie.other_identity_id.in_(of_merged),
        Tie.identity_id.in_(of_merged) & Tie.other_identity_id.in_(of_kept),
    )
    await session.execute(delete(Tie).where(crossing).execution_options(synchronize_session=False))


async def _refresh_waits(session: AsyncSession, sides: Sides) -> None:
    """A case into which strands of the other side were joined meanwhile waits without them now."""
    both = Case.conversation_id.in_((sides.kept.id, sides.merged.id))
    for case in (await session.scalars(select(Case).where(both, Case.status.in_(UNFINISHED)))).all():
        await refresh_waiting(session, case)


def _record(session: AsyncSession, merge: Merge, sides: Sides, unmerged: Unmerged, actor: Actor) -> None:
    data = {
        "merge": merge.public_id,
        "kept": sides.kept_customer.public_id,
        "restored": sides.merged_customer.public_id,
        "cases": [case.number for case in unmerged.cases],
        "notes": [note.public_id for note in unmerged.notes],
        "conversations": [sides.kept.public_id, sides.merged.public_id],
    }
    record(session, EventKind.CUSTOMER_UNMERGED, actor=actor, conversation=sides.kept, data=data)
