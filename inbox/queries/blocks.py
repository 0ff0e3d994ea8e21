"""Whom nobody wants to hear from."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.errors import NotFound
from inbox.models import Agent, Block, Customer, Identity
from inbox.queries.pages import Page, encoded, number_of
from inbox.queries.shown import Face
from inbox.queries.shown_words import face_of_customer


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked:
    """A block that stands; `address` where it is of one address alone."""

    block: Block
    customer_id: str
    face: Face
    address: str
    by: str


async def page(session: AsyncSession, *, limit: int = 50, cursor: str | None = None) -> Page[Blocked]:
    """The blocks that stand, the newest first."""
    query = _BLOCKED.order_by(Block.id.desc())
    if cursor is not None:
        query = query.where(Block.id < number_of(cursor))
    rows = (await session.execute(query.limit(limit + 1))).all()
    more, rows = len(rows) > limit, rows[:limit]
    items = [
        Blocked(
            block=block,
            customer_id=customer.public_id,
            face=face_of_customer(customer),
            address=address or "",
            by=by,
        )
        for block, customer, address, by in rows
    ]
    return Page(items, encoded(items[-1].block.id) if more else None)


async def of_customer(session: AsyncSession, customer: Customer) -> Sequence[Block]:
    """What of a customer is blocked now."""
    query = select(Block).where(Block.customer_id == customer.id, Block.ended_at.is_(None))
    return (await session.scalars(query.order_by(Block.id))).all()


async def identity_named(session: AsyncSession, customer: Customer, name: str) -> Identity | None:
    """An address of a customer, named by kind and address ("email ana@norte.example"); none for "". Raises
    NotFound."""
    if not name:
        return None
    kind, _, address = name.partition(" ")
    query = select(Identity).where(
        Identity.customer_id == customer.id, Identity.kind == kind, Identity.address == address
    )
    identity = (await session.scalars(query)).first()
    if identity is None:
        raise NotFound("There is no such address.")
    return identity


async def by_id(session: AsyncSession, public_id: str) -> Block:
    """One block. Raises NotFound."""
    row = (await session.scalars(select(Block).where(Block.public_id == public_id))).first()
    if row is None:
        raise NotFound("There is no such block.")
    return row


_BLOCKED = (
    select(Block, Customer, Identity.address, Agent.name)
    .join(Customer, Customer.id == Block.customer_id)
    .join(Agent, Agent.id == Block.agent_id)
    .outerjoin(Identity, Identity.id == Block.identity_id)
    .where(Block.ended_at.is_(None))
)
