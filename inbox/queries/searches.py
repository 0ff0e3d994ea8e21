"""What customers and agents wrote, found by words and operators (`inbox.operators`), newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actors import Actor
from inbox.models import Agent, Attachment, Case, Conversation, Customer, Message, Note
from inbox.operators import Sought
from inbox.policies import visible_to
from inbox.queries import sought
from inbox.queries.operator_rules import like, named
from inbox.queries.pages import Page, encoded, number_of
from inbox.texts import snippet

AROUND = 60  # characters before the first word that was found


@dataclass(frozen=True, slots=True)
class Hit:
    """A message, a note or a message's file; `public_id` is that of the message or the note, `writer` its
    author's name, `at` when it was written."""

    kind: str
    public_id: str
    conversation: Conversation
    customer: Customer
    case_number: int | None
    subject: str
    snippet: str
    writer: str
    at: datetime


async def messages(
    session: AsyncSession, wanted: Sought, *, actor: Actor, cursor: str | None = None, limit: int = 20
) -> Page[Hit]:
    """The messages that were looked for, newest first, as far as the actor may see them."""
    if wanted.is_empty:
        return Page([], None)
    query = (
        select(Message, Conversation, Customer, Case.number, Agent.name)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .join(Customer, Customer.id == Conversation.customer_id)
        .outerjoin(Case, Case.id == Message.case_id)
        .outerjoin(Agent, Agent.id == Message.author_agent_id)
        .where(*sought.messages(session, wanted, actor), or_(Message.case_id.is_(None), visible_to(actor)))
    )
    if cursor:
        query = query.where(Message.id < number_of(cursor))
    rows = (await session.execute(query.order_by(Message.id.desc()).limit(limit + 1))).all()
    hits = [
        _of_message("message", row, talk, who, number, agent, _snippet(row.text, wanted))
        for row, talk, who, number, agent in rows[:limit]
    ]
    return Page(hits, encoded(rows[limit - 1][0].id) if len(rows) > limit else None)


async def notes(session: AsyncSession, wanted: Sought, *, actor: Actor, limit: int = 20) -> Sequence[Hit]:
    """The newest notes that were looked for, as far as the actor may see their cases."""
    conditions = sought.notes(session, wanted, actor)
    if conditions is None:
        return []
    query = (
        select(Note, Conversation, Customer, Case.number, Case.subject, Agent.name)
        .join(Conversation, Conversation.id == Note.conversation_id)
        .join(Customer, Customer.id == Conversation.customer_id)
        .join(Case, Case.id == Note.case_id)
        .join(Agent, Agent.id == Note.author_id)
        .where(*conditions, visible_to(actor))
    )
    return [
        Hit(
            "note",
            row.public_id,
            talk,
            who,
            number,
            subject,
            _snippet(row.text, wanted),
            author,
            row.created_at,
        )
        for row, talk, who, number, subject, author in await session.execute(
            query.order_by(Note.id.desc()).limit(limit)
        )
    ]


async def files(session: AsyncSession, wanted: Sought, *, actor: Actor, limit: int = 10) -> Sequence[Hit]:
    """The newest files whose names have all the words, in messages that meet the operators."""
    if not wanted.wanted:
        return []
    operators = Sought(operators=wanted.operators)
    query = (
        select(Attachment.filename, Message, Conversation, Customer, Case.number, Agent.name)
        .join(Message, Message.id == Attachment.message_id)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .join(Customer, Customer.id == Conversation.customer_id)
        .outerjoin(Case, Case.id == Message.case_id)
        .outerjoin(Agent, Agent.id == Message.author_agent_id)
        .where(
            *(like(Attachment.filename, term) for term in wanted.wanted),
            *sought.messages(session, operators, actor),
            or_(Message.case_id.is_(None), visible_to(actor)),
        )
    )
    rows = await session.execute(query.order_by(Attachment.id.desc()).limit(limit))
    return [
        _of_message("file", row, talk, who, number, agent, name)
        for name, row, talk, who, number, agent in rows
    ]


def conversations_about(session: AsyncSession, wanted: Sought, actor: Actor) -> list[ColumnElement[bool]]:
    """Conditions on Conversation: a message of it that the actor may see was looked for, or its customer's
    name or address has the words."""
    if wanted.is_empty:
        return []
    there = (
        select(Message.conversation_id)
        .outerjoin(Case, Case.id == Message.case_id)
        .where(*sought.messages(session, wanted, actor), or_(Message.case_id.is_(None), visible_to(actor)))
    )
    found: ColumnElement[bool] = Conversation.id.in_(there)
    if wanted.wanted and not wanted.operators:
        found = or_(found, named(wanted.plain))
    return [found]


def _of_message(
    kind: str,
    message: Message,
    conversation: Conversation,
    customer: Customer,
    case_number: int | None,
    agent_name: str | None,
    shown: str,
) -> Hit:
    return Hit(
        kind,
        message.public_id,
        conversation,
        customer,
        case_number,
        message.subject,
        shown,
        agent_name or message.author_name or message.author_address,
        message.created_at,
    )


def _snippet(text: str, wanted: Sought) -> str:
    """The words around the first one that was found, or the beginning."""
    lower = text.lower()
    places = [place for term in wanted.wanted if (place := lower.find(term.lower())) >= 0]
    begin = min(places, default=0) - AROUND
    if begin <= 0:
        return snippet(text)
    at = text.find(" ", begin) + 1
    return "… " + snippet(text[at or begin :])
