"""Pages of cases in the order of a view, with what is said of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload, selectinload

from inbox.actors import Actor
from inbox.errors import Invalid
from inbox.models import (
    Case,
    Conversation,
    Customer,
)
from inbox.operators import read
from inbox.policies import visible_to
from inbox.queries import sought
from inbox.queries.case_views import CaseFilter, Stretch, conditions, order_of
from inbox.queries.pages import Page, decoded, encoded, moment_of

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class CaseDetails:
    """A case with its assignee, team and tags loaded, and whose it is."""

    case: Case
    conversation: Conversation
    customer: Customer


async def details(session: AsyncSession, ids: Sequence[int]) -> list[CaseDetails]:
    """Cases by internal key, in the order of the keys, read anew."""
    rows = await session.execute(_DETAILS, {"ids": ids}) if ids else ()
    found = {case.id: CaseDetails(case, talk, who) for case, talk, who in rows}
    return [found[key] for key in ids if key in found]


# Made once: making a statement again for each call costs more than running it.
_DETAILS = (
    select(Case, Conversation, Customer)
    .join(Conversation, Conversation.id == Case.conversation_id)
    .join(Customer, Customer.id == Conversation.customer_id)
    .where(Case.id.in_(bindparam("ids", expanding=True)))
    .options(joinedload(Case.assignee), joinedload(Case.team), selectinload(Case.tags))
    .execution_options(populate_existing=True)
)


async def page_of_ids(
    session: AsyncSession,
    wanted: CaseFilter,
    *,
    actor: Actor,
    cursor: str | None,
    limit: int,
    sort: str | None,
) -> Page[int]:
    """The internal keys of a page of cases; each stretch of the order is one look along one index."""
    stretches = order_of(wanted, sort)
    after = _after(cursor, stretches) if cursor else None
    start = after.stretch if after else 0
    # What is looked for may name times, so that its statements are made each time.
    narrowed = conditions_of(session, wanted, actor) if wanted.words else None
    found: list[tuple[int, datetime | int, int]] = []
    for number, stretch in enumerate(stretches[start:], start):
        place = after if after and number == start else None
        if narrowed is None:
            query = _in_view(wanted, actor, stretch, is_after=place is not None)
        else:
            query = _query(stretch, narrowed, is_after=place is not None)
        values: dict[str, object] = {"most": limit + 1 - len(found)}
        if place is not None:
            values |= {"value": place.value, "last": place.case_id}
        found += [(number, key, case_id) for key, case_id in await session.execute(query, values)]
        if len(found) > limit:
            break
    page = found[:limit]
    following = _cursor(*page[-1]) if len(found) > limit else None
    return Page([case_id for _, _, case_id in page], following)


@lru_cache(maxsize=2048)
def _in_view(wanted: CaseFilter, actor: Actor, stretch: Stretch, *, is_after: bool) -> Select[Any, int]:
    """Kept: making a statement again for each call costs more than running it."""
    return _query(stretch, [visible_to(actor), *conditions(wanted, actor)], is_after=is_after)


def _query(stretch: Stretch, narrowed: Sequence[ColumnElement[bool]], *, is_after: bool) -> Select[Any, int]:
    query = select(stretch.column, Case.id).where(stretch.condition, *narrowed)
    if is_after:
        query = query.where(stretch.after(bindparam("value"), bindparam("last")))
    return query.order_by(*stretch.order).limit(bindparam("most"))


def conditions_of(session: AsyncSession, wanted: CaseFilter, actor: Actor) -> list[ColumnElement[bool]]:
    """The whole filter as conditions on Case: permission, view, and what was looked for."""
    found = [visible_to(actor), *conditions(wanted, actor)]
    return found + sought.cases(session, read(wanted.words), actor) if wanted.words else found


@dataclass(frozen=True, slots=True)
class _After:
    stretch: int
    value: datetime | int
    case_id: int


def _cursor(stretch: int, value: datetime | int, case_id: int) -> str:
    return encoded(stretch, value, case_id)


def _after(cursor: str, stretches: Sequence[Stretch]) -> _After:
    number, written, case_id = decoded(cursor, 3)
    if not isinstance(number, int) or not isinstance(case_id, int) or not 0 <= number < len(stretches):
        raise Invalid("This cursor belongs to another list. Begin again without it.", field="cursor")
    value = written if stretches[number].kind is int else moment_of(written)
    if value is None or isinstance(value, str) or max(abs(case_id), _size(value)) >= 2**63:
        raise Invalid("This cursor belongs to another list. Begin again without it.", field="cursor")
    return _After(number, value, case_id)


def _size(value: datetime | int) -> int:
    return abs(value) if isinstance(value, int) else 0
