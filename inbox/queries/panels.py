"""What stands beside a conversation about its customer: how they are known, their cases, who else they may
be."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actors import Actor
from inbox.envelopes import AddressKind
from inbox.models import (
    UNFINISHED,
    Case,
    Claim,
    ClaimState,
    Conversation,
    Customer,
    Identity,
    Merge,
    Suggestion,
    SuggestionKind,
    SuggestionState,
    SuppressedAddress,
)
from inbox.policies import visible_to
from inbox.queries.browsers import Browser, browsers_of
from inbox.queries.shown import Face
from inbox.queries.shown_words import face_of_customer

MOST_CASES = 20
MOST_BESIDE = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Maybe:
    """An open question: this customer may be the same person as `face`. `is_here`: it stands in this
    conversation, not in the other's."""

    suggestion: Suggestion
    face: Face
    conversation_id: str | None
    is_here: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """A merge that stands; only the newest can be taken back."""

    merge: Merge
    name: str
    is_newest: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Colleague:
    """Another customer of the same company."""

    face: Face
    conversation_id: str
    unfinished: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    customer: Customer
    conversation_id: str
    face: Face
    emails: Sequence[Identity]
    others: Sequence[Identity]
    claims: Sequence[Claim]
    cases: Sequence[Case]
    maybes: Sequence[Maybe]
    merges: Sequence[Joined]
    complained: frozenset[str]  # addresses where a mail of ours was called spam
    colleagues: Sequence[Colleague]
    browsers: Sequence[Browser] = ()


async def panel_of(session: AsyncSession, actor: Actor, conversation: Conversation) -> Panel:
    """The panel beside a conversation."""
    customer = await session.get_one(Customer, conversation.customer_id)
    owned = select(Identity).where(Identity.customer_id == customer.id).order_by(Identity.id)
    identities = (await session.scalars(owned)).all()
    said = select(Claim).where(Claim.customer_id == customer.id, Claim.state == ClaimState.OPEN)
    return Panel(
        customer=customer,
        conversation_id=conversation.public_id,
        face=face_of_customer(customer),
        emails=[one for one in identities if one.kind == AddressKind.EMAIL],
        others=[one for one in identities if one.kind != AddressKind.EMAIL],
        claims=(await session.scalars(said.order_by(Claim.id))).all(),
        cases=await _cases(session, actor, conversation),
        maybes=await _maybes(session, customer),
        merges=await _merges(session, customer),
        complained=await _complained(session, identities),
        colleagues=await _colleagues(session, actor, customer),
        browsers=await browsers_of(session, identities),
    )


async def _complained(session: AsyncSession, identities: Sequence[Identity]) -> frozenset[str]:
    addresses = [one.address for one in identities if one.kind == AddressKind.EMAIL]
    if not addresses:
        return frozenset()
    query = select(SuppressedAddress.address).where(SuppressedAddress.address.in_(addresses))
    return frozenset(await session.scalars(query))


async def _cases(session: AsyncSession, actor: Actor, conversation: Conversation) -> Sequence[Case]:
    query = select(Case).where(
        Case.conversation_id == conversation.id, Case.joined_into_id.is_(None), visible_to(actor)
    )
    return (await session.scalars(query.order_by(Case.id.desc()).limit(MOST_CASES))).all()


async def _maybes(session: AsyncSession, customer: Customer) -> list[Maybe]:
    concerned = (Suggestion.customer_id == customer.id) | (Suggestion.other_customer_id == customer.id)
    query = select(Suggestion).where(
        Suggestion.state == SuggestionState.OPEN, Suggestion.kind != SuggestionKind.FORWARD, concerned
    )
    found = (await session.scalars(query.order_by(Suggestion.id).limit(MOST_BESIDE))).all()
    maybes: list[Maybe] = []
    for suggestion in found:
        is_here = suggestion.customer_id == customer.id
        other_id = suggestion.other_customer_id if is_here else suggestion.customer_id
        other = await session.get_one(Customer, other_id)
        thread = select(Conversation.public_id).where(Conversation.customer_id == other_id)
        maybes.append(
            Maybe(
                suggestion=suggestion,
                face=face_of_customer(other),
                conversation_id=await session.scalar(thread),
                is_here=is_here,
            )
        )
    return maybes


async def _merges(session: AsyncSession, customer: Customer) -> list[Joined]:
    query = (
        select(Merge, Customer.name)
        .join(Customer, Customer.id == Merge.merged_customer_id)
        .where(Merge.kept_customer_id == customer.id, Merge.undone_at.is_(None))
        .order_by(Merge.id.desc())
    )
    rows = (await session.execute(query)).all()
    return [
        Joined(merge=merge, name=name or "a visitor", is_newest=number == 0)
        for number, (merge, name) in enumerate(rows)
    ]


async def _colleagues(session: AsyncSession, actor: Actor, customer: Customer) -> list[Colleague]:
    if not customer.company:
        return []
    query = (
        select(Customer, Conversation)
        .join(Conversation, Conversation.customer_id == Customer.id)
        .where(
            Customer.company == customer.company,
            Customer.id != customer.id,
            Customer.merged_into_id.is_(None),
        )
        .order_by(Conversation.last_message_at.desc().nulls_last())
        .limit(MOST_BESIDE)
    )
    found: list[Colleague] = []
    for other, conversation in (await session.execute(query)).all():
        unfinished = select(func.count(Case.id)).where(
            Case.conversation_id == conversation.id,
            Case.status.in_(UNFINISHED),
            Case.joined_into_id.is_(None),
            visible_to(actor),
        )
        count = await session.scalar(unfinished) or 0
        found.append(
            Colleague(face=face_of_customer(other), conversation_id=conversation.public_id, unfinished=count)
        )
    return found
