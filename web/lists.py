"""The list beside a conversation, and the page of a view: rows, tabs, order, and what has changed in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import quote, urlencode

from starlette.datastructures import QueryParams

from inbox.actors import Actor
from inbox.errors import Invalid, NotFound
from inbox.models import Agent, Direction, Status
from inbox.phrases import N_
from inbox.queries import case_rows, status_counts
from inbox.queries.case_lines import ListedCase, Offer
from inbox.queries.case_rows import CaseRow, OtherCase
from inbox.queries.case_views import ORDERS, TEAM, CaseFilter, Stretch, View, order_of
from inbox.queries.happenings import Reading
from inbox.queries.shown import Face, face_of
from inbox.texts import snippet
from web.workspace import SAVED, Shell, figure

TABS = (
    (Status.OPEN, N_("Open")),
    (Status.PENDING, N_("Pending")),
    (Status.SNOOZED, N_("Snoozed")),
    (Status.RESOLVED, N_("Resolved")),
)
RESTING: Mapping[str, Status] = {
    View.PENDING: Status.PENDING,
    View.SNOOZED: Status.SNOOZED,
    View.RESOLVED: Status.RESOLVED,
    View.SPAM: Status.SPAM,
}
SORTS = {
    "due": N_("Due first, then longest waiting"),
    "waiting": N_("Longest waiting first"),
    "new": N_("Newest first"),
}
MOST_CHANGED = 500
FOUND = "found"  # the cases of a search that nobody has saved
STARRED = "is:starred"  # the one of them that the navigation leads to
_FARTHEST = 10**18


@dataclass(frozen=True, slots=True)
class Tab:
    """A status of a view. `counter` is the name of the counter that says the same, "" where there is none."""

    title: str
    url: str
    figure: str
    counter: str
    is_current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One case in a list. `at` is since when it waits, else its newest message; `rank` is its place among
    the rows; `author` says who wrote last where it was one of us; `offer` is a handoff that nobody has
    accepted."""

    case: ListedCase
    conversation_id: str
    face: Face
    at: datetime
    preview: str
    author: str
    draft: str
    others: Sequence[OtherCase]
    is_unread: bool
    is_starred: bool
    rank: str
    offer: Offer | None = None
    is_muted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseList:
    """A page of a view. `status` is what its rows have; `url` asks for it again; `words` is what the rows
    were found by; `beside` names the list in a conversation's address; `chosen` is the open case. `sort` is
    its order ("" where it has one of its own), one of `orders`, which is remembered for `place`."""

    view: str
    title: str
    status: str
    rows: Sequence[Row]
    next: str | None
    url: str
    place: str
    sort: str
    orders: Mapping[str, str]
    tabs: Sequence[Tab]
    beside: str
    words: str = ""
    chosen: int | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which list was asked for, by whom. `words` were looked for (the view FOUND), or are a saved view's."""

    agent: Agent
    view: str
    status: Status | None = None
    sort: str | None = None
    words: str = ""

    @classmethod
    def of(cls, agent: Agent, view: str, query: QueryParams) -> "Wanted":
        """The view of an address and its query; raises NotFound for an unknown view, Invalid for the rest."""
        if view not in {*View, FOUND} and not view.startswith((TEAM, SAVED)):
            raise NotFound("There is no such view.")
        sort, status = query.get("sort"), query.get("status")
        if sort is not None and sort not in SORTS:
            raise Invalid("There is no order %(sort)s.", sort=repr(sort), field="sort")
        if status is not None and status not in set(Status):
            raise Invalid("There is no status %(status)s.", status=repr(status), field="status")
        words = query.get("q", "") if view == FOUND else ""
        return cls(agent, view, Status(status) if status and has_tabs(view) else None, sort, words)

    def placed(self, shell: Shell) -> tuple["Wanted", str]:
        """The same with a saved view's words, and what the list is called. Raises NotFound for a view that is
        not there."""
        if self.view == FOUND:
            return self, N_("Starred") if self.words == STARRED else N_("Found")
        place = shell.place_of(self.view)
        if place is None:
            raise NotFound("There is no such view.")
        return replace(self, words=place.words), place.title

    @property
    def filter(self) -> CaseFilter:
        if self.view == FOUND or self.view.startswith(SAVED):
            return CaseFilter(words=self.words)
        return CaseFilter(view=self.view, status=self.status)

    @property
    def place(self) -> str:
        """What an order is remembered for: the view, and its status where one was asked for."""
        return f"{self.view}:{self.status}" if self.status else self.view

    @property
    def order_name(self) -> str | None:
        """The order that was asked for, or that the agent once chose here; what was searched stands as an
        open list does."""
        return self.sort or self.agent.sorts.get(self.place) or ("due" if self.words else None)

    @property
    def order(self) -> Sequence[Stretch]:
        return order_of(self.filter, self.order_name)

    @property
    def beside(self) -> str:
        """The list as the address of a conversation names it: in={beside}."""
        return f"{FOUND}&q={quote(self.words)}" if self.view == FOUND else self.view

    def url(self, *, status: Status | None = None, sort: str | None = None) -> str:
        """The address of this view with another status or order."""
        parts = {"status": status, "sort": sort, "q": self.words if self.view == FOUND else None}
        query = urlencode({name: value for name, value in parts.items() if value})
        return f"/inbox/{self.view}" + (f"?{query}" if query else "")


def has_tabs(view: str) -> bool:
    """Whether a view is divided by status."""
    return view in (View.MINE, View.ALL) or view.startswith(TEAM)


async def list_of(
    session: Reading, wanted: Wanted, shell: Shell, *, cursor: str | None = None, chosen: int | None = None
) -> CaseList:
    """One page of a view. Raises NotFound for a team that is not there."""
    wanted, title = wanted.placed(shell)
    actor = Actor.agent(wanted.agent)
    found = await case_rows.rows(session, wanted.filter, actor=actor, cursor=cursor, sort=wanted.order_name)
    return CaseList(
        view=wanted.view,
        title=title,
        status=wanted.status or RESTING.get(wanted.view, Status.OPEN),
        rows=shown_rows(wanted, found.items),
        next=found.next,
        url=wanted.url(status=wanted.status, sort=wanted.sort),
        place=wanted.place,
        orders=SORTS,
        sort=next((name for name, order in ORDERS.items() if order is wanted.order), ""),
        tabs=await _tabs(session, wanted, shell, actor),
        beside=wanted.beside,
        words=wanted.words,
        chosen=chosen,
    )


def shown_rows(wanted: Wanted, found: Sequence[CaseRow]) -> list[Row]:
    """The rows as the agent sees them."""
    return [_shown(row, wanted.agent, wanted.order) for row in found]


def numbers_of(text: str) -> list[int]:
    """The case numbers of ?changed=1042,1043; raises Invalid."""
    parts = text.split(",")[:MOST_CHANGED]
    if not all(part.isascii() and part.isdigit() and len(part) < 16 for part in parts):
        raise Invalid("changed takes case numbers.", field="changed")
    return [int(part) for part in parts]


def rank_of(case: ListedCase, order: Sequence[Stretch]) -> str:
    """A text by which the browser puts a row where the list has it."""
    for number, stretch in enumerate(order):
        value = getattr(case, stretch.column.key)
        if value is None:
            continue
        key = int(value.timestamp() * 1_000_000) if isinstance(value, datetime) else int(value)
        if stretch.descending:
            return f"{number}-{_FARTHEST - key:019d}-{_FARTHEST - case.id:019d}"
        return f"{number}-{key:019d}-{case.id:019d}"
    return f"9-{case.id:019d}"


def _shown(row: CaseRow, agent: Agent, order: Sequence[Stretch]) -> Row:
    case = row.case
    return Row(
        case=case,
        conversation_id=row.conversation_id,
        face=face_of(row.customer_name or "Visitor", row.customer_id),
        at=case.waiting_since or case.last_message_at or case.opened_at,
        preview=snippet(case.preview),
        author=_author(case, agent),
        draft=snippet(row.draft),
        others=row.others,
        is_unread=row.is_unread,
        offer=row.offer,
        is_muted=row.is_muted,
        is_starred=row.is_starred,
        rank=rank_of(case, order),
    )


def _author(case: ListedCase, agent: Agent) -> str:
    if case.last_direction != Direction.OUTBOUND:
        return ""
    return N_("You") if case.last_author == agent.name else case.last_author.partition(" ")[0]


async def _tabs(session: Reading, wanted: Wanted, shell: Shell, actor: Actor) -> list[Tab]:
    if not has_tabs(wanted.view):
        return []
    figures = await _figures(session, wanted.view, shell, actor)
    return [
        Tab(
            title,
            wanted.url(status=None if status is Status.OPEN else status),
            figures.get(status, ""),
            wanted.view if status is Status.OPEN else "",
            (wanted.status or Status.OPEN) == status,
        )
        for status, title in TABS
    ]


async def _figures(session: Reading, view: str, shell: Shell, actor: Actor) -> dict[Status, str]:
    """What the tabs of a view say; what a counter says already is not counted again."""
    open_ones = {Status.OPEN: shell.counters[view]}
    if view == View.ALL:
        return open_ones | {RESTING[one]: shell.counters[one] for one in (View.PENDING, View.SNOOZED)}
    counts = await status_counts.of_view(session, view, actor=actor)
    return open_ones | {status: figure(count) for status, count in counts.items()}
