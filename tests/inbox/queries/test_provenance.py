"""A chat whose visitor is not proven to be the one who asked by mail is not told the answer by accident."""

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actions.identities import prove_email
from inbox.actions.merges import merge
from inbox.actions.replies import ReplySettings, mark_answered, reply
from inbox.db import Database
from inbox.errors import LessProven
from inbox.models import Agent, Conversation, Message, Proof, Strand
from tests.builders import (
    KEYS,
    Scene,
    a_conversation,
    a_customer,
    a_mailbox_channel,
    a_webchat_channel,
    an_agent,
    an_identity,
)

SETTINGS = ReplySettings(tokens=KEYS.strand_tokens())
ANA = "ana@mail.example"


async def merged(session: AsyncSession) -> tuple[Scene, Scene, Agent]:
    """A visitor who never proved anything, put into Ana's conversation by an agent; Ana waits, by mail."""
    agent = await an_agent(session)
    ana = await a_customer(session)
    known = await an_identity(session, ana, ANA, proof=Proof.AUTHENTICATED)
    mail = await a_conversation(session, customer=ana, identity=known, subject="My bank details")
    visitor = await a_customer(session, name="Visitor")
    chat = await a_conversation(session, customer=visitor, channel=await a_webchat_channel(session))
    await merge(session, visitor, into=ana, by=agent)
    await mark_answered(session, chat.strand, by=agent)
    return mail, chat, agent


async def say(session: AsyncSession, mail: Scene, strand: Strand, agent: Agent, **more: object) -> Message:
    conversation = await session.get_one(Conversation, mail.conversation.id)
    return await reply(
        session,
        conversation,
        by=agent,
        text="It is done.",
        strand=strand,
        settings=SETTINGS,
        **more,  # type: ignore[arg-type]
    )


async def test_an_answer_to_a_mail_is_not_told_to_an_unproven_chat_unless_the_agent_says_so(
    sqlite_database: Database,
) -> None:
    async with sqlite_database.transaction() as session:
        mail, chat, agent = await merged(session)
        with pytest.raises(LessProven, match="“My bank details” waits for an answer"):
            await say(session, mail, chat.strand, agent)

        sent = await say(session, mail, chat.strand, agent, anyway=True)
        assert sent.strand_id == chat.strand.id


async def test_the_mail_itself_is_answered_by_mail_without_a_question(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        mail, _, agent = await merged(session)

        sent = await say(session, mail, mail.strand, agent)

        assert sent.to == [{"name": "Ana Sousa", "address": ANA}]


async def test_what_the_chat_asks_itself_is_answered_in_the_chat(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        mail, chat, agent = await merged(session)
        chat.strand.waiting_since = mail.strand.waiting_since

        assert (await say(session, mail, chat.strand, agent)).strand_id == chat.strand.id


async def test_a_visitor_who_has_proved_the_mailbox_may_be_told_in_the_chat(
    sqlite_database: Database,
) -> None:
    async with sqlite_database.transaction() as session:
        agent = await an_agent(session)
        ana = await a_customer(session)
        known = await an_identity(session, ana, ANA, proof=Proof.AUTHENTICATED)
        mail = await a_conversation(session, customer=ana, identity=known)
        chat = await a_conversation(session, channel=await a_webchat_channel(session), text="Hello?")
        await prove_email(session, chat.identity, ANA)
        await session.refresh(chat.strand)
        await mark_answered(session, chat.strand, by=agent)

        assert (await say(session, mail, chat.strand, agent)).strand_id == chat.strand.id


async def test_an_unproven_chat_may_be_answered_from_a_mailbox(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        mail, chat, agent = await merged(session)
        mailbox = await a_mailbox_channel(session)

        sent = await say(session, mail, chat.strand, agent, channel=mailbox)

        assert sent.to == [{"name": "Ana Sousa", "address": ANA}]
