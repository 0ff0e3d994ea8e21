"""One action on many cases: those that were ticked, or all of a list."""

from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl, urlsplit

from starlette.datastructures import FormData, QueryParams
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from inbox.actions import assignments, cases, resolutions
from inbox.bulk import MOST, Change, Outcome, change_each
from inbox.errors import Invalid
from inbox.models import Agent, Case
from inbox.phrases import N_, Phrase, phrase
from inbox.queries import agents, case_pages, tags
from inbox.queries.happenings import Reading
from web.acting import actor_of, text_of, texts_of
from web.answers import is_scripted, toast
from web.installation import installation_of
from web.lists import Wanted, numbers_of
from web.moments import hours_worked, named_moment, proposals, zone_of
from web.templating import page
from web.wording import words_for
from web.workspace import shell_for

STATUSES: dict[str, tuple[Callable[..., Awaitable[None]], str]] = {
    "resolve": (resolutions.resolve, N_("%(number)d resolved.")),
    "pending": (resolutions.set_pending, N_("%(number)d pending.")),
    "reopen": (resolutions.reopen, N_("%(number)d open again.")),
    "spam": (resolutions.mark_spam, N_("%(number)d marked as spam.")),
}


async def choices(request: Request) -> Response:
    """GET /cases/bulk: whom many cases can be given to, and the tags there are; ?of=snooze until when they
    can sleep"""
    if request.query_params.get("of") == "snooze":
        return page(
            request, "menus/_until.html", proposals=proposals(zone_of(request), await hours_worked(request))
        )
    async with installation_of(request).database.reading() as session:
        people = await agents.active(session)
        teams = [each.team for each in await agents.teams(session)]
        names = [tag.name for tag in await tags.everything(session)]
    return page(request, "conversations/_bulk_choices.html", people=people, teams=teams, tags=names)


async def create(request: Request) -> Response:
    """POST /cases/bulk {number … | all=list's address; do: resolve | pending | reopen | spam | snooze=UNTIL |
    assign=me|nobody|ID | team=ID | tag=NAME}"""
    form, agent = await request.form(), request.state.agent
    change, done = await _change(request, form)
    numbers = await _numbers(request, form)
    if not numbers:
        raise Invalid("Tick the cases that it is about.", field="number")
    outcome = await change_each(installation_of(request).database, numbers, change, by=agent)
    return _told(request, outcome, done)


def _told(request: Request, outcome: Outcome, done: Phrase) -> Response:
    if not is_scripted(request):
        return RedirectResponse("/inbox/mine", 303)
    words = words_for(request)
    text = words.say(done.pattern, number=outcome.done, **done.values)
    if outcome.refused:
        text += " " + words.say_many(
            "%(number)d left as it was. %(reason)s",
            "%(number)d left as they were. %(reason)s",
            len(outcome.refused),
            reason=words.told(outcome.refused[0]),
        )
    undo = f"/undo/{outcome.undo_id}" if outcome.undo_id else ""
    return Response(status_code=204, headers={"HX-Trigger": toast(text, undo)})


async def _numbers(request: Request, form: FormData) -> list[int]:
    address = urlsplit(text_of(form, "all"))
    if not address.path:
        ticked = texts_of(form, "number")
        return numbers_of(",".join(ticked)) if ticked else []
    view, query = address.path.removeprefix("/inbox/"), QueryParams(parse_qsl(address.query))
    async with installation_of(request).database.reading() as session:
        shell = await shell_for(session, request.state.agent)
        wanted, _ = Wanted.of(request.state.agent, view, query).placed(shell)
        found = await case_pages.page_of_ids(
            session, wanted.filter, actor=actor_of(request), cursor=None, limit=MOST, sort=wanted.order_name
        )
        return [one.case.number for one in await case_pages.details(session, found.items)]


async def _change(request: Request, form: FormData) -> tuple[Change, Phrase]:
    """What is done, and how it is said of so many."""
    action, _, value = text_of(form, "do").partition("=")
    if action in STATUSES:
        act, words = STATUSES[action]

        async def change_status(session: Reading, case: Case, agent: Agent) -> None:
            await act(session, case, by=agent)

        return change_status, Phrase(words)
    if action == "snooze":
        until = named_moment(value, zone_of(request), await hours_worked(request))

        async def snooze(session: Reading, case: Case, agent: Agent) -> None:
            await resolutions.snooze(session, case, until=until, by=agent)

        return snooze, phrase("%(number)d snoozed.")
    if action == "tag" and value:
        return _tagging(value), phrase("%(number)d tagged %(tag)s.", tag=value)
    if action in ("assign", "team") and value:
        return _giving(action, value), phrase("%(number)d passed on.")
    raise Invalid("Choose what to do with them.", field="do")


def _tagging(name: str) -> Change:
    async def tag(session: Reading, case: Case, agent: Agent) -> None:
        await session.refresh(case, ["tags"])
        await cases.change(session, case, by=agent, tags=[*(one.name for one in case.tags), name])

    return tag


def _giving(action: str, value: str) -> Change:
    async def give(session: Reading, case: Case, agent: Agent) -> None:
        if action == "team":
            await assignments.assign_team(
                session, case, team=await agents.team_by_id(session, value), by=agent
            )
        elif value == "nobody":
            await assignments.assign(session, case, to=None, by=agent)
        else:
            to = agent if value == "me" else await agents.by_id(session, value)
            await assignments.assign(session, case, to=to, by=agent)

    return give
