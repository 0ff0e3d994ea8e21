"""Texts that an agent can use again: their own and everybody's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.errors import NotFound
from inbox.liquid_texts import Values, filled
from inbox.models import Agent, Case, Conversation, Customer, SavedReply, SavedReplyUse
from inbox.signatures import first_name

MOST = 500
MONTH = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Kept:
    """A saved reply, and how often it was used within the last 30 days."""

    reply: SavedReply
    uses: int


@dataclass(frozen=True, slots=True)
class Filled:
    """A saved reply as it would be put into an answer to somebody. What is not known stays as {{ name }}."""

    public_id: str
    name: str
    shortcut: str
    text: str


async def saved_replies(session: AsyncSession, agent: Agent) -> Sequence[Kept]:
    """All that the agent can use, by name, with the figures of the last 30 days."""
    since = SavedReplyUse.created_at > clock.now() - MONTH
    uses = select(func.count()).where(SavedReplyUse.saved_reply_id == SavedReply.id, since)
    query = select(SavedReply, uses.scalar_subquery()).where(_usable_by(agent))
    rows = await session.execute(query.order_by(SavedReply.name, SavedReply.id).limit(MOST))
    return [Kept(reply, count) for reply, count in rows]


async def saved_reply(session: AsyncSession, agent: Agent, public_id: str) -> SavedReply:
    """One of them; raises NotFound."""
    found = await session.scalar(
        select(SavedReply).where(SavedReply.public_id == public_id, _usable_by(agent))
    )
    if found is None:
        raise NotFound("There is no such saved reply.")
    return found


async def filled_for(session: AsyncSession, agent: Agent, case: Case, language: str = "") -> list[Filled]:
    """All that the agent can use, filled in for a case's customer, in their language (BCP 47) where there is
    a text of it."""
    customer = (
        await session.scalars(
            select(Customer)
            .join(Conversation, Conversation.customer_id == Customer.id)
            .where(Conversation.id == case.conversation_id)
        )
    ).one()
    values = _values(agent, customer, case)
    query = select(SavedReply).where(_usable_by(agent)).order_by(SavedReply.name, SavedReply.id).limit(MOST)
    return [
        Filled(one.public_id, one.name, one.shortcut, filled(_text(one, language), values))
        for one in await session.scalars(query)
    ]


def _values(agent: Agent, customer: Customer, case: Case) -> Values:
    return {
        "customer": {
            "name": customer.name,
            "first_name": first_name(customer.name),
            "company": customer.company,
        },
        "agent": {"name": agent.name, "first_name": first_name(agent.name), "email": agent.email},
        "case": {"number": str(case.number), "subject": case.subject},
    }


def _text(reply: SavedReply, language: str) -> str:
    """The text of the language, or of the language without its region, or the first one."""
    for tag in (language, language.partition("-")[0]):
        if tag and tag in reply.languages:
            return str(reply.languages[tag])
    return reply.text


def _usable_by(agent: Agent) -> ColumnElement[bool]:
    return or_(SavedReply.owner_id.is_(None), SavedReply.owner_id == agent.id)
