"""Cases as rows of a list: whose they are, what was said last, and what the agent who looks has not read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actors import Actor
from inbox.models import Agent, Case, Conversation, Customer, Direction, Draft, Message, ReadMark, Tag
from inbox.queries import cases
from inbox.queries.cases import Sort
from inbox.queries.shown import Face
from inbox.queries.shown_words import face_of_customer
from inbox.texts import snippet


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """Another unfinished case of the same conversation."""

    number: int
    subject: str
    assignee: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRow:
    """One case in a list.

    `at` is what the row's time says: since when it waits, else its newest message. `author` says who wrote
    the newest message where it was one of us; `draft` is what the agent who looks has begun to write.
    """

    case: Case
    conversation_id: str
    face: Face
    at: datetime
    preview: str
    author: str
    draft: str
    tags: tuple[Tag, ...]
    others: tuple[Other, ...]
    is_unread: bool
    rank: str


async def rows_of(session: AsyncSession, agent: Agent, found: Sequence[Case], sort: Sort) -> list[CaseRow]:
    """The rows of these cases (loaded with their tags), in the same order, for the agent who looks."""
    if not found:
        return []
    ids = {case.conversation_id for case in found}
    customers = await _customers(session, ids)
    siblings = await cases.siblings_of(session, Actor.agent(agent), found)
    drafts = await _drafts(session, agent, ids)
    unread = await _unread(session, agent, found)
    rows: list[CaseRow] = []
    for case in found:
        conversation, customer = customers[case.conversation_id]
        others = [other for other in siblings[case.conversation_id] if other.id != case.id]
        rows.append(
            CaseRow(
                case=case,
                conversation_id=conversation.public_id,
                face=face_of_customer(customer),
                at=case.waiting_since or case.last_message_at or case.opened_at,
                preview=snippet(case.preview),
                author=_author(case, agent),
                draft=snippet(drafts.get(case.conversation_id, "")),
                tags=tuple(case.tags),
                others=tuple(_other(other) for other in others),
                is_unread=case.id in unread,
                rank=cases.rank(case, sort),
            )
        )
    return rows


async def _customers(session: AsyncSession, ids: set[int]) -> dict[int, tuple[Conversation, Customer]]:
    query = select(Conversation, Customer).join(Customer, Customer.id == Conversation.customer_id)
    rows = await session.execute(query.where(Conversation.id.in_(ids)))
    return {conversation.id: (conversation, customer) for conversation, customer in rows}


async def _drafts(session: AsyncSession, agent: Agent, ids: set[int]) -> dict[int, str]:
    query = select(Draft.conversation_id, Draft.text).where(
        Draft.agent_id == agent.id, Draft.kind == "reply", Draft.conversation_id.in_(ids)
    )
    return {conversation_id: text for conversation_id, text in await session.execute(query)}


async def _unread(session: AsyncSession, agent: Agent, found: Sequence[Case]) -> set[int]:
    """The cases in which the customer wrote something that the agent has not seen."""
    newest = (
        select(Message.case_id, func.max(Message.position))
        .where(
            Message.case_id.in_([case.id for case in found]),
            Message.direction == Direction.INBOUND,
            Message.is_spam.is_(False),
        )
        .group_by(Message.case_id)
    )
    marks = select(ReadMark.conversation_id, ReadMark.position).where(
        ReadMark.agent_id == agent.id, ReadMark.conversation_id.in_([case.conversation_id for case in found])
    )
    seen = {conversation_id: position for conversation_id, position in await session.execute(marks)}
    written = {case_id: position for case_id, position in await session.execute(newest)}
    return {case.id for case in found if written.get(case.id, 0) > seen.get(case.conversation_id, 0)}


def _author(case: Case, agent: Agent) -> str:
    if case.last_direction != Direction.OUTBOUND:
        return ""
    return "You" if case.last_author == agent.name else case.last_author.partition(" ")[0]


def _other(case: Case) -> Other:
    return Other(
        number=case.number,
        subject=case.subject,
        assignee=case.assignee.name.partition(" ")[0] if case.assignee else None,
    )
