"""What the benchmarks look at: an agent who is signed in, and a conversation with a case."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import migrations
from inbox.actions import agents, channels, sign_ins
from inbox.actors import SYSTEM, Actor
from inbox.config import Settings
from inbox.envelopes import ChannelKind
from inbox.intake import RawInput
from inbox.models import Agent, Channel, Conversation, Role
from inbox.queries import agents as agent_queries, conversations
from web.installation import Installation, open_installation

MAIL = (
    b"From: ines@norte.example\r\nTo: support@desk.example\r\nSubject: Lamp\r\n"
    b"Message-ID: <1@norte.example>\r\n\r\nHi\r\n"
)


@dataclass(frozen=True, slots=True)
class Scene:
    agent: Agent
    session_token: str
    conversation: Conversation
    mailbox: Channel


@asynccontextmanager
async def opened_anew(settings: Settings) -> AsyncIterator[Installation]:
    """A new installation with its key and its tables, opened."""
    async with open_installation(settings):
        pass  # makes the key
    await migrations.upgrade_async(settings.database)
    async with open_installation(settings) as installation:
        yield installation


async def a_chat(installation: Installation) -> Channel:
    """A web chat."""
    async with installation.database.transaction() as session:
        return await channels.add_channel(
            session, kind=ChannelKind.WEBCHAT, name="Chat", by=SYSTEM, keys=installation.keys
        )


async def a_mailbox(installation: Installation) -> Channel:
    """A mailbox that nobody fetches from."""
    async with installation.database.transaction() as session:
        return await channels.add_channel(
            session,
            kind=ChannelKind.EMAIL,
            name="Support",
            address="support@desk.example",
            by=SYSTEM,
            keys=installation.keys,
        )


async def a_scene(installation: Installation) -> Scene:
    """File a mail, and sign an agent in."""
    channel = await a_mailbox(installation)
    async with installation.database.transaction() as session:
        agent = await agents.add_agent(
            session, email="maya@desk.example", name="Maya Okafor", role=Role.ADMIN, by=SYSTEM
        )
        token = await sign_ins.begin_session(session, agent, user_agent="benchmark")
    await installation.intake.file(
        await installation.intake.accept(channel.id, "ingest", [RawInput(content=MAIL)])
    )
    async with installation.database.reading() as session:
        found = await agent_queries.by_email(session, "maya@desk.example")
        assert found is not None
        page = await conversations.page(session, Actor.agent(found), limit=1)
    return Scene(found, token, page.items[0].conversation, channel)
