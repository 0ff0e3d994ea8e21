"""Ratings as a program sees them."""

from inbox.models import Rating
from tests.builders import a_conversation
from tests.web.conftest import Person
from web.installation import Installation


async def test_ratings_are_listed_with_their_words_the_newest_first_page_by_page(
    maya: Person, installation: Installation
) -> None:
    async with installation.database.transaction() as session:
        for score in (1, 5):
            scene = await a_conversation(session)
            session.add(Rating(case_id=scene.case.id, score=score, comment=f"Score {score}"))
            await session.flush()
    first = (await maya.program.get("/api/v1/ratings", params={"limit": 1})).json()
    second = (await maya.program.get("/api/v1/ratings", params={"cursor": first["next"]})).json()
    (best,), (worst,) = first["items"], second["items"]
    assert (best["score"], best["comment"], best["case_number"]) == (5, "Score 5", scene.case.number)
    assert best["conversation_id"] == scene.conversation.public_id
    assert best["customer_id"] == scene.customer.public_id
    assert worst["score"] == 1 and second["next"] is None
