"""What menus offer: asked for when one is opened, so that neither pages nor pushes draw what hardly anybody
looks at."""

from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from inbox.errors import NotFound
from inbox.queries import heads, hours, messages, redirects, timelines
from inbox.queries.happenings import Reading
from web.acting import actor_of, number_of
from web.answers import is_scripted
from web.installation import installation_of
from web.moments import proposals, zone_of
from web.templating import page
from web.workspace import shell_for

OF_CASES = frozenset({"assignee", "more", "snooze", "tag", "team", "until"})
WITH_MOMENTS = frozenset({"snooze", "until"})


async def of_case(request: Request) -> Response:
    """GET /cases/{number}/menus/{name}: one of those in its head"""
    name = request.path_params["name"]
    if name not in OF_CASES:
        raise NotFound("There is no such menu.")
    async with installation_of(request).database.reading() as session:
        case = await redirects.find_case(session, number_of(request), actor=actor_of(request))
        given: dict[str, Any] = {"head": (await heads.of_cases(session, [case.id]))[case.id]}
        if name in WITH_MOMENTS:
            worked = await hours.of_agent(session, request.state.agent.id, team_id=case.team_id)
            given["proposals"] = proposals(zone_of(request), worked)
        return await _menu(request, session, name, f"/cases/{case.number}", **given)


async def of_message(request: Request) -> Response:
    """GET /messages/{id}/menu"""
    async with installation_of(request).database.reading() as session:
        message = await messages.by_public_id(session, actor_of(request), request.path_params["id"])
        entry = await timelines.entry_of_message(session, message.id)
        return await _menu(request, session, "message", f"/messages/{message.public_id}", entry=entry)


async def _menu(request: Request, session: Reading, name: str, back: str, **context: Any) -> HTMLResponse:
    """The menu's entries; without a script a page of them."""
    part = f"menus/_{name}.html"
    if is_scripted(request):
        return page(request, part, **context)
    shell = await shell_for(session, request.state.agent)
    return page(request, "menus/show.html", part=part, back=back, shell=shell, current="", **context)
