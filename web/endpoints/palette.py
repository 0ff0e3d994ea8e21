"""What the palette finds beside what the page itself offers: what can be done with the case that is open,
cases, customers, and the search itself."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from inbox import clock
from inbox.actors import Actor
from inbox.errors import NotFound
from inbox.operators import read
from inbox.phrases import N_
from inbox.queries import case_pages, customers, hours, redirects
from inbox.queries.case_views import CaseFilter
from inbox.queries.choices import Choices, choices_of
from inbox.queries.happenings import Reading
from inbox.queries.shown_words import face_of_customer
from inbox.words import Words
from web.acting import actor_of
from web.installation import installation_of
from web.moments import Proposal, proposals, zone_of
from web.wording import words_for

MOST, MOST_ACTIONS = 5, 8
_GLYPHS = {
    "email": "mail",
    "webchat": "message-circle",
    "form": "clipboard-list",
    "phone": "phone",
    "meeting": "users",
}
Item = dict[str, Any]


async def show(request: Request) -> Response:
    """GET /palette?q=&c=: {"items": [{group, icon, title, hint, url, post?}]}; what has post is posted with
    it, about the case with the number c"""
    typed = request.query_params.get("q", "").strip()[:200]
    items: list[Item] = []
    words = words_for(request)
    if typed:
        async with installation_of(request).database.reading() as session:
            items += await _actions(session, request, typed, words)
            items += await _cases(session, typed, actor_of(request), words)
            items += await _customers(session, typed, words)
        search = words.said("Search")
        items.append(
            _item(
                search,
                "search",
                words.say("Search for “%(words)s”", words=typed),
                search,
                f"/search?{urlencode({'q': typed})}",
            )
        )
    return JSONResponse({"items": items})


async def _actions(session: Reading, request: Request, typed: str, words: Words) -> list[Item]:
    """What can be done with the case that is open, as far as its words begin as what was typed does."""
    number = request.query_params.get("c", "")
    if not (number.isascii() and number.isdigit() and len(number) < 16):
        return []
    try:
        case = await redirects.find_case(session, int(number), actor=actor_of(request))
    except NotFound:
        return []
    worked = await hours.of_agent(session, request.state.agent.id, team_id=case.team_id)
    offered = [
        *_given(await choices_of(session), words),
        *_put_off(proposals(zone_of(request), worked), words),
    ]
    offered += [_Act(words.said(said), icon, path, values) for said, icon, path, values in _PLAIN]
    asked = typed.casefold().split()
    return [
        {"group": "", "icon": act.icon, "title": act.title, "hint": act.hint}
        | {"url": f"/cases/{case.number}/{act.path}", "post": act.values}
        for act in offered
        if all(any(word.startswith(one) for word in act.title.casefold().split()) for one in asked)
    ][:MOST_ACTIONS]


@dataclass(frozen=True, slots=True)
class _Act:
    """Something that is done by posting *values* to a path of a case."""

    title: str
    icon: str
    path: str
    values: dict[str, str]
    hint: str = ""


_PLAIN: tuple[tuple[str, str, str, dict[str, str]], ...] = (
    (N_("Set to pending"), "clock", "pending", {}),
    (N_("Snooze until they reply"), "message-circle", "snooze", {"until": "reply"}),
    (N_("Urgent priority"), "flag", "priority", {"priority": "urgent"}),
    (N_("High priority"), "flag", "priority", {"priority": "high"}),
    (N_("Normal priority"), "flag", "priority", {"priority": "normal"}),
    (N_("Low priority"), "flag", "priority", {"priority": "low"}),
    (N_("Mark as spam"), "ban", "spam", {}),
)
_UNTIL = {
    "hour": N_("Snooze for 1 hour"),
    "afternoon": N_("Snooze until this afternoon"),
    "tomorrow": N_("Snooze until tomorrow"),
    "week": N_("Snooze until next week"),
}


def _given(choices: Choices, words: Words) -> Iterator[_Act]:
    for face in choices.people:
        yield _Act(
            words.say("Assign to %(name)s", name=face.name),
            "user-plus",
            "assignee",
            {"to": str(face.agent_id)},
        )
    for team in choices.teams:
        yield _Act(
            words.say("Give to the team %(name)s", name=team.name), "users", "team", {"to": team.public_id}
        )
    for tag in choices.tags:
        yield _Act(words.say("Add tag %(name)s", name=tag.name), "tag", "tags", {"add": tag.name})


def _put_off(proposed: Sequence[Proposal], words: Words) -> Iterator[_Act]:
    for one in proposed:
        hint = words.hour(one.at, clock.now())
        yield _Act(words.said(_UNTIL[one.name]), "alarm-clock", "snooze", {"until": one.name}, hint)


async def _cases(session: Reading, typed: str, actor: Actor, words: Words) -> list[Item]:
    digits = typed.removeprefix("#")
    asked = f"case:{digits}" if digits.isascii() and digits.isdigit() else f'subject:"{typed}"'
    if read(asked).is_empty:
        return []
    wanted = CaseFilter(words=asked)
    ids = await case_pages.page_of_ids(session, wanted, actor=actor, cursor=None, limit=MOST, sort="new")
    return [
        _item(
            words.said("Cases"),
            _GLYPHS.get(one.case.last_channel_kind, "layers"),
            f"#{one.case.number} {one.case.subject or words.said('No subject')}",
            one.customer.name,
            f"/cases/{one.case.number}",
        )
        for one in await case_pages.details(session, ids.items)
    ]


async def _customers(session: Reading, typed: str, words: Words) -> list[Item]:
    found = await customers.page(session, words=typed, limit=MOST)
    return [
        _item(
            words.said("Customers"),
            "contact",
            face_of_customer(one.customer).name,
            next((known.address for known in one.identities if known.kind == "email"), words.said("Visitor")),
            f"/conversations/{one.conversation.public_id}"
            if one.conversation
            else f"/customers/{one.customer.public_id}",
        )
        for one in found.items
    ]


def _item(group: str, icon: str, title: str, hint: str, url: str) -> Item:
    return {"group": group, "icon": icon, "title": title, "hint": hint or group, "url": url}
