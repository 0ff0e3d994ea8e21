"""What can happen to customers and to what they wrote, played one by one."""

from collections.abc import AsyncIterator

from inbox.actions import redactions
from inbox.models import EventKind
from tests.web.live.stage import Stage, play


@play(EventKind.MESSAGE_REDACTED)
async def words_of_a_message_are_removed(stage: Stage) -> AsyncIterator[None]:
    await stage.note("They wrote: Where is my order")
    yield
    async with stage.act() as session:
        message = await stage.now(session, stage.scene.messages[0])
        wish = redactions.Wish(phrases=["my order"])
        await redactions.redact(session, message, wish, by=stage.maya, reason="A test")
