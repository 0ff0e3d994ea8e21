"""Chats that go on by mail when their visitor has left."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.actions import deliveries
from inbox.actions.continuity import mail_unseen, next_due
from inbox.actions.identities import prove_email
from inbox.actions.queueing import ReplySettings
from inbox.actions.replies import reply
from inbox.actions.visitors import keep_token
from inbox.db import Database
from inbox.envelopes import ChannelKind, Outcome, RecipientOutcome
from inbox.models import (
    Agent,
    AuthorKind,
    Channel,
    Delivery,
    DeliveryState,
    Identity,
    Message,
    OutboxEntry,
    Status,
    UnseenReply,
)
from inbox.queries.continuity import address_after
from inbox.queries.outgoing import outbound_message
from inbox.queries.recipients import recipients_of
from inbox.queries.visitors import visible_messages
from tests.builders import (
    KEYS,
    Scene,
    a_conversation,
    a_mailbox_channel,
    a_webchat_channel,
    an_agent,
    an_identity,
    an_inbound_message,
)

TOKENS = KEYS.strand_tokens()
SETTINGS = ReplySettings(tokens=TOKENS, undo_seconds=0)
LATER = timedelta(seconds=121)


async def a_chat(
    session: AsyncSession, *, email: str | None = "ines@norte.example", **settings: object
) -> tuple[Scene, Agent]:
    """A chat whose visitor has left an address, and somebody to answer it; the company has a mailbox."""
    channel = await a_webchat_channel(session, name="Harbour & Pine")
    channel.settings = settings
    mailbox = await a_mailbox_channel(session, address="help@shop.example")
    channel.reply_mailbox_id = mailbox.id
    scene = await a_conversation(session, channel=channel, text="BUY PILLS http://evil.example")
    await leave(session, scene.identity, channel, email)
    return scene, await an_agent(session, name="Maya Okafor")


async def leave(session: AsyncSession, identity: Identity, channel: Channel, email: str | None) -> None:
    visitor_id = identity.address.partition(":")[2]
    token = await keep_token(session, channel_id=channel.id, digest=visitor_id * 2, visitor_id=visitor_id)
    token.claimed_email = email


async def answered(session: AsyncSession, scene: Scene, agent: Agent, *texts: str) -> list[Message]:
    told = [
        await reply(session, scene.conversation, by=agent, text=text, settings=SETTINGS) for text in texts
    ]
    await deliveries.deliver_chats(session)
    return told


async def mails(session: AsyncSession) -> list[Message]:
    query = select(Message).where(Message.author_kind == AuthorKind.SYSTEM).order_by(Message.id)
    return list(await session.scalars(query))


async def test_unseen_replies_leave_as_one_mail_of_our_own_words(database: Database) -> None:
    async with database.transaction() as session:
        scene, agent = await a_chat(session)
        assert await address_after(session, scene.strand, scene.channel) == "ines@norte.example"
        await answered(session, scene, agent, "It left **today**.", "You get a mail.")
        assert await mail_unseen(session, clock.now(), TOKENS) == 0
        assert await mail_unseen(session, clock.now() + LATER, TOKENS) == 1
        assert await mail_unseen(session, clock.now() + LATER, TOKENS) == 0
        (mail,) = await mails(session)
        composed = await outbound_message(session, mail.id, TOKENS)
        entry = (await session.scalars(select(OutboxEntry).where(OutboxEntry.message_id == mail.id))).one()
    assert [to.value for to in composed.to] == ["ines@norte.example"]
    assert composed.sender.value == "help@shop.example" and composed.sender.name == "Maya, Harbour & Pine"
    assert composed.subject == "Your chat with Harbour & Pine" and composed.quoted_text is None
    assert composed.text.startswith("It left **today**.\n\nYou get a mail.\n\n---")
    assert "PILLS" not in composed.text
    assert TOKENS.mint(scene.strand.public_id) in composed.external_id
    assert entry.state == "waiting" and mail.delivery == DeliveryState.QUEUED and mail.text == ""


async def test_what_was_seen_is_not_mailed(database: Database) -> None:
    async with database.transaction() as session:
        scene, agent = await a_chat(session)
        first, second = await answered(session, scene, agent, "One", "Two")
        await deliveries.acknowledge(session, scene.identity, up_to=second, state=DeliveryState.DELIVERED)
        await deliveries.acknowledge(session, scene.identity, up_to=first, state=DeliveryState.READ)
        assert await mail_unseen(session, clock.now() + LATER, TOKENS) == 1
        (mail,) = await mails(session)
        composed = await outbound_message(session, mail.id, TOKENS)
    assert composed.text.startswith("Two\n")


@pytest.mark.parametrize("why", ["no address", "switched off", "no mailbox", "spam"])
async def test_where_it_cannot_or_should_not_go_nothing_is_mailed(
    sqlite_database: Database, why: str
) -> None:
    async with sqlite_database.transaction() as session:
        off = {"continuity_seconds": 0} if why == "switched off" else {}
        scene, agent = await a_chat(session, email=None if why == "no address" else "i@norte.example", **off)
        await answered(session, scene, agent, "Hello")
        if why == "no mailbox":
            for mailbox in await session.scalars(select(Channel).where(Channel.kind == ChannelKind.EMAIL)):
                mailbox.deactivated_at = clock.now()
        if why == "spam":
            scene.case.status = Status.SPAM
        assert await mail_unseen(session, clock.now() + LATER, TOKENS) == 0
        assert await next_due(session) is None
        assert (await address_after(session, scene.strand, scene.channel) == "") is (why != "spam")


async def test_a_mail_answers_nothing_and_stops_nobody_from_replying(database: Database) -> None:
    """It repeats what was said: whoever waits still waits, and a colleague has missed nothing."""
    async with database.transaction() as session:
        scene, agent = await a_chat(session)
        (told,) = await answered(session, scene, agent, "Hello")
        colleague = await an_agent(session, name="Tomás Leal")
        asked = await an_inbound_message(session, scene, text="And now?")
        await mail_unseen(session, clock.now() + LATER, TOKENS)
        await session.refresh(scene.case)
        assert scene.case.waiting_since == asked.created_at
    async with database.transaction() as session:
        position = (await session.get_one(Message, asked.id)).position
        conversation = await session.get_one(type(scene.conversation), scene.conversation.id)
        by = await session.get_one(Agent, colleague.id)
        answer = await reply(
            session, conversation, by=by, text="Now.", settings=SETTINGS, seen_position=position
        )
        assert answer.channel_id == scene.channel.id
        assert told.id < answer.id


async def test_a_mail_that_does_not_arrive_opens_the_case_again(database: Database) -> None:
    async with database.transaction() as session:
        scene, agent = await a_chat(session)
        await answered(session, scene, agent, "Hello")
        await mail_unseen(session, clock.now() + LATER, TOKENS)
        (mail,) = await mails(session)
        (departure,) = await deliveries.claim(session, worker="w", limit=1)
        assert departure.message_id == mail.id
        refused = RecipientOutcome(outcome=Outcome.PERMANENT, text="No such mailbox")
        await deliveries.settle(session, departure, {"ines@norte.example": refused})
    assert scene.case.status == Status.OPEN and mail.delivery == DeliveryState.FAILED


async def test_who_answers_by_mail_is_answered_by_mail(database: Database) -> None:
    """The browser may be anybody's: what was asked by mail is never answered into an unproven chat."""
    async with database.transaction() as session:
        scene, agent = await a_chat(session)
        await answered(session, scene, agent, "Hello")
        mailbox = (await session.scalars(select(Channel).where(Channel.kind == ChannelKind.EMAIL))).one()
        by_mail = await an_inbound_message(session, scene, text="By mail")
        by_mail.channel_id, by_mail.author_address = mailbox.id, "ines@norte.example"
        found = await recipients_of(session, scene.strand)
        assert found.channel.id == mailbox.id and [to.value for to in found.to] == ["ines@norte.example"]
        await an_inbound_message(session, scene, text="Back in the chat")
        assert (await recipients_of(session, scene.strand)).channel.id == scene.channel.id


async def test_only_a_proven_browser_sees_what_went_to_its_mailbox(database: Database) -> None:
    async with database.transaction() as session:
        scene, agent = await a_chat(session)
        mailbox = (await session.scalars(select(Channel).where(Channel.kind == ChannelKind.EMAIL))).one()
        mine = await an_identity(session, scene.customer, "ines@norte.example")
        by_mail = await an_inbound_message(session, scene, text="By mail")
        by_mail.identity_id, by_mail.channel_id, by_mail.author_address = mine.id, mailbox.id, mine.address
        (answer,) = await answered(session, scene, agent, "Answered by mail")
        answer.delivery = DeliveryState.SENT
        shown = await visible_messages(session, scene.identity)
        assert [message.text for message in shown] == ["BUY PILLS http://evil.example"]
        await prove_email(session, scene.identity, mine.address)
        await session.flush()
        shown = await visible_messages(session, scene.identity)
        assert {message.text for message in shown} >= {"By mail", "Answered by mail"}


async def test_each_recipient_and_row_is_kept_once(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        scene, agent = await a_chat(session)
        await answered(session, scene, agent, "One", "Two")
        await mail_unseen(session, clock.now() + LATER, TOKENS)
        (mail,) = await mails(session)
        carried = list(await session.scalars(select(UnseenReply.mail_id)))
        to = list(await session.scalars(select(Delivery.address).where(Delivery.message_id == mail.id)))
    assert carried == [mail.id, mail.id] and to == ["ines@norte.example"]
