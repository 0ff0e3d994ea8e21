"""Since when a case waits."""

from inbox.db import Database
from inbox.models import DeliveryState, Direction, Message
from inbox.waiting import refresh_waiting
from tests.builders import a_conversation


async def an_answer(database: Database, delivery: DeliveryState | None) -> bool:
    """Whether a case still waits after an outbound message in this state."""
    async with database.transaction() as session:
        scene = await a_conversation(session, with_messages=1)
        question = scene.messages[0]
        answer = Message(
            conversation_id=scene.conversation.id,
            origin_conversation_id=scene.conversation.id,
            strand_id=scene.strand.id,
            case_id=scene.case.id,
            channel_id=question.channel_id,
            direction=Direction.OUTBOUND,
            author_kind="agent",
            delivery=delivery,
        )
        session.add(answer)
        waiting = await refresh_waiting(session, scene.case)
        assert bool(waiting) == (scene.case.waiting_since is not None)
        return bool(waiting)


async def test_a_reply_ends_the_waiting_also_one_that_was_imported(database: Database) -> None:
    assert not await an_answer(database, DeliveryState.QUEUED)
    assert not await an_answer(database, None)


async def test_what_failed_or_was_taken_back_is_no_answer(database: Database) -> None:
    assert await an_answer(database, DeliveryState.FAILED)
    assert await an_answer(database, DeliveryState.CANCELLED)
