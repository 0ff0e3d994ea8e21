"""Customers with their addresses, proven and claimed."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.envelopes import AddressKind
from inbox.models import (
    Block,
    Claim,
    ClaimState,
    Conversation,
    Customer,
    CustomerTag,
    Identity,
    Tag,
)
from inbox.queries.pages import Page, encoded, number_of


@dataclass(slots=True)
class Known:
    """A customer with what is known of their addresses, their tags by name, and whether they are heard."""

    customer: Customer
    conversation: Conversation | None = None
    identities: list[Identity] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    is_blocked: bool = False  # as a whole, not one address alone


async def page(
    session: AsyncSession,
    *,
    words: str | None = None,
    email: str | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[Known]:
    """Customers, the newest first; by a part of name, company or address, or by one whole email address."""
    query = select(Customer).where(Customer.merged_into_id.is_(None))
    if email:
        owners = select(Identity.customer_id).where(
            Identity.kind == AddressKind.EMAIL, Identity.address == email.strip().lower()
        )
        query = query.where(Customer.id.in_(owners))
    if words:
        part = "%" + words.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        addressed = select(Identity.customer_id).where(Identity.address.like(part, escape="\\"))
        query = query.where(
            or_(
                func.lower(Customer.name).like(part, escape="\\"),
                func.lower(Customer.company).like(part, escape="\\"),
                Customer.id.in_(addressed),
            )
        )
    if cursor is not None:
        query = query.where(Customer.id < number_of(cursor))
    rows = (await session.scalars(query.order_by(Customer.id.desc()).limit(limit + 1))).all()
    more, rows = len(rows) > limit, rows[:limit]
    return Page(await known(session, rows), encoded(rows[-1].id) if more else None)


async def known(session: AsyncSession, customers: Sequence[Customer]) -> list[Known]:
    """The customers with identities, open claims, tags and conversation."""
    found = {customer.id: Known(customer) for customer in customers}
    identities = select(Identity).where(Identity.customer_id.in_(found)).order_by(Identity.id)
    for identity in await session.scalars(identities):
        found[identity.customer_id].identities.append(identity)
    claims = select(Claim).where(Claim.customer_id.in_(found), Claim.state == ClaimState.OPEN)
    for claim in await session.scalars(claims.order_by(Claim.id)):
        found[claim.customer_id].claims.append(claim)
    tags = select(CustomerTag.customer_id, Tag.name).join(Tag, Tag.id == CustomerTag.tag_id)
    for customer_id, name in await session.execute(
        tags.where(CustomerTag.customer_id.in_(found)).order_by(Tag.name)
    ):
        found[customer_id].tags.append(name)
    blocks = select(Block.customer_id).where(Block.ended_at.is_(None), Block.identity_id.is_(None))
    for customer_id in await session.scalars(blocks.where(Block.customer_id.in_(found))):
        found[customer_id].is_blocked = True
    for conversation in await session.scalars(
        select(Conversation).where(Conversation.customer_id.in_(found))
    ):
        found[conversation.customer_id].conversation = conversation
    return list(found.values())
