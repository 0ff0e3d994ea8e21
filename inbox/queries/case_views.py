"""Which cases a list shows, and in which order: the views of the inbox and the filters of the API."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from inbox.actors import Actor
from inbox.errors import NotFound
from inbox.models import UNFINISHED, Case, CaseTag, Handoff, HandoffState, Mention, Status, Tag, Team
from inbox.queries.followers import is_followed_by


class View(StrEnum):
    MINE = "mine"
    MENTIONS = "mentions"
    OFFERED = "offered"
    FOLLOWING = "following"
    UNASSIGNED = "unassigned"
    ALL = "all"
    PENDING = "pending"
    SNOOZED = "snoozed"
    RESOLVED = "resolved"
    SPAM = "spam"


TEAM = "team/"
_STATUS_OF = {
    View.PENDING: Status.PENDING,
    View.SNOOZED: Status.SNOOZED,
    View.RESOLVED: Status.RESOLVED,
    View.SPAM: Status.SPAM,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFilter:
    """What narrows a list. *view* is one of `View` or team/{slug}; without a view and a status all cases are
    meant. *words* are looked up by `case_pages`. `assignee_id` and `team_id` are internal keys, 0 for
    "nobody"."""

    view: str | None = None
    status: str | None = None
    assignee_id: int | None = None
    team_id: int | None = None
    tag: str | None = None
    conversation_id: int | None = None
    words: str | None = None


def conditions(wanted: CaseFilter, actor: Actor) -> list[ColumnElement[bool]]:
    """The filter as conditions on Case, without the actor's permission; raises NotFound for unknown views."""
    found = _of_view(wanted, actor) if wanted.view is not None else []
    if wanted.status is not None:
        found.append(Case.status == wanted.status)
    for column, value in ((Case.assignee_id, wanted.assignee_id), (Case.team_id, wanted.team_id)):
        if value is not None:
            found.append(column.is_(None) if value == 0 else column == value)
    if wanted.tag is not None:
        tagged = select(CaseTag.case_id).join(Tag, Tag.id == CaseTag.tag_id).where(Tag.name == wanted.tag)
        found.append(Case.id.in_(tagged))
    if wanted.conversation_id is not None:
        found.append(Case.conversation_id == wanted.conversation_id)
    found.append(Case.joined_into_id.is_(None))
    return found


def _of_view(wanted: CaseFilter, actor: Actor) -> list[ColumnElement[bool]]:
    name, status = wanted.view or "", wanted.status
    if name.startswith(TEAM):
        team = select(Team.id).where(Team.slug == name.removeprefix(TEAM)).scalar_subquery()
        return [Case.team_id == team, *_default_status(status)]
    try:
        view = View(name)
    except ValueError as error:
        raise NotFound("There is no such view.") from error
    if view in _STATUS_OF:
        return [Case.status == _STATUS_OF[view]] if status is None else []
    if view is View.MENTIONS:
        mentioned = select(Mention.case_id).where(Mention.agent_id == actor.id)
        return [Case.id.in_(mentioned), *([] if status else [unfinished_of_few()])]
    if view is View.OFFERED:
        return [Case.id.in_(_offered_to(actor))]
    if view is View.FOLLOWING:
        return [is_followed_by(actor.id), *([] if status else [unfinished_of_few()])]
    found = _default_status(status)
    if view is View.MINE:
        found.append(Case.assignee_id == actor.id)
    elif view is View.UNASSIGNED:
        found.append(Case.assignee_id.is_(None))
    return found


def _offered_to(actor: Actor) -> Select[int]:
    """The cases that somebody waits for this agent to accept."""
    return select(Handoff.case_id).where(
        Handoff.to_agent_id == actor.id, Handoff.state == HandoffState.OFFERED
    )


def unfinished_of_few() -> ColumnElement[bool]:
    """Unfinished, of cases that are few and known by their ids: said so that no index by status serves it,
    with which SQLite would go through all unfinished ones to find them."""
    return (Case.status + "").in_(UNFINISHED)


def _default_status(status: str | None) -> list[ColumnElement[bool]]:
    return [] if status is not None else [Case.status == Status.OPEN]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of an order that one index serves: the rows that meet *condition*, by *column*, then by id."""

    condition: ColumnElement[bool]
    column: InstrumentedAttribute[Any]
    descending: bool = False

    def after(self, value: object, row_id: object) -> ColumnElement[bool]:
        """The rows of this stretch that come after one: said so that an index is entered there, however far
        that is."""
        if self.descending:
            return and_(self.column <= value, or_(self.column < value, Case.id < row_id))
        return and_(self.column >= value, or_(self.column > value, Case.id > row_id))

    @property
    def order(self) -> tuple[ColumnElement[Any], ...]:
        if self.descending:
            return self.column.desc(), Case.id.desc()
        return self.column.asc(), Case.id.asc()

    @property
    def kind(self) -> type:
        return int if self.column is Case.id else datetime


# Due first, then longest waiting; then what nobody waits for, newest first. Each stretch reads one index in
# its order.
WAITING: tuple[Stretch, ...] = (
    Stretch(Case.due_at.is_not(None), Case.due_at),
    Stretch(and_(Case.due_at.is_(None), Case.waiting_since.is_not(None)), Case.waiting_since),
    Stretch(
        and_(Case.waiting_since.is_(None), Case.last_message_at.is_not(None)),
        Case.last_message_at,
        descending=True,
    ),
    Stretch(and_(Case.waiting_since.is_(None), Case.last_message_at.is_(None)), Case.id, descending=True),
)
# Whoever has waited longest, whatever was promised them.
LONGEST: tuple[Stretch, ...] = (
    Stretch(Case.waiting_since.is_not(None), Case.waiting_since),
    *WAITING[2:],
)
NEWEST: tuple[Stretch, ...] = (
    Stretch(Case.last_message_at.is_not(None), Case.last_message_at, descending=True),
    Stretch(Case.last_message_at.is_(None), Case.id, descending=True),
)
WAKING: tuple[Stretch, ...] = (
    Stretch(Case.snoozed_until.is_not(None), Case.snoozed_until),
    Stretch(Case.snoozed_until.is_(None), Case.id, descending=True),
)
ORDERS: Mapping[str, tuple[Stretch, ...]] = {"due": WAITING, "waiting": LONGEST, "new": NEWEST}
OPENED: tuple[Stretch, ...] = (Stretch(Case.id.is_not(None), Case.id, descending=True),)


_NEWEST_FIRST = (View.MENTIONS, View.FOLLOWING)


def order_of(wanted: CaseFilter, sort: str | None = None) -> Sequence[Stretch]:
    """The order of a list: as asked for (one of `ORDERS`), else what suits its view."""
    if sort is not None and sort in ORDERS:
        return ORDERS[sort]
    status = wanted.status or _STATUS_OF.get(wanted.view or "")  # type: ignore[call-overload]
    if status == Status.SNOOZED:
        return WAKING
    if status in (Status.RESOLVED, Status.SPAM, Status.PENDING) or wanted.view in _NEWEST_FIRST:
        return NEWEST
    return WAITING if wanted.view is not None or status is not None else OPENED
