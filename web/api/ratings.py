"""What visitors thought of their chats: once for each case, in a number and perhaps in words."""

from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from inbox.queries import ratings
from web.api.answers import actor_of, listed, page_of
from web.api.shapes import Shape
from web.installation import installation_of


class RatingShape(Shape):
    """`score` is 1 (bad) to 5 (great)."""

    case_number: int
    conversation_id: str
    customer_id: str
    score: int
    comment: str
    created_at: datetime


async def index(request: Request) -> Response:
    """GET /api/v1/ratings?limit=&cursor=: the newest first."""
    limit, cursor = page_of(request)
    async with installation_of(request).database.reading() as session:
        found = await ratings.page(session, actor_of(request), limit=limit, cursor=cursor)
    return listed([_shape(each) for each in found.items], found.next)


def _shape(rated: ratings.Rated) -> RatingShape:
    return RatingShape(
        case_number=rated.case_number,
        conversation_id=rated.conversation_id,
        customer_id=rated.customer_id,
        score=rated.rating.score,
        comment=rated.rating.comment,
        created_at=rated.rating.created_at,
    )
