"""The lists of the inbox."""

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from inbox.actions import agents as people
from inbox.actors import Actor
from inbox.errors import Invalid
from inbox.queries import agents, case_rows, first_steps
from inbox.queries.case_views import ORDERS, View, order_of
from web.acting import text_of
from web.answers import is_scripted, moved
from web.came_from import keep_list
from web.installation import installation_of
from web.lists import SORTS, Wanted, list_of, numbers_of, shown_rows
from web.templating import page
from web.workspace import shell_for


async def home(request: Request) -> Response:
    """GET /"""
    return RedirectResponse("/inbox/mine", 303)


async def menu(request: Request) -> Response:
    """GET /inbox: the views themselves on a phone, Mine beside them elsewhere"""
    return await shown(request, View.MINE, pane="nav")


async def show(request: Request) -> Response:
    """GET /inbox/{view}"""
    return await shown(request, request.path_params["view"])


async def shown(request: Request, view: str, *, pane: str = "list") -> Response:
    """A view as a page, its next rows (?cursor=) or what has changed in it (?changed=) as fragments."""
    query = request.query_params
    wanted = Wanted.of(request.state.agent, view, query)
    if "changed" in query:
        return await _changed(request, wanted)
    async with installation_of(request).database.reading() as session:
        shell = await shell_for(session, request.state.agent)
        found = await list_of(session, wanted, shell, cursor=query.get("cursor"))
        first = await first_steps.first_steps(session) if request.state.agent.is_admin else None
    if is_scripted(request) and "cursor" in query:
        return page(request, "conversations/_rows.html", list=found, view=found.beside, chosen=None)
    answer = page(
        request, "conversations/index.html", list=found, shell=shell, current=view, pane=pane, first=first
    )
    keep_list(request, answer, found.beside)
    return answer


async def choose_order(request: Request) -> Response:
    """POST /inbox/order?in={view, perhaps with :status} {sort}: the order that a list keeps for this agent"""
    place, sort = request.query_params.get("in", ""), text_of(await request.form(), "sort")
    view, _, status = place.partition(":")
    query = QueryParams({"status": status} if status else {})
    wanted = Wanted.of(request.state.agent, view, query)
    if sort not in SORTS:
        raise Invalid("There is no such order.", field="sort")
    is_own = order_of(wanted.filter) is ORDERS[sort]
    async with installation_of(request).database.transaction() as session:
        agent = await agents.by_id(session, request.state.agent.public_id)
        await people.choose_order(session, agent, wanted.place, None if is_own else sort)
    return moved(request, wanted.url(status=wanted.status))


async def _changed(request: Request, wanted: Wanted) -> Response:
    numbers = numbers_of(request.query_params["changed"])
    async with installation_of(request).database.reading() as session:
        actor = Actor.agent(wanted.agent)
        shell = await shell_for(session, wanted.agent)
        wanted, _ = wanted.placed(shell)
        changed = await case_rows.changed(session, wanted.filter, numbers, actor=actor)
    return page(
        request,
        "conversations/_changed.html",
        rows=shown_rows(wanted, changed.rows),
        gone=changed.gone,
        counters=shell.counters,
        view=wanted.beside,
        chosen=None,
    )
