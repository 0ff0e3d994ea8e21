"""Settings → Hours: when the workspace works, and the teams that have hours of their own."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from zoneinfo import available_timezones

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from inbox import clock
from inbox.actions import hours as setting
from inbox.envelopes import ChannelKind
from inbox.errors import Invalid
from inbox.hours import Hours, countries, read_spans
from inbox.models import Team, WorkingHours
from inbox.phrases import N_
from inbox.queries import agents, channels, hours
from inbox.queries.happenings import Reading
from web.acting import text_of
from web.chat_facts import facts_of
from web.installation import installation_of
from web.settings_pages import actor_of, settings_page
from web.visit_words import catalogue_for
from web.wording import language_of
from web.writing import words_of

HOME = "/settings/hours"
WORKSPACE = "workspace"
DAYS = (
    N_("Monday"),
    N_("Tuesday"),
    N_("Wednesday"),
    N_("Thursday"),
    N_("Friday"),
    N_("Saturday"),
    N_("Sunday"),
)
USUAL = ["9:00-17:00"] * 5 + ["", ""]


async def index(request: Request) -> Response:
    """GET /settings/hours?team="""
    return await _page(request, request.query_params.get("team") or WORKSPACE)


async def change(request: Request) -> Response:
    """POST /settings/hours/{team} {time_zone, day (seven), country, region, closed_days}"""
    form, scope = await request.form(), request.path_params["team"]
    try:
        async with installation_of(request).database.transaction() as session:
            await setting.set_hours(
                session,
                await _team(session, scope),
                time_zone=text_of(form, "time_zone"),
                week=[read_spans(day) for day in _days(form)],
                country=text_of(form, "country"),
                region=text_of(form, "region").upper(),
                closed_days=words_of(form, "closed_days").split(),
                by=actor_of(request),
            )
    except Invalid as problem:
        return await _page(request, scope, form=form, problem=problem)
    return RedirectResponse(f"{HOME}?team={scope}&saved=1", 303)


async def remove(request: Request) -> Response:
    """POST /settings/hours/{team}/remove"""
    scope = request.path_params["team"]
    async with installation_of(request).database.transaction() as session:
        await setting.forget_hours(session, await _team(session, scope), by=actor_of(request))
    return RedirectResponse(f"{HOME}?team={scope}", 303)


async def _team(session: Reading, scope: str) -> Team | None:
    return None if scope == WORKSPACE else await agents.team_by_id(session, scope)


def _days(form: FormData) -> list[str]:
    """What stands in the seven fields, Monday first."""
    return [text_of(form, f"day_{number}") for number in range(7)]


async def _page(
    request: Request, scope: str, *, form: FormData | None = None, problem: Invalid | None = None
) -> Response:
    async with installation_of(request).database.reading() as session:
        team = await _team(session, scope)
        rows = await hours.everything(session)
        teams = await agents.teams(session)
        read_now = await _read_now(request, session, team, set(rows))
    row = rows.get(team.id if team else None)
    values = _given(form) if form is not None else _stored(row or rows.get(None))
    working = hours.stored_hours(row) if row is not None else None
    return await settings_page(
        request,
        "settings/hours.html",
        section="hours",
        problem=problem,
        scope=scope,
        team=team,
        teams=[(one.team, one.team.id in rows) for one in teams],
        is_set=row is not None,
        has_workspace=None in rows,
        now=_now(working, clock.now()) if working is not None else None,
        read_now=read_now,
        values=values,
        days=DAYS,
        zones=sorted(zone for zone in available_timezones() if "/" in zone or zone == "UTC"),
        countries=countries(language_of(request)),
        saved=bool(request.query_params.get("saved")),
    )


async def _read_now(
    request: Request, session: Reading, team: Team | None, have_own: Collection[int | None]
) -> list[tuple[str, str]]:
    """The chats that keep these hours, and what their visitors read now above what they write."""
    words = catalogue_for(language_of(request), "")
    chats = await channels.active(session, kind=ChannelKind.WEBCHAT)
    keeping = [
        chat
        for chat in chats
        if chat.default_team_id == (team.id if team else None)
        or (team is None and chat.default_team_id not in have_own)
    ]
    return [(chat.name, (await facts_of(session, chat, words))["expectation"]) for chat in keeping]


def _stored(row: WorkingHours | None) -> dict[str, Any]:
    """What a row holds, as its form shows it; the usual week where there is none."""
    if row is None:
        return {"time_zone": "", "days": USUAL, "country": "", "region": "", "closed_days": ""}
    return {
        "time_zone": row.time_zone,
        "days": [", ".join(f"{start}-{until}" for start, until in day) for day in row.week],
        "country": row.country,
        "region": row.region,
        "closed_days": "\n".join(row.closed_days),
    }


def _given(form: FormData) -> dict[str, Any]:
    names = ("time_zone", "country", "region", "closed_days")
    return {"days": _days(form), **{name: words_of(form, name) for name in names}}


def _now(working: Hours, moment: datetime) -> dict[str, Any]:
    """Whether it is open at a moment, and when it opens next."""
    return {
        "is_open": working.is_open(moment),
        "holiday": working.holiday_on(moment.astimezone(working.zone).date()),
        "opens": working.next_opening(moment),
    }
