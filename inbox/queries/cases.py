"""Cases: one by its number, those of a conversation, and lists of them by a view or a filter."""

from collections.abc import Sequence
from functools import lru_cache

from sqlalchemy import Select, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload, selectinload

from inbox.actors import Actor
from inbox.errors import NotFound
from inbox.models import UNFINISHED, Case, Conversation, Customer
from inbox.policies import visible_to
from inbox.queries.case_pages import details, page_of_ids
from inbox.queries.case_views import CaseFilter as Filter, View
from inbox.queries.pages import Page

__all__ = ["Filter", "View", "by_number", "customers_of", "newest_unfinished", "of_conversation", "page"]

LOADED = (joinedload(Case.assignee), joinedload(Case.team), selectinload(Case.tags))


async def page(
    session: AsyncSession,
    actor: Actor,
    wanted: Filter,
    *,
    sort: str | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[Case]:
    """One page of cases with assignee, team and tags. Raises NotFound for an unknown view, Invalid for an
    unknown cursor."""
    found = await page_of_ids(session, wanted, actor=actor, cursor=cursor, limit=limit, sort=sort)
    return Page([one.case for one in await details(session, found.items)], found.next)


async def by_number(session: AsyncSession, actor: Actor, number: int) -> Case:
    """One case with assignee, team and tags; of a joined one that which took it in. Raises NotFound."""
    query = select(Case).where(Case.number == number, visible_to(actor)).options(*LOADED)
    case = (await session.scalars(query)).first()
    while case is not None and case.joined_into_id is not None:
        query = select(Case).where(Case.id == case.joined_into_id, visible_to(actor)).options(*LOADED)
        case = (await session.scalars(query)).first()
    if case is None:
        raise NotFound("There is no such case.")
    return case


async def of_conversation(session: AsyncSession, actor: Actor, conversation_id: int) -> list[Case]:
    """All cases of a conversation that the actor may see, newest first."""
    query = select(Case).where(
        Case.conversation_id == conversation_id, Case.joined_into_id.is_(None), visible_to(actor)
    )
    return list(await session.scalars(query.order_by(Case.id.desc()).options(*LOADED)))


async def newest_unfinished(session: AsyncSession, actor: Actor, conversation_id: int) -> Case | None:
    """The newest unfinished case of a conversation that the actor may see, else the newest."""
    return (await session.scalars(_newest_unfinished(actor), {"conversation": conversation_id})).first()


@lru_cache(maxsize=512)
def _newest_unfinished(actor: Actor) -> Select[Case]:
    own = (Case.conversation_id == bindparam("conversation"), Case.joined_into_id.is_(None))
    unfinished_first = (Case.status.in_(UNFINISHED).desc(), Case.id.desc())
    return select(Case).where(*own, visible_to(actor)).order_by(*unfinished_first).limit(1)


async def customers_of(session: AsyncSession, cases: Sequence[Case]) -> dict[int, Customer]:
    """The customer of each case's conversation, by conversation id."""
    ids = {case.conversation_id for case in cases}
    query = (
        select(Conversation.id, Customer)
        .join(Customer, Customer.id == Conversation.customer_id)
        .where(Conversation.id.in_(ids))
    )
    return {conversation_id: customer for conversation_id, customer in await session.execute(query)}
