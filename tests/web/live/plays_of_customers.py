"""What can happen to customers and to what they wrote, played one by one."""

from collections.abc import AsyncIterator

from inbox.actions import blocks, call_changes, calls, redactions, undos
from inbox.envelopes import SpokenKind
from inbox.models import EventKind, Status
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


@play(EventKind.MESSAGE_LOGGED, EventKind.CASE_OPENED, EventKind.CASE_ASSIGNED, EventKind.CASE_RESOLVED)
async def a_call_and_a_meeting_are_logged(stage: Stage) -> AsyncIterator[None]:
    yield
    said = ((SpokenKind.PHONE, True, None), (SpokenKind.MEETING, False, Status.RESOLVED))
    for kind, is_inbound, then in said:
        async with stage.act() as session:
            await calls.log_call(
                session,
                await stage.now(session, stage.scene.customer),
                by=stage.maya,
                kind=kind,
                is_inbound=is_inbound,
                text="She wants it **blue**",
                minutes=12,
                spoken_with="Ana's sister",
                case=await stage.case(session) if is_inbound else None,
                then=then,
            )


@play(EventKind.MESSAGE_REWRITTEN, EventKind.MESSAGE_CANCELLED, EventKind.MESSAGE_RESTORED)
async def a_call_is_put_right_taken_back_and_stands_again(stage: Stage) -> AsyncIterator[None]:
    async with stage.act() as session:
        call = await calls.log_call(
            session,
            await stage.now(session, stage.scene.customer),
            by=stage.maya,
            kind=SpokenKind.PHONE,
            is_inbound=True,
            text="She wants it green",
            case=await stage.case(session),
        )
    yield
    labels = ("With", "Duration", "%(minutes)s min")
    async with stage.act() as session:
        message = await stage.now(session, call)
        await call_changes.change_call(
            session,
            message,
            by=stage.maya,
            text="She wants it blue",
            subject="Colour",
            spoken_with="Ana",
            minutes=5,
            labels=labels,
        )
    async with stage.act() as session:
        taken = await call_changes.take_back_call(session, await stage.now(session, call), by=stage.maya)
    assert taken is not None
    async with stage.act() as session:
        await undos.undo(session, taken.public_id, by=stage.maya)
