"""What can happen to customers and to what they wrote, played one by one."""

from collections.abc import AsyncIterator

from inbox.actions import blocks, redactions
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


@play(
    EventKind.CUSTOMER_BLOCKED,
    EventKind.CUSTOMER_UNBLOCKED,
    EventKind.CASE_MARKED_SPAM,
    EventKind.CASE_UNMARKED_SPAM,
    EventKind.MESSAGE_RECEIVED,
)
async def a_customer_is_blocked_writes_and_is_heard_again(stage: Stage) -> AsyncIterator[None]:
    yield
    async with stage.act() as session:
        customer = await stage.now(session, stage.scene.customer)
        await blocks.block(session, customer, by=stage.maya, with_cases=True)
    await stage.receive("Hello?", references=(stage.scene.messages[0].external_id,))
    await stage.undo()
