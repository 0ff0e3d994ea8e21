"""Saved views: a search with a name among the views of the inbox."""

from dataclasses import dataclass

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from inbox.actions import views
from inbox.errors import Conflict, Invalid, OnethreadError
from inbox.models import Audience, SavedView, Team
from inbox.phrases import N_
from inbox.queries import agents, views as kept
from inbox.queries.happenings import Reading
from web.acting import remembering, text_of
from web.answers import offered
from web.endpoints import inbox
from web.installation import installation_of
from web.lists import FOUND
from web.templating import page
from web.workspace import SAVED, shell_for


@dataclass(frozen=True, slots=True)
class Filled:
    """The form as it was filled in; `audience` is own, everybody or a team's id."""

    name: str = ""
    words: str = ""
    audience: str = str(Audience.OWN)

    @classmethod
    def of(cls, form: FormData) -> "Filled":
        return cls(text_of(form, "name"), text_of(form, "words"), text_of(form, "audience"))


async def show(request: Request) -> Response:
    """GET /inbox/view/{id}"""
    return await inbox.shown(request, f"{SAVED}{request.path_params['id']}")


async def found(request: Request) -> Response:
    """GET /inbox/found?q=: the cases of a search as a list"""
    return await inbox.shown(request, FOUND)


async def new(request: Request) -> Response:
    """GET /views/new?q="""
    return await _form(request, None, Filled(words=request.query_params.get("q", "")))


async def create(request: Request) -> Response:
    """POST /views {name, words, audience}"""
    filled = Filled.of(await request.form())
    try:
        async with installation_of(request).database.transaction() as session:
            audience, team = await _shared_with(session, filled.audience)
            view = await views.save_view(
                session,
                name=filled.name,
                words=filled.words,
                by=request.state.agent,
                audience=audience,
                team=team,
            )
    except (Invalid, Conflict) as problem:
        return await _form(request, None, filled, problem)
    return RedirectResponse(f"/inbox/{SAVED}{view.public_id}", 303)


async def edit(request: Request) -> Response:
    """GET /views/{id}"""
    async with installation_of(request).database.reading() as session:
        view = await kept.saved_view(session, request.state.agent, request.path_params["id"])
        team = await session.get(Team, view.team_id) if view.team_id else None
    audience = team.public_id if team else str(view.audience)
    return await _form(request, view, Filled(view.name, view.words, audience))


async def update(request: Request) -> Response:
    """POST /views/{id} {name, words, audience}"""
    agent, filled = request.state.agent, Filled.of(await request.form())
    async with installation_of(request).database.reading() as session:
        view = await kept.saved_view(session, agent, request.path_params["id"])
    try:
        async with installation_of(request).database.transaction() as session:
            view = await kept.saved_view(session, agent, request.path_params["id"])
            audience, team = await _shared_with(session, filled.audience)
            await views.change_view(
                session, view, name=filled.name, words=filled.words, by=agent, audience=audience, team=team
            )
    except (Invalid, Conflict) as problem:
        return await _form(request, view, filled, problem)
    return RedirectResponse(f"/inbox/{SAVED}{view.public_id}", 303)


async def remove(request: Request) -> Response:
    """POST /views/{id}/removal"""
    async with installation_of(request).database.transaction() as session:
        view = await kept.saved_view(session, request.state.agent, request.path_params["id"])
        async with remembering(session, request.state.agent) as remembered:
            await views.remove_view(session, view, by=request.state.agent)
    return offered(request, "/inbox/mine", N_("The view was removed"), remembered.undo)


async def _shared_with(session: Reading, chosen: str) -> tuple[Audience, Team | None]:
    if chosen in (Audience.OWN, Audience.EVERYBODY, ""):
        return Audience(chosen or Audience.OWN), None
    return Audience.TEAM, await agents.team_by_id(session, chosen)


async def _form(
    request: Request, view: SavedView | None, filled: Filled, problem: OnethreadError | None = None
) -> Response:
    async with installation_of(request).database.reading() as session:
        shell = await shell_for(session, request.state.agent)
        teams = [each.team for each in await agents.teams(session)]
    agent = request.state.agent
    return page(
        request,
        "views/show.html",
        status=422 if problem else 200,
        view=view,
        filled=filled,
        teams=teams,
        is_own=view is None or view.owner_id == agent.id or agent.is_admin,
        problem=problem,
        problem_field=getattr(problem, "field", None),
        shell=shell,
        current=f"{SAVED}{view.public_id}" if view else FOUND,
    )
