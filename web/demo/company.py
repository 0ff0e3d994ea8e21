"""Harbour & Pine, maker of lamps and small furniture: its people, teams and channels."""

from dataclasses import dataclass
from typing import Any

from inbox.actions import agents, channels, tags, teams, views
from inbox.actors import SYSTEM
from inbox.envelopes import ChannelKind
from inbox.models import Agent, Audience, Channel, Role, Team
from inbox.queries import agents as found_agents, channels as found_channels
from web.demo.letters import AUTHSERV
from web.installation import Installation

MAILBOX = "help@harbourpine.example"
SHOP = "https://harbourpine.example"
COLLEAGUES = (
    ("Maya Okafor", "maya@harbourpine.example", "harbour lamp maya", Role.ADMIN),
    ("Tomás Lindqvist", "tomas@harbourpine.example", "harbour pine tomas", Role.AGENT),
    ("Priya Nair", "priya@harbourpine.example", "harbour shade priya", Role.AGENT),
)
CHATS = 6  # are enough for one of them
TEAMS = {"Orders": (0, 1), "Returns & refunds": (0, 2), "Trade": (1, 2)}
TAGS = (("damaged", 1), ("delivery", 2), ("billing", 3), ("wholesale", 4), ("praise", 5), ("VIP", 6))
VIEWS = (("VIP waiting", "tag:VIP is:waiting"), ("Late", "is:late"), ("Damaged", "tag:damaged"))
CHAT_TARGET, MAIL_TARGET = 30, 240  # minutes until an answer is due
QUESTIONS: list[dict[str, Any]] = [
    {"name": "name", "label": "Your name", "type": "text", "required": True},
    {"name": "email", "label": "Email", "type": "email", "required": True},
    {"name": "order", "label": "Order number", "type": "text", "required": True},
    {"name": "item", "label": "Item", "type": "text", "required": False},
    {
        "name": "wish",
        "label": "What would you like?",
        "type": "select",
        "required": True,
        "options": ["Replacement", "Refund", "Repair"],
    },
    {"name": "message", "label": "What happened?", "type": "textarea", "required": True},
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """The made-up company, with the rows that its story is played with."""

    mailbox: Channel
    chat: Channel
    form: Channel
    agents: dict[str, Agent]


async def found_company(installation: Installation) -> Company:
    """Make the people, teams, tags and channels."""
    hashes = [await installation.passwords.hash(password) for _, _, password, _ in COLLEAGUES]
    async with installation.database.transaction() as session:
        colleagues = [
            await agents.add_agent(
                session, email=email, name=name, role=role, password_hash=password_hash, by=SYSTEM
            )
            for (name, email, _, role), password_hash in zip(COLLEAGUES, hashes, strict=True)
        ]
        for colleague in colleagues:
            await agents.limit_chats(session, colleague, CHATS, by=SYSTEM)
        queues = {
            name: await teams.add_team(
                session, name=name, members=[colleagues[index] for index in members], by=SYSTEM
            )
            for name, members in TEAMS.items()
        }
        for name, hue in TAGS:
            await tags.add_tag(session, name=name, hue=hue)
        for name, words in VIEWS:
            await views.save_view(
                session, name=name, words=words, by=colleagues[0], audience=Audience.EVERYBODY
            )
    await _open_channels(installation, queues)
    return await known_company(installation)


async def _open_channels(installation: Installation, queues: dict[str, Team]) -> None:
    """The mailbox, and the chat and the form that are answered from it."""
    ways: dict[str, Any] = {"by": SYSTEM, "keys": installation.keys}
    async with installation.database.transaction() as session:
        mailbox = await channels.add_channel(
            session,
            kind=ChannelKind.EMAIL,
            name="Harbour & Pine help",
            address=MAILBOX,
            settings={"authserv_id": AUTHSERV, "reply_minutes": MAIL_TARGET},
            default_team=queues["Orders"],
            **ways,
        )
        await channels.add_channel(
            session,
            kind=ChannelKind.WEBCHAT,
            name="Website chat",
            settings={"origins": [SHOP], "company": "Harbour & Pine", "reply_minutes": CHAT_TARGET},
            default_team=queues["Orders"],
            reply_mailbox=mailbox,
            **ways,
        )
        await channels.add_channel(
            session,
            kind=ChannelKind.FORM,
            name="Returns form",
            settings={"fields": QUESTIONS, "reply_minutes": MAIL_TARGET},
            default_team=queues["Returns & refunds"],
            reply_mailbox=mailbox,
            **ways,
        )


async def known_company(installation: Installation) -> Company:
    """The company as it stands in the database; raises NotFound where the demo's channels are gone."""
    async with installation.database.reading() as session:
        everybody = await found_agents.everybody(session)
        return Company(
            mailbox=await found_channels.by_name(session, "Harbour & Pine help"),
            chat=await found_channels.by_name(session, "Website chat"),
            form=await found_channels.by_name(session, "Returns form"),
            agents={agent.name.split()[0]: agent for agent in everybody},
        )
