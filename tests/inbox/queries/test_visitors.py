"""What a browser is shown: an allow-list."""

from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actions.events import write_events
from inbox.actions.identities import prove_email
from inbox.db import Database
from inbox.envelopes import Verdict
from inbox.models import Channel, Identity
from inbox.queries.visitors import visible_messages
from tests.builders import (
    Scene,
    a_conversation,
    a_customer,
    a_mailbox_channel,
    a_webchat_channel,
    an_agent,
    an_identity,
    an_inbound_message,
    an_outbound_message,
)


async def a_chat(session: AsyncSession) -> tuple[Scene, Channel]:
    channel = await a_webchat_channel(session)
    customer = await a_customer(session, name="Visitor")
    return await a_conversation(session, customer=customer, channel=channel, text="Hello?"), channel


async def seen(session: AsyncSession, visitor: Identity) -> list[str]:
    await write_events(session)
    return [message.text for message in await visible_messages(session, visitor)]


async def test_what_a_mailbox_answers_into_a_chat_is_not_shown_in_the_browser(database: Database) -> None:
    """Whoever typed an address need not own it: its mails, and our answers to it, are not the browser's."""
    async with database.transaction() as session:
        chat, _ = await a_chat(session)
        agent, mailbox = await an_agent(session), await a_mailbox_channel(session)
        owner = await an_identity(session, await a_customer(session))
        by_mail = await an_inbound_message(session, chat, text="By mail")
        by_mail.identity_id, by_mail.channel_id = owner.id, mailbox.id
        answer = await an_outbound_message(session, chat, by=agent, text="Answer by mail")
        answer.channel_id = mailbox.id
        await an_outbound_message(session, chat, by=agent, text="Answer in the chat")
        assert await seen(session, chat.identity) == ["Hello?", "Answer in the chat"]


async def test_a_proven_browser_is_not_shown_what_others_sent_in_its_persons_name(
    database: Database,
) -> None:
    async with database.transaction() as session:
        chat, _ = await a_chat(session)
        ana = await a_conversation(session, text="Genuine")
        forged, typed, absent = [
            await an_inbound_message(session, ana, text=text) for text in ("Forged", "Typed", "Away")
        ]
        forged.dmarc, typed.claimed, absent.automatic = Verdict.FAIL, True, "auto-reply"
        await prove_email(session, chat.identity, ana.identity.address)
        assert await seen(session, chat.identity) == ["Hello?", "Genuine"]


async def test_spam_is_shown_to_nobody(database: Database) -> None:
    async with database.transaction() as session:
        chat, _ = await a_chat(session)
        spam = await an_inbound_message(session, chat, text="Buy!")
        spam.is_spam = True
        assert await seen(session, chat.identity) == ["Hello?"]


async def test_pages_start_with_the_newest_and_go_on_from_a_position(database: Database) -> None:
    async with database.transaction() as session:
        chat, _ = await a_chat(session)
        for number in range(4):
            await an_inbound_message(session, chat, text=f"Line {number}")
        await write_events(session)
        newest = await visible_messages(session, chat.identity, limit=2)
        assert [message.text for message in newest] == ["Line 2", "Line 3"]
        after = chat.messages[0].position
        following = await visible_messages(session, chat.identity, after=after, limit=2)
        assert [message.text for message in following] == ["Line 0", "Line 1"]


async def test_two_visitors_of_one_widget_see_only_themselves(database: Database) -> None:
    async with database.transaction() as session:
        chat, channel = await a_chat(session)
        other = await a_conversation(
            session, customer=await a_customer(session), channel=channel, text="Somebody else"
        )
        assert await seen(session, chat.identity) == ["Hello?"]
        assert await seen(session, other.identity) == ["Somebody else"]
