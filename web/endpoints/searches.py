"""Finding what was written, who wrote it, and the cases it belongs to."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from inbox.actors import Actor
from inbox.operators import HOLDINGS, STATES, Operator, Sought, read
from inbox.phrases import N_
from inbox.queries import case_rows, customers, near_names, searches
from inbox.queries.case_rows import CaseRow
from inbox.queries.case_views import CaseFilter
from inbox.queries.customers import Known
from inbox.queries.happenings import Reading
from inbox.queries.searches import Hit
from inbox.queries.shown import Face
from inbox.queries.shown_words import face_of_customer
from web.acting import actor_of
from web.installation import installation_of
from web.moments import zone_of
from web.templating import page
from web.workspace import shell_for

MOST_CASES = 5
MOST_CUSTOMERS = 5
MOST_NOTES = 5
EVERY_OPERATOR = (
    ("from:ana", N_("somebody's messages; from:me for your own")),
    ("to:help@shop.example", N_("who a message was sent to")),
    ("subject:invoice", N_("words of a subject")),
    (
        "is:waiting",
        N_("open, pending, snoozed, resolved, spam, waiting, due, late, unread, unassigned, urgent, vip"),
    ),
    ("assignee:me", N_("me, none, or a name")),
    ("team:returns", N_("a team, or none")),
    ("tag:refund", N_("a tag, or none")),
    ("channel:email", N_("email, webchat, form, or a channel's name")),
    ("customer:ana company:norte", N_("whose conversation it is")),
    ("has:file", N_("file, note, draft, rating; file:invoice for a file's name")),
    (
        "page:orders order:48213",
        N_("where a chat began, or a form's name; a number that was written"),
    ),
    ("before:2026-11-01 after:2w on:monday", N_("days: a date, today, yesterday, a weekday, 3d, 2w, 1m, 1y")),
    ("opened:today", N_("cases that were opened on that day or later")),
    ("replied:7d", N_("cases that were first answered on that day or later")),
    ("case:1042 priority:high", N_("a case by its number or priority")),
    ('"exact words" -without', N_("a phrase; a minus leaves out words and operators")),
)
OFFERED = (
    *(
        f"{name}:"
        for name in ("from", "to", "subject", "assignee", "team", "tag", "channel", "customer", "company")
    ),
    *(f"{name}:" for name in ("file", "page", "order", "before", "after", "on", "opened", "replied", "case")),
    *(f"is:{state}" for state in sorted(STATES)),
    *(f"has:{thing}" for thing in sorted(HOLDINGS)),
    *(f"priority:{priority}" for priority in ("urgent", "high", "normal", "low")),
    *(
        "from:me",
        "assignee:me",
        "assignee:none",
        "team:none",
        "tag:none",
        "on:today",
        "on:yesterday",
        "after:1w",
    ),
)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Words of a hit; `is_found` where they are what was looked for."""

    text: str
    is_found: bool


@dataclass(frozen=True, slots=True)
class Found:
    """A hit as it is shown."""

    hit: Hit
    subject: Sequence[Stretch]
    stretches: Sequence[Stretch]


@dataclass(frozen=True, slots=True)
class Group:
    """What was found in one conversation, the newest first."""

    conversation_id: str
    face: Face
    hits: Sequence[Found]


@dataclass(frozen=True, slots=True)
class Chip:
    """An operator of the search, and the address of the search without it."""

    words: str
    without_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """All that was found. `next` is the cursor of older messages."""

    cases: Sequence[CaseRow] = ()
    people: Sequence[tuple[Known, Face]] = ()
    groups: Sequence[Group] = ()
    next: str | None = None
    meant: str = ""

    @property
    def is_empty(self) -> bool:
        return not (self.cases or self.people or self.groups)


async def show(request: Request) -> Response:
    """GET /search?q=&cursor="""
    words, cursor = request.query_params.get("q", "").strip(), request.query_params.get("cursor")
    sought = read(words, zone=zone_of(request))
    async with installation_of(request).database.reading() as session:
        shell = await shell_for(session, request.state.agent)
        found = Results()
        if not sought.is_empty:
            found = await _results(session, sought, words, actor_of(request), cursor)
    return page(
        request,
        "searches/show.html",
        words=words,
        found=found,
        chips=[_chip(sought, one) for one in sought.operators],
        unknown=sought.unknown,
        is_asked=not sought.is_empty,
        operators=EVERY_OPERATOR,
        offered=OFFERED,
        shell=shell,
        current="search",
    )


async def _results(session: Reading, sought: Sought, words: str, actor: Actor, cursor: str | None) -> Results:
    hits = await searches.messages(session, sought, actor=actor, cursor=cursor)
    if cursor:
        return Results(groups=_grouped(hits.items, sought), next=hits.next)
    noted = await searches.notes(session, sought, actor=actor, limit=MOST_NOTES)
    files = await searches.files(session, sought, actor=actor)
    people = await customers.page(session, words=sought.plain, limit=MOST_CUSTOMERS) if sought.plain else None
    cases = await case_rows.rows(
        session, CaseFilter(words=words), actor=actor, limit=MOST_CASES, sort="waiting"
    )
    found = Results(
        cases=cases.items if sought.operators else (),
        people=[(one, face_of_customer(one.customer)) for one in people.items] if people else (),
        groups=_grouped([*noted, *files, *hits.items], sought),
        next=hits.next,
    )
    return found if not found.is_empty else Results(meant=await _meant(session, sought, words))


async def _meant(session: Reading, sought: Sought, words: str) -> str:
    """The same search with the tag, team or person that was probably meant; "" where nothing is near."""
    for operator in sought.operators:
        near = await near_names.nearest(session, operator)
        if near is not None:
            meant = Operator(operator.name, near, operator.is_excluded)
            return words.replace(str(operator), str(meant))
    return ""


def _chip(sought: Sought, operator: Operator) -> Chip:
    return Chip(str(operator), f"/search?{urlencode({'q': sought.without(operator)})}")


def _grouped(hits: Sequence[Hit], sought: Sought) -> list[Group]:
    of_each: dict[str, list[Hit]] = {}
    for hit in hits:
        of_each.setdefault(hit.conversation.public_id, []).append(hit)
    return [
        Group(
            public_id,
            face_of_customer(found[0].customer),
            [
                Found(hit, marked(hit.subject, sought.wanted), marked(hit.snippet, sought.wanted))
                for hit in found
            ],
        )
        for public_id, found in of_each.items()
    ]


def marked(text: str, terms: Sequence[str]) -> list[Stretch]:
    """The text in stretches, those that begin with one of the terms told apart."""
    if not terms:
        return [Stretch(text, is_found=False)]
    pattern = "|".join(re.escape(term) for term in sorted(terms, key=len, reverse=True))
    pieces = re.split(rf"(\b(?:{pattern}))", text, flags=re.IGNORECASE)
    return [Stretch(piece, number % 2 == 1) for number, piece in enumerate(pieces) if piece]
