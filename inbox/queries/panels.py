"""What stands beside a conversation about its customer: how they are known, their cases, who else they may
be."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, Select, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actors import Actor
from inbox.envelopes import AddressKind
from inbox.models import (
    UNFINISHED,
    Block,
    Case,
    Claim,
    ClaimState,
    Conversation,
    Customer,
    CustomerTag,
    Identity,
    Merge,
    Suggestion,
    SuggestionKind,
    SuggestionState,
    SuppressedAddress,
    Tag,
)
from inbox.policies import visible_to
from inbox.queries import customer_fields
from inbox.queries.browsers import Browser, browsers_of
from inbox.queries.companies import unfinished_cases
from inbox.queries.customer_fields import Fact, facts_of
from inbox.queries.shown import Face, face_of
from inbox.queries.shown_words import face_of_customer

MOST_CASES = 20
MOST_BESIDE = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Maybe:
    """An open question: this customer may be the same person as `face`. `is_here`: it stands in this
    conversation, not in the other's. `goes_in` and `stays` are the customers of a merge: whoever owns a typed
    address stays, and so does whoever's strand was answered."""

    suggestion: Suggestion
    face: Face
    conversation_id: str | None
    is_here: bool
    goes_in: str
    stays: str


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


class PanelCase(NamedTuple):
    """A case as the list of all of a customer's shows it."""

    number: int
    subject: str
    status: str
    last_channel_kind: str
    last_message_at: datetime | None
    opened_at: datetime

    @property
    def is_unfinished(self) -> bool:
        """Open in the sense of the case rules: open, pending or snoozed."""
        return self.status in UNFINISHED


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    customer: Customer
    conversation_id: str
    face: Face
    emails: Sequence[Identity]
    others: Sequence[Identity]
    claims: Sequence[Claim]
    cases: Sequence[PanelCase]
    maybes: Sequence[Maybe]
    merges: Sequence[Joined]
    complained: frozenset[str]  # addresses where a mail of ours was called spam
    colleagues: Sequence[Colleague]
    tags: Sequence[Tag]
    facts: Sequence[Fact]
    blocks: Sequence[Block]
    browsers: Sequence[Browser] = ()

    @property
    def is_blocked(self) -> bool:
        """Whether nothing of theirs is heard, from whichever address."""
        return any(block.identity_id is None for block in self.blocks)

    @property
    def blocked_identities(self) -> frozenset[int]:
        """Those of their addresses that are blocked alone."""
        return frozenset(block.identity_id for block in self.blocks if block.identity_id is not None)


async def panel_of(session: AsyncSession, actor: Actor, conversation: Conversation) -> Panel:
    """The panel beside a conversation."""
    customer = await session.get_one(Customer, conversation.customer_id)
    own = {"customer": customer.id}
    identities = (await session.scalars(_OWNED, own)).all()
    there = (await session.execute(_THERE_IS, own)).one()
    return Panel(
        customer=customer,
        conversation_id=conversation.public_id,
        face=face_of_customer(customer),
        emails=[one for one in identities if one.kind == AddressKind.EMAIL],
        others=[one for one in identities if one.kind != AddressKind.EMAIL],
        claims=(await session.scalars(_SAID, own)).all() if there.claims else (),
        cases=await _cases(session, actor, conversation),
        maybes=await _maybes(session, customer) if there.questions else (),
        merges=await _merges(session, customer) if there.merges else (),
        complained=frozenset(await session.scalars(_COMPLAINED, own)) if there.complaints else frozenset(),
        colleagues=await _colleagues(session, actor, customer),
        tags=(await session.scalars(_TAGS, own)).all() if there.tags else (),
        facts=facts_of(await customer_fields.everything(session), customer.attributes),
        blocks=(await session.scalars(_BLOCKS, own)).all() if there.blocks else (),
        browsers=await browsers_of(session, identities),
    )


async def _cases(session: AsyncSession, actor: Actor, conversation: Conversation) -> Sequence[PanelCase]:
    """The newest cases, the one first in which something happened last."""
    rows = await session.execute(_all_cases(actor), {"conversation": conversation.id})
    cases = [PanelCase(*row) for row in rows]
    return sorted(cases, key=lambda case: case.last_message_at or case.opened_at, reverse=True)


async def _maybes(session: AsyncSession, customer: Customer) -> list[Maybe]:
    found = (await session.scalars(_OPEN_QUESTIONS, {"customer": customer.id})).all()
    maybes: list[Maybe] = []
    for suggestion in found:
        is_here = suggestion.customer_id == customer.id
        other_id = suggestion.other_customer_id if is_here else suggestion.customer_id
        other = await session.get_one(Customer, other_id)
        thread = select(Conversation.public_id).where(Conversation.customer_id == other_id)
        ends = (customer.public_id, other.public_id)
        goes_in, stays = ends if is_here == (suggestion.kind == SuggestionKind.CLAIM) else ends[::-1]
        maybes.append(
            Maybe(
                suggestion=suggestion,
                face=face_of_customer(other),
                conversation_id=await session.scalar(thread),
                is_here=is_here,
                goes_in=goes_in,
                stays=stays,
            )
        )
    return maybes


async def _merges(session: AsyncSession, customer: Customer) -> list[Joined]:
    rows = (await session.execute(_STANDING_MERGES, {"customer": customer.id})).all()
    return [
        Joined(merge=merge, name=name or "a visitor", is_newest=number == 0)
        for number, (merge, name) in enumerate(rows)
    ]


async def _colleagues(session: AsyncSession, actor: Actor, customer: Customer) -> list[Colleague]:
    if not customer.company:
        return []
    same = {"company": customer.company, "customer": customer.id}
    rows = (await session.execute(_same_company(actor), same)).all()
    return [
        Colleague(
            face=face_of(row.name or "Visitor", row.customer_id),
            conversation_id=row.talk_id,
            unfinished=row.unfinished,
        )
        for row in rows
    ]


# Statements are made once and kept: making one again for each call costs more than running it.
_CUSTOMER: BindParameter[int] = bindparam("customer")
_OWNED = select(Identity).where(Identity.customer_id == _CUSTOMER).order_by(Identity.id)
_SAID = select(Claim).where(Claim.customer_id == _CUSTOMER, Claim.state == ClaimState.OPEN).order_by(Claim.id)
_TAGS = (
    select(Tag)
    .join(CustomerTag, CustomerTag.tag_id == Tag.id)
    .where(CustomerTag.customer_id == _CUSTOMER)
    .order_by(Tag.name)
)
_BLOCKS = select(Block).where(Block.customer_id == _CUSTOMER, Block.ended_at.is_(None)).order_by(Block.id)
_COMPLAINED = (
    select(SuppressedAddress.address)
    .join(Identity, Identity.address == SuppressedAddress.address)
    .where(Identity.customer_id == _CUSTOMER, Identity.kind == AddressKind.EMAIL)
)
_OPEN_QUESTIONS = (
    select(Suggestion)
    .where(
        Suggestion.state == SuggestionState.OPEN,
        Suggestion.kind != SuggestionKind.FORWARD,
        (Suggestion.customer_id == _CUSTOMER) | (Suggestion.other_customer_id == _CUSTOMER),
    )
    .order_by(Suggestion.id)
    .limit(MOST_BESIDE)
)
_STANDING_MERGES = (
    select(Merge, Customer.name)
    .join(Customer, Customer.id == Merge.merged_customer_id)
    .where(Merge.kept_customer_id == _CUSTOMER, Merge.undone_at.is_(None))
    .order_by(Merge.id.desc())
)
# Of most customers there is nothing of these: one look instead of six.
_THERE_IS = select(
    _SAID.exists().label("claims"),
    _OPEN_QUESTIONS.exists().label("questions"),
    _STANDING_MERGES.exists().label("merges"),
    _TAGS.exists().label("tags"),
    _BLOCKS.exists().label("blocks"),
    _COMPLAINED.exists().label("complaints"),
)


@lru_cache(maxsize=512)
def _all_cases(actor: Actor) -> Select[*tuple[Any, ...]]:
    columns = (getattr(Case, name) for name in PanelCase._fields)
    own = (Case.conversation_id == bindparam("conversation"), Case.joined_into_id.is_(None))
    return select(*columns).where(*own, visible_to(actor)).order_by(Case.id.desc()).limit(MOST_CASES)


@lru_cache(maxsize=512)
def _same_company(actor: Actor) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Customer.public_id.label("customer_id"),
            Customer.name,
            Conversation.public_id.label("talk_id"),
            unfinished_cases(actor).label("unfinished"),
        )
        .join(Conversation, Conversation.customer_id == Customer.id)
        .where(
            Customer.company == bindparam("company"),
            Customer.id != _CUSTOMER,
            Customer.merged_into_id.is_(None),
        )
        .order_by(Conversation.last_message_at.desc().nulls_last())
        .limit(MOST_BESIDE)
    )
