"""What a visitor thought of a case, once it has ended."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actions.events import record
from inbox.actors import Actor
from inbox.errors import Conflict, Invalid
from inbox.holding import hold_case
from inbox.models import Channel, Customer, EventKind, Identity, Rating
from inbox.queries.visitor_states import is_rateable, newest_case
from inbox.queries.visitors import sight_of

WORST, BEST = 1, 5
LONGEST_COMMENT = 1_000


async def rate(
    session: AsyncSession, visitor: Identity, *, channel: Channel, score: object, comment: str = ""
) -> Rating:
    """Keep what a visitor thought of their newest chat in this channel, with its event.

    Raises Invalid for what is no score of 1 to 5, Conflict where there is nothing (left) to rate.
    """
    if not isinstance(score, int) or not WORST <= score <= BEST:
        raise Invalid("Choose one of the five faces.", field="score")
    case = await newest_case(session, await sight_of(session, visitor), channel)
    if case is None:
        raise Conflict("There is nothing to rate yet.")
    conversation = await hold_case(session, case)
    if not is_rateable(case):
        raise Conflict("This chat has not ended yet.")
    if await session.scalar(select(Rating.id).where(Rating.case_id == case.id)) is not None:
        raise Conflict("You have rated this chat already. Thank you.")
    rating = Rating(
        case_id=case.id, identity_id=visitor.id, score=score, comment=comment.strip()[:LONGEST_COMMENT]
    )
    session.add(rating)
    await session.flush()
    customer = await session.get_one(Customer, conversation.customer_id)
    record(
        session,
        EventKind.CASE_RATED,
        actor=Actor.customer(customer),
        conversation=conversation,
        case=case,
        data={"score": score},
    )
    return rating
