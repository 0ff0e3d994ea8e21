"""Settings → Absence: when somebody is away, and who covers; one's own, and for admins everybody's."""

from datetime import datetime, tzinfo

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from inbox.actions import absences
from inbox.errors import Conflict, Invalid
from inbox.models import Agent, Team
from inbox.queries import agents, people
from inbox.queries.happenings import Reading
from inbox.zones import zone_named
from web.acting import text_of
from web.installation import installation_of
from web.moments import picked_moment, zone_of
from web.settings_pages import actor_of, settings_page

HOME = "/settings/absence"


async def show(request: Request) -> Response:
    """GET /settings/absence"""
    return await _page(request)


async def plan(request: Request) -> Response:
    """POST /settings/absence {starts, ends, cover: agent:… | team:… | nothing, zone}; agent for admins"""
    form = await request.form()
    try:
        async with installation_of(request).database.transaction() as session:
            agent = await _whose(session, request, form)
            await absences.plan_absence(
                session,
                agent,
                starts_at=_moment(request, form, "starts"),
                ends_at=_moment(request, form, "ends"),
                cover=await receiver_of(session, text_of(form, "cover")),
                by=actor_of(request),
            )
    except (Invalid, Conflict) as problem:
        return await _page(request, form=form, problem=problem)
    return RedirectResponse(_back(request, form), 303)


async def end(request: Request) -> Response:
    """POST /settings/absence/end; agent for admins"""
    form = await request.form()
    async with installation_of(request).database.transaction() as session:
        agent = await _whose(session, request, form)
        await absences.end_absence(session, agent, by=actor_of(request))
    return RedirectResponse(_back(request, form), 303)


async def receiver_of(session: Reading, choice: str) -> Agent | Team | None:
    """Who is meant by "agent:…", "team:…" or "" for nobody; raises Invalid, NotFound."""
    kind, _, public_id = choice.partition(":")
    if not choice:
        return None
    if kind == "team":
        return await agents.team_by_id(session, public_id)
    if kind == "agent":
        return await agents.by_id(session, public_id)
    raise Invalid("Choose a team or a person.", field="cover")


async def _whose(session: Reading, request: Request, form: FormData) -> Agent:
    wanted = text_of(form, "agent") or request.state.agent.public_id
    return await agents.by_id(session, wanted)


def _back(request: Request, form: FormData) -> str:
    wanted = text_of(form, "agent")
    is_other = bool(wanted) and wanted != request.state.agent.public_id
    return f"/settings/agents/{wanted}?saved=1" if is_other else f"{HOME}?saved=1"


def _moment(request: Request, form: FormData, name: str) -> datetime | None:
    """What was picked, in the zone of whoever picked it; None for nothing."""
    text = text_of(form, name)
    if not text:
        return None
    try:
        return picked_moment(text, _zone(request, form))
    except Invalid as error:
        raise Invalid("Write a day and a time.", field=f"{name}_at") from error


def _zone(request: Request, form: FormData) -> tzinfo:
    name = text_of(form, "zone")
    return (zone_named(name) if name else None) or zone_of(request)


async def _page(
    request: Request, *, form: FormData | None = None, problem: Invalid | Conflict | None = None
) -> Response:
    wanted = text_of(form, "agent") if form else ""
    async with installation_of(request).database.reading() as session:
        agent = await agents.by_id(session, wanted or request.state.agent.public_id)
        standing = await people.planned(session)
        choices = await agents.active(session), [each.team for each in await agents.teams(session)]
    return await settings_page(
        request,
        "settings/absence.html",
        section="absence",
        problem=problem,
        whose=agent,
        own=next((one for one in standing if one.agent.id == agent.id), None),
        standing=standing,
        people=choices[0],
        teams=choices[1],
        saved=request.query_params.get("saved", ""),
    )
