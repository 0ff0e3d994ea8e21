"""What can happen in a chat, played one by one: it goes on by mail, and it is rated."""

from collections.abc import AsyncIterator
from datetime import timedelta

from inbox.actions import continuity, deliveries, erasures, ratings, resolutions
from inbox.actions.visitors import keep_token
from inbox.clock import now
from inbox.models import EventKind
from tests.builders import (
    KEYS,
    a_conversation,
    a_customer,
    a_mailbox_channel,
    a_webchat_channel,
)
from tests.web.live.stage import Stage, play


async def to_a_chat(stage: Stage) -> None:
    """Go on in a chat whose visitor has left an address, and who has been answered."""
    async with stage.act() as session:
        channel = await a_webchat_channel(session)
        await a_mailbox_channel(session)
        customer = await a_customer(session, name="Vic")
        stage.scene = await a_conversation(session, customer=customer, channel=channel)
        visitor_id = stage.scene.identity.address.partition(":")[2]
        token = await keep_token(session, channel_id=channel.id, digest="d" * 64, visitor_id=visitor_id)
        token.claimed_email = "vic@norte.example"
    await stage.reply()
    async with stage.act() as session:
        await deliveries.deliver_chats(session)


@play(EventKind.MESSAGE_QUEUED)
async def an_unseen_reply_goes_out_by_mail(stage: Stage) -> AsyncIterator[None]:
    await to_a_chat(stage)
    yield
    async with stage.act() as session:
        later = now() + timedelta(minutes=3)
        assert await continuity.mail_unseen(session, later, KEYS.strand_tokens()) == 1


@play(EventKind.CASE_RATED, EventKind.CASE_RESOLVED)
async def a_chat_is_rated(stage: Stage) -> AsyncIterator[None]:
    await to_a_chat(stage)
    yield
    async with stage.act() as session:
        await resolutions.resolve(session, await stage.case(session), by=stage.maya)
    async with stage.act() as session:
        identity = await stage.now(session, stage.scene.identity)
        channel = await stage.now(session, stage.scene.channel)
        await ratings.rate(session, identity, channel=channel, score=4, comment="Quick & <kind>")


@play(EventKind.CUSTOMER_ASKED_ERASURE, EventKind.CASE_CHANGED)
async def a_visitor_asks_for_their_data_to_be_deleted(stage: Stage) -> AsyncIterator[None]:
    await to_a_chat(stage)
    yield
    async with stage.act() as session:
        identity = await stage.now(session, stage.scene.identity)
        await erasures.ask_erasure(session, identity, await stage.now(session, stage.scene.messages[0]))
