"""Settings → People: the people inside, how they come and how they go."""

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from inbox.actions import agents as people
from inbox.errors import Conflict, Invalid
from inbox.leavers import let_go
from inbox.models import Role
from inbox.queries import agents, people as staff
from web.endpoints.absences import receiver_of
from web.installation import installation_of
from web.live.hub import hub_of
from web.settings_pages import actor_of, settings_page

HOME = "/settings/agents"


async def index(request: Request) -> Response:
    """GET /settings/agents"""
    return await _page(request)


async def invite(request: Request) -> Response:
    """POST /settings/agents/invitations: a link for somebody new, shown on this page and never again."""
    form, installation = await request.form(), installation_of(request)
    try:
        async with installation.database.transaction() as session:
            token = await people.invite(
                session,
                email=_text(form, "email"),
                name=_text(form, "name"),
                role=_role(form),
                by=actor_of(request),
            )
    except (Invalid, Conflict) as problem:
        return await _page(request, form=form, problem=problem)
    return await _page(request, invited=_text(form, "name"), token=token)


async def show(request: Request) -> Response:
    """GET /settings/agents/{id}"""
    return await _one(request, "settings/agent.html")


async def change(request: Request) -> Response:
    """POST /settings/agents/{id} {role, chat_limit}: what is given is changed"""
    form = await request.form()
    try:
        async with installation_of(request).database.transaction() as session:
            agent = await agents.by_id(session, request.path_params["id"])
            if "chat_limit" in form:
                await people.limit_chats(session, agent, _limit(form), by=actor_of(request))
            if "role" in form:
                await people.change_agent(session, agent, role=_role(form), by=actor_of(request))
    except Invalid as problem:
        return await _one(request, "settings/agent.html", problem=problem)
    return RedirectResponse(f"{HOME}/{request.path_params['id']}?saved=1", 303)


async def leave(request: Request) -> Response:
    """GET /settings/agents/{id}/deactivate: asks where their cases go"""
    return await _one(request, "settings/agent_leaving.html")


async def deactivate(request: Request) -> Response:
    """POST /settings/agents/{id}/deactivate {cases: own | one, to: agent:… | team:…}"""
    form, installation = await request.form(), installation_of(request)
    wanted = _text(form, "to") if _text(form, "cases") == "one" else ""
    try:
        async with installation.database.reading() as session:
            agent = await agents.by_id(session, request.path_params["id"])
            to = await receiver_of(session, wanted)
        leaving = await let_go(installation.database, agent, to=to, by=request.state.agent)
    except (Invalid, Conflict) as problem:
        return await _one(request, "settings/agent_leaving.html", problem=problem)
    await hub_of(request).end_invalid_sessions()
    return RedirectResponse(f"{HOME}?undo={leaving.undo_id}&moved={leaving.cases}", 303)


async def activate(request: Request) -> Response:
    """POST /settings/agents/{id}/activate"""
    async with installation_of(request).database.transaction() as session:
        agent = await agents.by_id(session, request.path_params["id"])
        await people.activate(session, agent, by=actor_of(request))
    return RedirectResponse(HOME, 303)


async def _page(
    request: Request,
    *,
    form: FormData | None = None,
    problem: Invalid | Conflict | None = None,
    invited: str = "",
    token: str = "",
) -> Response:
    installation = installation_of(request)
    undo, moved = request.query_params.get("undo", ""), request.query_params.get("moved", "")
    async with installation.database.reading() as session:
        everybody = await staff.everybody(session)
    return await settings_page(
        request,
        "settings/agents.html",
        section="agents",
        problem=problem,
        people=everybody,
        here=hub_of(request).people.here,
        undo=undo if undo.isalnum() else "",
        moved=int(moved) if moved.isascii() and moved.isdigit() and len(moved) < 9 else 0,
        values={name: _text(form, name) if form else "" for name in ("name", "email", "role")},
        invited=invited,
        link=f"{installation.settings.base_url}/join/{token}" if token else "",
    )


async def _one(request: Request, template: str, *, problem: Invalid | Conflict | None = None) -> Response:
    async with installation_of(request).database.reading() as session:
        agent = await agents.by_id(session, request.path_params["id"])
        one = await staff.person(session, agent)
        active = await agents.active(session)
        teams = [each.team for each in await agents.teams(session)]
    return await settings_page(
        request,
        template,
        section="agents",
        problem=problem,
        one=one,
        whose=agent,
        own=one.planned,
        people=active,
        teams=teams,
        saved=request.query_params.get("saved", ""),
    )


def _limit(form: FormData) -> int | None:
    text = _text(form, "chat_limit")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 9):
        raise Invalid("A chat limit is a number.", field="chat_limit")
    return int(text)


def _role(form: FormData) -> Role:
    try:
        return Role(_text(form, "role"))
    except ValueError as error:
        raise Invalid("Somebody is an admin or an agent.", field="role") from error


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value.strip() if isinstance(value, str) else ""
