"""Names that outlive what they named: after a merge or a join the old ids still lead to where things went."""

from functools import lru_cache
from typing import TypeVar

from sqlalchemy import Select, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actors import Actor
from inbox.errors import NotFound
from inbox.models import Case, Conversation, Customer
from inbox.policies import visible_to

T = TypeVar("T", Conversation, Customer)


async def find_conversation(session: AsyncSession, public_id: str) -> Conversation:
    """The conversation of this public id, or the one it was merged into. Raises NotFound."""
    found = (await session.scalars(_CONVERSATION, {"id": public_id})).first()
    return await _followed(session, Conversation, found)


async def find_customer(session: AsyncSession, public_id: str) -> Customer:
    """The customer of this public id, or the one they were merged into. Raises NotFound."""
    query = select(Customer).where(Customer.public_id == public_id)
    return await _followed(session, Customer, (await session.scalars(query)).first())


async def find_case(session: AsyncSession, number: int, *, actor: Actor) -> Case:
    """The case of this number, or the one it was joined into, if the actor may see it. Raises NotFound."""
    case = (await session.scalars(_CASE, {"number": number})).first()
    while case is not None and case.joined_into_id is not None:
        case = await session.get(Case, case.joined_into_id)
    found = (await session.scalars(_seen(actor), {"id": case.id})).first() if case is not None else None
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


# Statements are made once and kept: making one again for each call costs more than running it.
_CONVERSATION = select(Conversation).where(Conversation.public_id == bindparam("id"))
_CASE = select(Case).where(Case.number == bindparam("number"))


@lru_cache(maxsize=512)
def _seen(actor: Actor) -> Select[Case]:
    return select(Case).where(Case.id == bindparam("id"), visible_to(actor))


async def _followed(session: AsyncSession, model: type[T], found: T | None) -> T:
    while found is not None and found.merged_into_id is not None:
        found = await session.get(model, found.merged_into_id)
    if found is None:
        raise NotFound(f"There is no such {model.__name__.lower()}.")
    return found
