"""Customers from whom nobody wants to hear: blocked, heard again, listed."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from inbox.actions import blocks
from inbox.errors import Conflict, Invalid
from inbox.models import Customer
from inbox.phrases import phrase
from inbox.policies import Action, authorize
from inbox.queries import blocks as standing, redirects
from inbox.queries.panels import panel_of
from web.acting import actor_of, remembering, text_of
from web.answers import offered
from web.installation import installation_of
from web.settings_pages import settings_page
from web.templating import page
from web.visiting import client_host
from web.wording import words_for
from web.workspace import shell_for


async def new(request: Request) -> Response:
    """GET /customers/{id}/block"""
    return await _page(request)


async def create(request: Request) -> Response:
    """POST /customers/{id}/block {identity, reason, with_cases}: all of the customer, or one address"""
    agent, form = request.state.agent, await request.form()
    authorize(actor_of(request), Action.CHANGE)
    try:
        async with installation_of(request).database.transaction() as session:
            customer = await redirects.find_customer(session, request.path_params["id"])
            async with remembering(session, agent) as remembered:
                await blocks.block(
                    session,
                    customer,
                    by=agent,
                    identity=await standing.identity_named(session, customer, text_of(form, "identity")),
                    reason=text_of(form, "reason"),
                    with_cases=bool(text_of(form, "with_cases")),
                    origin=client_host(request) or "",
                )
    except (Invalid, Conflict) as problem:
        return await _page(request, problem)
    back = f"/customers/{customer.public_id}"
    return offered(request, back, phrase("Blocked. What they send is spam now."), remembered.undo)


async def end(request: Request) -> Response:
    """POST /blocks/{id}/end: hear from them again"""
    agent = request.state.agent
    authorize(actor_of(request), Action.CHANGE)
    async with installation_of(request).database.transaction() as session:
        row = await standing.by_id(session, request.path_params["id"])
        async with remembering(session, agent) as remembered:
            await blocks.unblock(session, row, by=agent, origin=client_host(request) or "")
        customer = await session.get_one(Customer, row.customer_id)
    back = f"/customers/{customer.public_id}"
    return offered(request, back, phrase("The block has ended."), remembered.undo)


async def index(request: Request) -> Response:
    """GET /settings/blocked?cursor="""
    async with installation_of(request).database.reading() as session:
        found = await standing.page(session, cursor=request.query_params.get("cursor"))
    return await settings_page(
        request, "settings/blocked.html", section="blocked", found=found.items, next=found.next
    )


async def _page(request: Request, problem: Invalid | Conflict | None = None) -> Response:
    async with installation_of(request).database.reading() as session:
        customer = await redirects.find_customer(session, request.path_params["id"])
        if customer.public_id != request.path_params["id"]:
            return RedirectResponse(f"/customers/{customer.public_id}/block", 303)
        conversation = await redirects.conversation_of(session, customer)
        panel = await panel_of(session, actor_of(request), conversation)
        shell = await shell_for(session, request.state.agent)
    return page(
        request,
        "customers/block.html",
        status=422 if problem else 200,
        panel=panel,
        customer=customer,
        problem=words_for(request).told(problem.phrase) if problem else "",
        problem_field=problem.field if isinstance(problem, Invalid) else "",
        shell=shell,
        current="customers",
    )
