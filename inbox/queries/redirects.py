"""Names that outlive what they named: after a merge or a join the old ids still lead to where things went."""

from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actors import Actor
from inbox.errors import NotFound
from inbox.models import Case, Conversation, Customer
from inbox.policies import visible_to

T = TypeVar("T", Conversation, Customer)


async def find_conversation(session: AsyncSession, public_id: str) -> Conversation:
    """The conversation of this public id, or the one it was merged into. Raises NotFound."""
    query = select(Conversation).where(Conversation.public_id == public_id)
    return await _followed(session, Conversation, (await session.scalars(query)).first())


async def find_customer(session: AsyncSession, public_id: str) -> Customer:
    """The customer of this public id, or the one they were merged into. Raises NotFound."""
    query = select(Customer).where(Customer.public_id == public_id)
    return await _followed(session, Customer, (await session.scalars(query)).first())


async def find_case(session: AsyncSession, number: int, *, actor: Actor) -> Case:
    """The case of this number, or the one it was joined into, if the actor may see it. Raises NotFound."""
    query = select(Case).where(Case.number == number)
    case = (await session.scalars(query)).first()
    while case is not None and case.joined_into_id is not None:
        case = await session.get(Case, case.joined_into_id)
    seen = select(Case).where(Case.id == case.id, visible_to(actor)) if case is not None else None
    found = (await session.scalars(seen)).first() if seen is not None else None
    if found is None:
        raise NotFound("There is no such case.")
    return found


async def conversation_of(session: AsyncSession, customer: Customer) -> Conversation:
    """A customer's own thread: of a merged customer, the emptied one. Raises NotFound."""
    query = select(Conversation).where(Conversation.customer_id == customer.id)
    conversation = (await session.scalars(query)).first()
    if conversation is None:
        raise NotFound("This customer has no conversation.")
    return conversation


async def _followed(session: AsyncSession, model: type[T], found: T | None) -> T:
    while found is not None and found.merged_into_id is not None:
        found = await session.get(model, found.merged_into_id)
    if found is None:
        raise NotFound(f"There is no such {model.__name__.lower()}.")
    return found
