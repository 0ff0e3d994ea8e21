"""Settings → Agents: the people inside, how they come and how they go."""

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from inbox.actions import agents as people
from inbox.errors import Conflict, Invalid
from inbox.models import Role
from inbox.queries import agents
from web.installation import installation_of
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


async def change(request: Request) -> Response:
    """POST /settings/agents/{id}: another role."""
    form = await request.form()
    async with installation_of(request).database.transaction() as session:
        agent = await agents.by_id(session, request.path_params["id"])
        await people.change_agent(session, agent, role=_role(form), by=actor_of(request))
    return RedirectResponse(HOME, 303)


async def deactivate(request: Request) -> Response:
    """POST /settings/agents/{id}/deactivate"""
    async with installation_of(request).database.transaction() as session:
        agent = await agents.by_id(session, request.path_params["id"])
        await people.deactivate(session, agent, by=actor_of(request))
    return RedirectResponse(HOME, 303)


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
    async with installation.database.reading() as session:
        everybody = await agents.everybody(session)
    return await settings_page(
        request,
        "settings/agents.html",
        section="agents",
        problem=problem,
        people=everybody,
        values={name: _text(form, name) if form else "" for name in ("name", "email", "role")},
        invited=invited,
        link=f"{installation.settings.base_url}/join/{token}" if token else "",
    )


def _role(form: FormData) -> Role:
    try:
        return Role(_text(form, "role"))
    except ValueError as error:
        raise Invalid("Somebody is an admin or an agent.", field="role") from error


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value.strip() if isinstance(value, str) else ""
