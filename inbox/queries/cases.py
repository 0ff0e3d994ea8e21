"""The lists of the inbox: which cases stand in a view, in which order, and how many there are."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload, selectinload

from inbox.actors import Actor
from inbox.errors import Invalid, NotFound
from inbox.models import UNFINISHED, Case, Conversation, Customer, Mention, Status, Tag, Team
from inbox.policies import visible_to
from inbox.queries.pages import Page, decoded, encoded, moment_of

COUNTED = 1000  # counters say "999+" beyond


class View(StrEnum):
    MINE = "mine"
    MENTIONS = "mentions"
    UNASSIGNED = "unassigned"
    ALL = "all"
    PENDING = "pending"
    SNOOZED = "snoozed"
    RESOLVED = "resolved"
    SPAM = "spam"


class Sort(StrEnum):
    WAITING = "waiting"  # due first, then longest waiting
    NEWEST = "new"


OF_STATUS = {
    View.PENDING: Status.PENDING,
    View.SNOOZED: Status.SNOOZED,
    View.RESOLVED: Status.RESOLVED,
    View.SPAM: Status.SPAM,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which cases; what is None is not asked.

    `view` is a View or "team/<slug>"; `status` takes the place of the view's own.
    """

    view: str | None = None
    status: str | None = None
    assignee_id: int | None = None
    team_id: int | None = None
    tag: str | None = None
    conversation_id: int | None = None


async def page(
    session: AsyncSession,
    actor: Actor,
    wanted: Filter,
    *,
    sort: Sort | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[Case]:
    """One page of cases with assignee, team and tags. Raises Invalid for an unknown view or cursor."""
    order = sort or default_sort(wanted)
    query = select(Case).where(visible_to(actor), Case.joined_into_id.is_(None), _condition(wanted, actor))
    if cursor is not None:
        query = query.where(_after(order, *decoded(cursor, 2)))
    query = query.order_by(*_ordering(order)).limit(limit + 1).options(*LOADED)
    cases = (await session.scalars(query)).all()
    more = len(cases) > limit
    cases = cases[:limit]
    return Page(cases, _cursor_of(cases[-1], order) if more else None)


async def by_numbers(
    session: AsyncSession, actor: Actor, wanted: Filter, numbers: Sequence[int]
) -> list[Case]:
    """Those of the numbered cases that stand in the view now."""
    query = select(Case).where(
        visible_to(actor), Case.joined_into_id.is_(None), _condition(wanted, actor), Case.number.in_(numbers)
    )
    return list(await session.scalars(query.options(*LOADED)))


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


async def customers_of(session: AsyncSession, cases: Sequence[Case]) -> dict[int, Customer]:
    """The customer of each case's conversation, by conversation id."""
    ids = {case.conversation_id for case in cases}
    query = (
        select(Conversation.id, Customer)
        .join(Customer, Customer.id == Conversation.customer_id)
        .where(Conversation.id.in_(ids))
    )
    return {conversation_id: customer for conversation_id, customer in await session.execute(query)}


async def siblings_of(session: AsyncSession, actor: Actor, cases: Sequence[Case]) -> dict[int, list[Case]]:
    """The unfinished cases of each conversation, by conversation id: a row says which others there are."""
    ids = {case.conversation_id for case in cases}
    query = select(Case).where(
        Case.conversation_id.in_(ids),
        Case.status.in_(UNFINISHED),
        Case.joined_into_id.is_(None),
        visible_to(actor),
    )
    found: dict[int, list[Case]] = {conversation_id: [] for conversation_id in ids}
    for case in await session.scalars(query.order_by(Case.id).options(joinedload(Case.assignee))):
        found[case.conversation_id].append(case)
    return found


async def counters(session: AsyncSession, actor: Actor) -> dict[str, int]:
    """How many cases stand in each view, up to 1,000: by view, and by "team/<slug>" for teams."""
    teams = (await session.execute(select(Team.slug))).scalars().all()
    names = [str(view) for view in View] + [f"team/{slug}" for slug in teams]
    counts = [_count(actor, Filter(view=name)).label(f"c{i}") for i, name in enumerate(names)]
    row = (await session.execute(select(*counts))).one()
    return dict(zip(names, row, strict=True))


async def count(session: AsyncSession, actor: Actor, wanted: Filter) -> int:
    """How many cases match, up to 1,000."""
    return int((await session.execute(select(_count(actor, wanted)))).scalar_one())


def default_sort(wanted: Filter) -> Sort:
    """Longest waiting where somebody waits; newest first where nobody does."""
    resting = (View.PENDING, View.RESOLVED, View.SPAM)
    status = wanted.status or ""
    return Sort.NEWEST if wanted.view in resting or status in resting or wanted.view is None else Sort.WAITING


def rank(case: Case, sort: Sort) -> str:
    """A text by which the browser sorts rows in ascending order, as the list itself is sorted."""
    if sort is Sort.WAITING:
        waiting = case.waiting_since.timestamp() if case.waiting_since else 9_999_999_999
        return f"{waiting:017.6f}-{case.id:019d}"
    latest = case.last_message_at.timestamp() if case.last_message_at else 0
    return f"{9_999_999_999 - latest:017.6f}-{9_999_999_999_999_999 - case.id:019d}"


LOADED = (joinedload(Case.assignee), joinedload(Case.team), selectinload(Case.tags))


def _count(actor: Actor, wanted: Filter) -> Any:
    condition = and_(visible_to(actor), Case.joined_into_id.is_(None), _condition(wanted, actor))
    some = select(Case.id).where(condition).limit(COUNTED).subquery()
    return select(func.count()).select_from(some).scalar_subquery()


def _condition(wanted: Filter, actor: Actor) -> ColumnElement[bool]:
    conditions: list[ColumnElement[bool]] = [_status(wanted)]
    if wanted.view == View.MINE:
        conditions.append(Case.assignee_id == actor.id)
    elif wanted.view == View.MENTIONS:
        mention = select(Mention.id).where(
            Mention.case_id == Case.id, Mention.agent_id == actor.id, Mention.seen_at.is_(None)
        )
        conditions.append(exists(mention))
    elif wanted.view == View.UNASSIGNED:
        conditions.append(Case.assignee_id.is_(None))
    elif wanted.view and wanted.view.startswith("team/"):
        slug = wanted.view.removeprefix("team/")
        conditions.append(Case.team_id == select(Team.id).where(Team.slug == slug).scalar_subquery())
    if wanted.assignee_id is not None:
        conditions.append(Case.assignee_id == wanted.assignee_id)
    if wanted.team_id is not None:
        conditions.append(Case.team_id == wanted.team_id)
    if wanted.tag is not None:
        conditions.append(Case.tags.any(Tag.name == wanted.tag))
    if wanted.conversation_id is not None:
        conditions.append(Case.conversation_id == wanted.conversation_id)
    return and_(*conditions)


def _status(wanted: Filter) -> ColumnElement[bool]:
    if wanted.status is not None:
        if wanted.status not in set(Status):
            raise Invalid(f"There is no status {wanted.status!r}.", field="status")
        return Case.status == wanted.status
    if wanted.view is None:
        return Case.status.is_not(None)
    if wanted.view == View.MENTIONS:
        return Case.status != Status.SPAM
    if wanted.view.startswith("team/"):
        return Case.status == Status.OPEN
    if wanted.view not in set(View):
        raise Invalid(f"There is no view {wanted.view!r}.", field="view")
    return Case.status == OF_STATUS.get(View(wanted.view), Status.OPEN)


def _ordering(sort: Sort) -> tuple[ColumnElement[Any], ...]:
    if sort is Sort.WAITING:  # nulls last, spelled so that both databases agree
        return (Case.waiting_since.is_(None), Case.waiting_since.asc(), Case.id.asc())
    return (Case.last_message_at.is_(None), Case.last_message_at.desc(), Case.id.desc())


def _after(sort: Sort, place: int | str | None, last_id: int | str | None) -> ColumnElement[bool]:
    if not isinstance(last_id, int):
        raise Invalid("This cursor is not one of ours. Begin again without it.", field="cursor")
    moment = moment_of(place)
    column = Case.waiting_since if sort is Sort.WAITING else Case.last_message_at
    further = Case.id > last_id if sort is Sort.WAITING else Case.id < last_id
    if moment is None:
        return and_(column.is_(None), further)
    beyond = column > moment if sort is Sort.WAITING else column < moment
    return or_(beyond, and_(column == moment, further), column.is_(None))


def _cursor_of(case: Case, sort: Sort) -> str:
    return encoded(case.waiting_since if sort is Sort.WAITING else case.last_message_at, case.id)
