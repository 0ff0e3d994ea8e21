"""What can happen to messages, played one by one.

A play is a generator: what comes before its `yield` prepares the scene, what comes after is what happens.
"""

from collections.abc import AsyncIterator
from datetime import timedelta

from sqlalchemy import select

from inbox.actions import (
    bounces,
    deliveries,
    enquiries,
    forwards,
    recalls,
    replies,
    resolutions,
)
from inbox.envelopes import (
    Address,
    Authentication,
    Bounce,
    BounceAction,
    BouncedRecipient,
    ChannelKind,
    Forward,
    InboundAttachment,
    InboundMessage,
    Outcome,
    Span,
    SpanKind,
    Verdict,
)
from inbox.models import (
    DeliveryState,
    EventKind,
    Message,
)
from tests.builders import (
    a_conversation,
    a_customer,
    a_mailbox_channel,
    a_webchat_channel,
)
from tests.web.live.stage import SETTINGS, Stage, play


@play(EventKind.MESSAGE_RECEIVED)
async def a_mail_arrives(stage: Stage) -> AsyncIterator[None]:
    yield
    await stage.receive(
        "New words\n> old words",
        html="<p>New words</p>",
        spans=(Span(10, 21, SpanKind.QUOTE),),
        cc=(Address("rui@norte.example", "Rui"),),
        attachments=(
            InboundAttachment(filename="a.png", content_type="image/png", size=40_000, digest="0" * 64),
        ),
    )


@play(EventKind.CASE_REOPENED, EventKind.MESSAGE_RECEIVED)
async def a_mail_answers_a_resolved_case(stage: Stage) -> AsyncIterator[None]:
    async with stage.act() as session:
        await resolutions.resolve(session, await stage.case(session), by=stage.maya)
    yield
    await stage.receive("Still broken", references=(stage.scene.messages[0].external_id,))


@play(EventKind.CASE_OPENED, EventKind.MESSAGE_RECEIVED)
async def a_second_case_opens(stage: Stage) -> AsyncIterator[None]:
    async with stage.act() as session:
        await resolutions.resolve(session, await stage.case(session), by=stage.maya)
    stage.clock.advance(days=30)
    yield
    await stage.receive("Another thing")


@play(EventKind.MESSAGE_REPEATED)
async def a_mail_comes_through_a_second_mailbox(stage: Stage) -> AsyncIterator[None]:
    twice = {"content_hash": "7" * 64, "external_id": "twice@norte.example"}
    await stage.receive("One lamp", **twice)
    async with stage.act() as session:
        stage.scene.channel = await a_mailbox_channel(session)
    yield
    await stage.receive("One lamp", **twice)


@play(EventKind.MESSAGE_RECEIVED, EventKind.NOTE_ADDED)
async def an_agent_passes_a_mail_on(stage: Stage) -> AsyncIterator[None]:
    yield
    await _pass_on(stage)


@play(EventKind.CASE_OPENED, EventKind.MESSAGE_MOVED, EventKind.SUGGESTION_MADE)
async def a_mail_that_was_passed_on_is_taken_back(stage: Stage) -> AsyncIterator[None]:
    await _pass_on(stage)
    yield
    async with stage.act() as session:
        message = (await session.scalars(select(Message).order_by(Message.id.desc()).limit(1))).one()
        await forwards.take_back(session, message, by=await stage.now(session, stage.maya))


async def _pass_on(stage: Stage) -> None:
    inside = InboundMessage(
        channel=ChannelKind.EMAIL,
        sender=Address(stage.scene.identity.address, "Ana"),
        content_hash="8" * 64,
        text="Is it in stock?",
    )
    await stage.receive(
        "Who can tell?",
        sender=Address(stage.maya.email, "Maya"),
        authentication=Authentication(dmarc=Verdict.PASS),
        forward=Forward(original=inside, words="Who can tell?", is_sure=True),
    )


@play(EventKind.CASE_OPENED, EventKind.MESSAGE_RECEIVED, EventKind.SUGGESTION_MADE)
async def a_stranger_answers(stage: Stage) -> AsyncIterator[None]:
    yield
    await stage.receive(
        "Me too",
        sender=Address("jane@elsewhere.example", "Jane"),
        references=(stage.scene.messages[0].external_id,),
    )


@play(
    EventKind.CASE_ASSIGNED,
    EventKind.MESSAGE_QUEUED,
    EventKind.MESSAGE_RECEIVED,
    EventKind.PARTICIPANT_CONFIRMED,
)
async def a_supplier_is_asked_and_answers(stage: Stage) -> AsyncIterator[None]:
    yield
    supplier = Address("sales@brass.example", "Brass & Co")
    async with stage.act() as session:
        sent = await enquiries.ask(
            session,
            await stage.now(session, stage.scene.messages[0]),
            by=stage.maya,
            channel=await stage.now(session, stage.scene.channel),
            to=[supplier],
            subject="Fwd: Lamp",
            text="When can you send **another**?",
            forwarded="The shade is cracked.",
            settings=SETTINGS,
        )
    await stage.receive("On Friday.", sender=supplier, references=(sent.external_id or "",))


@play(
    EventKind.CASE_ASSIGNED,
    EventKind.CASE_PENDING,
    EventKind.MESSAGE_QUEUED,
    EventKind.MESSAGE_SENDING,
    EventKind.MESSAGE_SENT,
)
async def an_agent_replies_and_it_leaves(stage: Stage) -> AsyncIterator[None]:
    yield
    await stage.reply()
    await stage.depart(Outcome.SENT)


@play(
    EventKind.CASE_REOPENED,
    EventKind.MESSAGE_DELAYED,
    EventKind.MESSAGE_FAILED,
    EventKind.MESSAGE_SENDING,
    EventKind.MESSAGE_UNKNOWN,
)
async def a_reply_is_delayed_then_lost_then_fails(stage: Stage) -> AsyncIterator[None]:
    await stage.reply()
    yield
    await stage.depart(Outcome.TEMPORARY, Outcome.UNKNOWN, Outcome.PERMANENT)


@play(EventKind.MESSAGE_DELAYED, EventKind.MESSAGE_SENDING, EventKind.MESSAGE_SENT)
async def a_reply_waits_for_its_turn_in_a_mailbox_that_sends_few(stage: Stage) -> AsyncIterator[None]:
    async with stage.act() as session:
        mailbox = await stage.now(session, stage.scene.channel)
        mailbox.settings = {**mailbox.settings, "sending_rate": "1/hour"}
    await stage.reply()
    await stage.reply("And one more.")
    yield
    await stage.depart(Outcome.SENT, Outcome.SENT, Outcome.SENT)


@play(EventKind.MESSAGE_HASTENED)
async def a_reply_leaves_before_its_time(stage: Stage) -> AsyncIterator[None]:
    async with stage.act() as session:
        message = await replies.reply(
            session,
            await stage.conversation(session),
            by=stage.maya,
            text="Good morning",
            settings=SETTINGS,
            send_at=stage.clock() + timedelta(days=1),
        )
    yield
    async with stage.act() as session:
        await recalls.hasten(session, await stage.now(session, message), by=stage.maya)


@play(EventKind.CASE_PENDING, EventKind.MESSAGE_RETRIED, EventKind.MESSAGE_SENDING, EventKind.MESSAGE_SENT)
async def a_failed_reply_is_tried_again(stage: Stage) -> AsyncIterator[None]:
    message = await stage.reply()
    await stage.depart(Outcome.PERMANENT)
    yield
    async with stage.act() as session:
        await recalls.retry(session, await stage.now(session, message), by=stage.maya)
    await stage.depart(Outcome.SENT)


@play(EventKind.CASE_REOPENED, EventKind.MESSAGE_CANCELLED)
async def a_reply_is_taken_back(stage: Stage) -> AsyncIterator[None]:
    message = await stage.reply()
    yield
    async with stage.act() as session:
        await recalls.cancel(session, await stage.now(session, message), by=stage.maya)


@play(EventKind.CASE_REOPENED, EventKind.MESSAGE_BOUNCED, EventKind.MESSAGE_DELAYED)
async def a_reply_bounces(stage: Stage) -> AsyncIterator[None]:
    message = await stage.reply()
    await stage.depart(Outcome.SENT)
    yield
    for action in (BounceAction.DELAYED, BounceAction.FAILED):
        recipient = BouncedRecipient(
            address=stage.scene.identity.address, action=action, status="5.2.2", diagnostic="mailbox full"
        )
        bounce = Bounce(message_ids=(str(message.external_id),), recipients=(recipient,))
        async with stage.act() as session:
            await bounces.apply_bounce(session, bounce)


@play(EventKind.MESSAGE_COMPLAINED)
async def a_reply_is_called_spam(stage: Stage) -> AsyncIterator[None]:
    message = await stage.reply()
    await stage.depart(Outcome.SENT)
    yield
    recipient = BouncedRecipient(address="", action=BounceAction.COMPLAINED)
    bounce = Bounce(message_ids=(str(message.external_id),), recipients=(recipient,))
    async with stage.act() as session:
        await bounces.apply_bounce(session, bounce)


@play(EventKind.MESSAGE_DELIVERED, EventKind.MESSAGE_READ, EventKind.MESSAGE_SENT)
async def a_reply_is_delivered_and_read_in_a_chat(stage: Stage) -> AsyncIterator[None]:
    async with stage.act() as session:
        chat = await a_conversation(
            session, customer=await a_customer(session, name="Vic"), channel=await a_webchat_channel(session)
        )
    stage.scene = chat
    message = await stage.reply()
    yield
    async with stage.act() as session:
        await deliveries.deliver_chats(session)
    for state in (DeliveryState.DELIVERED, DeliveryState.READ):
        async with stage.act() as session:
            identity = await stage.now(session, chat.identity)
            up_to = await stage.now(session, message)
            await deliveries.acknowledge(session, identity, up_to=up_to, state=state)


@play(EventKind.CASE_PENDING, EventKind.STRAND_ANSWERED)
async def a_strand_is_marked_answered(stage: Stage) -> AsyncIterator[None]:
    yield
    async with stage.act() as session:
        await replies.mark_answered(session, await stage.now(session, stage.scene.strand), by=stage.maya)
