"""Settings → Teams: the queues and who belongs to them."""

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from inbox.actions import teams
from inbox.errors import Conflict, Invalid
from inbox.queries import agents
from web.installation import installation_of
from web.settings_pages import actor_of, settings_page

HOME = "/settings/teams"


async def index(request: Request) -> Response:
    """GET /settings/teams"""
    return await _page(request)


async def create(request: Request) -> Response:
    """POST /settings/teams"""
    form = await request.form()
    try:
        async with installation_of(request).database.transaction() as session:
            members = [await agents.by_id(session, chosen) for chosen in _members(form)]
            await teams.add_team(session, name=_name(form), members=members, by=actor_of(request))
    except (Invalid, Conflict) as problem:
        return await _page(request, new_name=_name(form), problem=problem)
    return RedirectResponse(HOME, 303)


async def change(request: Request) -> Response:
    """POST /settings/teams/{id}: another name, and exactly these members."""
    form = await request.form()
    try:
        async with installation_of(request).database.transaction() as session:
            team = await agents.team_by_id(session, request.path_params["id"])
            await teams.rename_team(session, team, _name(form), by=actor_of(request))
            members = [await agents.by_id(session, chosen) for chosen in _members(form)]
            await teams.set_members(session, team, members, by=actor_of(request))
    except (Invalid, Conflict) as problem:
        return await _page(request, problem=problem)
    return RedirectResponse(HOME, 303)


async def remove(request: Request) -> Response:
    """POST /settings/teams/{id}/remove"""
    try:
        async with installation_of(request).database.transaction() as session:
            team = await agents.team_by_id(session, request.path_params["id"])
            await teams.remove_team(session, team, by=actor_of(request))
    except Conflict as problem:
        return await _page(request, problem=problem)
    return RedirectResponse(HOME, 303)


async def _page(
    request: Request, *, new_name: str = "", problem: Invalid | Conflict | None = None
) -> Response:
    async with installation_of(request).database.reading() as session:
        found = await agents.teams(session)
        everybody = await agents.active(session)
    return await settings_page(
        request,
        "settings/teams.html",
        section="teams",
        problem=problem,
        teams=found,
        people=everybody,
        new_name=new_name,
    )


def _members(form: FormData) -> list[str]:
    return [value for value in form.getlist("member") if isinstance(value, str)]


def _name(form: FormData) -> str:
    value = form.get("name")
    return value.strip() if isinstance(value, str) else ""
