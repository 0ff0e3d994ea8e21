"""Conversations, whole: with their customer, cases and strands."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload, selectinload

from inbox.actors import Actor
from inbox.errors import Invalid
from inbox.models import Case, Conversation, Customer, Strand
from inbox.operators import read
from inbox.policies import visible_to
from inbox.queries.cases import LOADED
from inbox.queries.pages import Page, decoded, encoded, moment_of
from inbox.queries.searches import conversations_about


@dataclass(slots=True)
class Whole:
    """A conversation with everything that heads it. `private_cases` is how many the actor may not see."""

    conversation: Conversation
    customer: Customer
    cases: list[Case] = field(default_factory=list)
    strands: list[Strand] = field(default_factory=list)
    private_cases: int = 0


async def page(
    session: AsyncSession,
    actor: Actor,
    *,
    words: str | None = None,
    customer_id: int | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[Whole]:
    """Conversations, those with the newest message first. Raises Invalid for an unknown cursor."""
    query = select(Conversation).where(Conversation.merged_into_id.is_(None))
    if words:
        query = query.where(*conversations_about(session, read(words), actor))
    if customer_id is not None:
        query = query.where(Conversation.customer_id == customer_id)
    if cursor is not None:
        place, last_id = decoded(cursor, 2)
        moment = moment_of(place)
        if not isinstance(last_id, int):
            raise Invalid("This cursor is not one of ours. Begin again without it.", field="cursor")
        column = Conversation.last_message_at
        further = and_(column.is_(None), Conversation.id < last_id)
        if moment is not None:
            same = and_(column == moment, Conversation.id < last_id)
            further = or_(column < moment, same, column.is_(None))
        query = query.where(further)
    newest_first = (
        Conversation.last_message_at.is_(None),
        Conversation.last_message_at.desc(),
        Conversation.id.desc(),
    )
    rows = (await session.scalars(query.order_by(*newest_first).limit(limit + 1))).all()
    more, rows = len(rows) > limit, rows[:limit]
    following = encoded(rows[-1].last_message_at, rows[-1].id) if more else None
    return Page(await whole(session, actor, rows), following)


async def whole(session: AsyncSession, actor: Actor, conversations: Sequence[Conversation]) -> list[Whole]:
    """The conversations with customer, visible cases (newest first) and strands (in their order)."""
    ids = [conversation.id for conversation in conversations]
    customer_ids = [conversation.customer_id for conversation in conversations]
    customers = {
        c.id: c for c in await session.scalars(select(Customer).where(Customer.id.in_(customer_ids)))
    }
    found = {c.id: Whole(c, customers[c.customer_id]) for c in conversations}
    cases = select(Case).where(Case.conversation_id.in_(ids), Case.joined_into_id.is_(None))
    seen = cases.where(visible_to(actor)).order_by(Case.id.desc()).options(*LOADED)
    for case in await session.scalars(seen):
        found[case.conversation_id].cases.append(case)
    hidden = cases.where(~visible_to(actor)).with_only_columns(Case.conversation_id)
    for conversation_id in await session.scalars(hidden):
        found[conversation_id].private_cases += 1
    strands = (
        select(Strand)
        .outerjoin(Case, Case.id == Strand.case_id)
        .where(Strand.conversation_id.in_(ids), Strand.case_id.is_(None) | visible_to(actor))
        .order_by(Strand.id)
    )
    loaded = strands.options(joinedload(Strand.channel), selectinload(Strand.participants))
    for strand in await session.scalars(loaded):
        found[strand.conversation_id].strands.append(strand)
    return list(found.values())
