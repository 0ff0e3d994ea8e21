"""What visitors thought of cases."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actors import Actor
from inbox.models import Case, Conversation, Customer, Rating
from inbox.policies import visible_to
from inbox.queries.pages import Page, decoded, encoded


@dataclass(frozen=True, slots=True, kw_only=True)
class Rated:
    """A rating, with the public names of what was rated."""

    rating: Rating
    case_number: int
    conversation_id: str
    customer_id: str


async def page(session: AsyncSession, actor: Actor, *, limit: int, cursor: str | None = None) -> Page[Rated]:
    """Ratings of the cases that the actor may see, the newest first. Raises Invalid for an unknown cursor."""
    query = (
        select(Rating, Case.number, Conversation.public_id, Customer.public_id)
        .join(Case, Case.id == Rating.case_id)
        .join(Conversation, Conversation.id == Case.conversation_id)
        .join(Customer, Customer.id == Conversation.customer_id)
        .where(visible_to(actor))
        .order_by(Rating.id.desc())
        .limit(limit + 1)
    )
    if cursor:
        (before,) = decoded(cursor, 1)
        query = query.where(Rating.id < before)
    rows = [
        Rated(rating=rating, case_number=number, conversation_id=conversation, customer_id=customer)
        for rating, number, conversation, customer in await session.execute(query)
    ]
    return Page(rows[:limit], encoded(rows[limit - 1].rating.id) if len(rows) > limit else None)
