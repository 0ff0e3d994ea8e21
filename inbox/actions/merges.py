"""Joining two customers: their cases stand side by side in one conversation, and it can be taken back.

Everything of the merged conversation moves to the kept one, but for events and audit. The emptied customer
and conversation stay as redirects for their old ids. `inbox.actions.unmerges` is the way back.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.actions import audit
from inbox.actions.events import record, write_events
from inbox.actions.journals import Journal
from inbox.actions.unmerges import Unmerged, undo_merge
from inbox.actors import Actor
from inbox.errors import Conflict, Invalid, NotPermitted
from inbox.locks import lock_conversations
from inbox.models import (
    ActorKind,
    Agent,
    AuditKind,
    Block,
    Case,
    Claim,
    ClaimState,
    Conversation,
    Customer,
    Draft,
    EventCounter,
    EventKind,
    Identity,
    Merge,
    Message,
    Model,
    Note,
    ReadMark,
    Strand,
    Suggestion,
    SuggestionKind,
    SuggestionState,
    TimelineEntry,
)
from inbox.policies import Action, authorize
from inbox.queries.merge_previews import ATTRIBUTE
from inbox.queries.redirects import conversation_of

__all__ = ["Unmerged", "merge", "undo_merge"]

_COLUMNS = ("name", "company")


@dataclass(frozen=True, slots=True)
class _Side:
    customer: Customer
    conversation: Conversation


async def merge(
    session: AsyncSession,
    customer: Customer,
    *,
    into: Customer,
    by: Agent | Actor,
    on_proof: bool = False,
    take: Collection[str] = (),
) -> Merge:
    """Join *customer* into *into*, whose conversation and wording are kept.

    *take* names what *customer* says better: name, company, attribute:KEY. Agents may always; anybody else
    only on proof (NotPermitted). Raises Conflict where both are one, or where one of them was merged before,
    Invalid for a field that there is not.
    """
    _check_fields(take)
    actor = Actor.of(by)
    authorize(actor, Action.MERGE)
    if actor.kind != ActorKind.AGENT and not on_proof:
        raise NotPermitted("Without proof, only an agent may merge customers.")
    merged, kept = await _locked(session, customer, into)
    await write_events(session)  # what this transaction has placed already must be there to move
    position = (await session.scalars(select(EventCounter.position))).one()
    journal = Journal()
    decided = await _move(session, journal, merged, kept, actor)
    filled = await _fill_customer(session, journal, merged, kept, take)
    row = Merge(
        kept_customer_id=kept.customer.id,
        merged_customer_id=merged.customer.id,
        kept_conversation_id=kept.conversation.id,
        merged_conversation_id=merged.conversation.id,
        actor_kind=actor.kind,
        agent_id=actor.id if actor.kind == ActorKind.AGENT else None,
        on_proof=on_proof,
        journal=journal.stored() | {"position": position, "filled": filled},
    )
    session.add(row)
    await session.flush()
    _record(session, row, merged, kept, decided, actor)
    if isinstance(by, Agent):
        subject = f"customer {kept.customer.public_id}"
        audit.note(session, AuditKind.CUSTOMERS_MERGED, by=by, subject=subject, merge=row.public_id)
    return row


def _check_fields(take: Collection[str]) -> None:
    if unknown := [name for name in take if name not in _COLUMNS and not name.startswith(ATTRIBUTE)]:
        raise Invalid(
            "There is no field %(name)s to take: name, company or attribute:…",
            name=repr(unknown[0]),
            field="take",
        )


async def _locked(session: AsyncSession, customer: Customer, into: Customer) -> tuple[_Side, _Side]:
    if customer.id == into.id:
        raise Conflict("This is one and the same customer already.")
    merged = _Side(customer, await conversation_of(session, customer))
    kept = _Side(into, await conversation_of(session, into))
    await lock_conversations(session, (merged.conversation.id, kept.conversation.id))
    await session.flush()
    for row in (customer, into, merged.conversation, kept.conversation):
        await session.refresh(row)  # another merge may have ended while we waited for the lock
    if customer.merged_into_id is not None or into.merged_into_id is not None:
        raise Conflict("One of these customers has been merged into another. Open that one instead.")
    return merged, kept


async def _move(
    session: AsyncSession, journal: Journal, merged: _Side, kept: _Side, actor: Actor
) -> list[Suggestion]:
    """Everything of the one to the other; answers the suggestions that this decides."""
    await _move_rows(session, journal, merged, kept)
    await _move_drafts(session, journal, merged, kept)
    await _lower_read_marks(session, journal, merged, kept)
    await _move_claims(session, journal, merged, kept)
    return await _move_suggestions(session, journal, merged, kept, actor)


async def _move_rows(session: AsyncSession, journal: Journal, merged: _Side, kept: _Side) -> None:
    here, there = merged.conversation.id, kept.conversation.id
    for model in (Strand, Case, Message, Note, TimelineEntry):
        ids = await _ids(session, model, model.conversation_id == here)
        await journal.rewrite(session, model, ids, conversation_id=there)
    unmoved = await _ids(
        session, Identity, Identity.customer_id == merged.customer.id, Identity.origin_customer_id.is_(None)
    )
    await journal.rewrite(session, Identity, unmoved, origin_customer_id=merged.customer.id)
    blocks = await _ids(session, Block, Block.customer_id == merged.customer.id)
    await journal.rewrite(session, Block, blocks, customer_id=kept.customer.id)
    ids = await _ids(session, Identity, Identity.customer_id == merged.customer.id)
    await journal.rewrite(session, Identity, ids, customer_id=kept.customer.id)
    await journal.change(session, merged.customer, merged_into_id=kept.customer.id)
    moments = [c.last_message_at for c in (merged.conversation, kept.conversation) if c.last_message_at]
    await journal.change(session, merged.conversation, merged_into_id=there)
    await journal.change(session, kept.conversation, last_message_at=max(moments, default=None))


async def _move_drafts(session: AsyncSession, journal: Journal, merged: _Side, kept: _Side) -> None:
    """An agent has one draft of a kind in a conversation; where there would be two, the words go into one."""
    query = select(Draft).where(Draft.conversation_id.in_((merged.conversation.id, kept.conversation.id)))
    drafts = (await session.scalars(query.order_by(Draft.id))).all()
    standing = {(d.agent_id, d.kind): d for d in drafts if d.conversation_id == kept.conversation.id}
    for draft in drafts:
        other = standing.get((draft.agent_id, draft.kind))
        if other is None:
            await journal.change(session, draft, conversation_id=kept.conversation.id)
        elif other is not draft:
            await journal.change(session, other, text=f"{other.text}\n\n{draft.text}")


async def _lower_read_marks(session: AsyncSession, journal: Journal, merged: _Side, kept: _Side) -> None:
    """Who has read one of the two threads less far gets the rest as unread: better twice than never."""
    both = (merged.conversation.id, kept.conversation.id)
    marks = (await session.scalars(select(ReadMark).where(ReadMark.conversation_id.in_(both)))).all()
    merged_marks = {m.agent_id: m for m in marks if m.conversation_id == merged.conversation.id}
    for mark in marks:
        other = merged_marks.get(mark.agent_id, mark)
        if other.position < mark.position and mark.conversation_id == kept.conversation.id:
            await journal.change(session, mark, position=other.position)


async def _move_claims(session: AsyncSession, journal: Journal, merged: _Side, kept: _Side) -> None:
    """A claim that both have stands once; one of an address that the other side owns has come true."""
    query = select(Claim).where(Claim.customer_id.in_((merged.customer.id, kept.customer.id)))
    claims = (await session.scalars(query.order_by(Claim.id))).all()
    owned = await session.execute(
        select(Identity.kind, Identity.address).where(Identity.customer_id == kept.customer.id)
    )
    addresses = set(owned)
    standing = {(c.kind, c.address) for c in claims if c.customer_id == kept.customer.id}
    for claim in claims:
        key = (claim.kind, claim.address)
        if claim.customer_id == merged.customer.id and key in standing:
            await journal.change(session, claim, state=ClaimState.DISMISSED)
            continue
        await journal.change(session, claim, customer_id=kept.customer.id)
        if key in addresses and claim.state == ClaimState.OPEN:
            await journal.change(session, claim, state=ClaimState.CONFIRMED)


async def _move_suggestions(
    session: AsyncSession, journal: Journal, merged: _Side, kept: _Side, actor: Actor
) -> list[Suggestion]:
    """Move the cards, and answer the questions that the merge answers: those about these two."""
    pair = {merged.customer.id, kept.customer.id}
    concerned = or_(
        Suggestion.conversation_id == merged.conversation.id,
        Suggestion.customer_id.in_(pair),
        Suggestion.other_customer_id.in_(pair),
    )
    decided = []
    for suggestion in await session.scalars(select(Suggestion).where(concerned).order_by(Suggestion.id)):
        if suggestion.conversation_id == merged.conversation.id:
            await journal.change(session, suggestion, conversation_id=kept.conversation.id)
        if {suggestion.customer_id, suggestion.other_customer_id} <= pair:
            if suggestion.state == SuggestionState.OPEN and suggestion.kind != SuggestionKind.FORWARD:
                decided.append(suggestion)
            if suggestion.kind != SuggestionKind.FORWARD:
                continue
        if suggestion.customer_id == merged.customer.id:
            await journal.change(session, suggestion, customer_id=kept.customer.id)
        if suggestion.other_customer_id == merged.customer.id:
            await journal.change(session, suggestion, other_customer_id=kept.customer.id)
    agent_id = actor.id if actor.kind == ActorKind.AGENT else None
    ids = [suggestion.id for suggestion in decided]
    answer = {"state": SuggestionState.SAME_PERSON, "decided_by_id": agent_id, "decided_at": clock.now()}
    await journal.rewrite(session, Suggestion, ids, **answer)
    return decided


async def _fill_customer(
    session: AsyncSession, journal: Journal, merged: _Side, kept: _Side, take: Collection[str]
) -> dict[str, Any]:
    """What the kept customer does not say about themselves, and what is to be taken, the merged one says;
    answers what was filled, and what stood in its place."""
    for column in _COLUMNS:
        theirs = getattr(merged.customer, column)
        if theirs and (column in take or not getattr(kept.customer, column)):
            await journal.change(session, kept.customer, **{column: theirs})
    said = kept.customer.attributes
    attributes = {
        key: value
        for key, value in merged.customer.attributes.items()
        if key not in said or f"{ATTRIBUTE}{key}" in take
    }
    replaced = {key: said[key] for key in attributes if key in said}
    marks = [mark for mark in merged.customer.marks if mark not in kept.customer.marks]
    if attributes:
        kept.customer.attributes = said | attributes
    if marks:
        kept.customer.marks = kept.customer.marks + marks
    return {"attributes": attributes, "marks": marks, "replaced": replaced}


def _record(
    session: AsyncSession, row: Merge, merged: _Side, kept: _Side, decided: list[Suggestion], actor: Actor
) -> None:
    for suggestion in decided:
        record(
            session,
            EventKind.SUGGESTION_DECIDED,
            actor=actor,
            conversation=kept.conversation,
            suggestion=suggestion,
            data={"decision": suggestion.state},
        )
    data = {
        "merge": row.public_id,
        "kept": kept.customer.public_id,
        "merged": merged.customer.public_id,
        "on_proof": row.on_proof,
        "conversations": [kept.conversation.public_id, merged.conversation.public_id],
    }
    record(session, EventKind.CUSTOMER_MERGED, actor=actor, conversation=kept.conversation, data=data)


async def _ids(session: AsyncSession, model: type[Model], *conditions: ColumnElement[bool]) -> list[int]:
    return list(await session.scalars(select(model.id).where(*conditions)))
