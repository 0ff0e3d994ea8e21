"""Customers: who they are, corrected, and joined with others."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from inbox.actions import customers
from inbox.models import Mark
from inbox.policies import Action, authorize
from inbox.queries import customers as known, redirects
from inbox.queries.panels import panel_of
from inbox.queries.shown_words import face_of_customer
from web.acting import actor_of, remembering, text_of, texts_of
from web.answers import moved
from web.installation import installation_of
from web.templating import page
from web.workspace import shell_for

MOST_FOUND = 8


async def index(request: Request) -> Response:
    """GET /customers?q=&cursor="""
    query = request.query_params
    words = query.get("q", "").strip()
    async with installation_of(request).database.reading() as session:
        found = await known.page(session, words=words or None, cursor=query.get("cursor"))
        shell = await shell_for(session, request.state.agent)
    rows = [(one, face_of_customer(one.customer)) for one in found.items]
    return page(
        request,
        "customers/index.html",
        rows=rows,
        next=found.next,
        words=words,
        shell=shell,
        current="customers",
    )


async def show(request: Request) -> Response:
    """GET /customers/{id}?with=&undo="""
    words = request.query_params.get("with", "").strip()
    async with installation_of(request).database.reading() as session:
        customer = await redirects.find_customer(session, request.path_params["id"])
        if customer.public_id != request.path_params["id"]:
            return RedirectResponse(f"/customers/{customer.public_id}", 303)
        conversation = await redirects.conversation_of(session, customer)
        panel = await panel_of(session, actor_of(request), conversation)
        others = await known.page(session, words=words, limit=MOST_FOUND) if words else None
        shell = await shell_for(session, request.state.agent)
    found = [one for one in others.items if one.customer.id != customer.id] if others else []
    return page(
        request,
        "customers/show.html",
        panel=panel,
        customer=customer,
        words=words,
        found=[(one, face_of_customer(one.customer)) for one in found],
        undo=request.query_params.get("undo", ""),
        marks=list(Mark),
        shell=shell,
        current="customers",
    )


async def update(request: Request) -> Response:
    """POST /customers/{id} {name, company, marks, attribute-…, new_name, new_value}"""
    authorize(actor_of(request), Action.CHANGE)
    form = await request.form()
    prefix = "attribute-"
    given: dict[str, str | None] = {
        name.removeprefix(prefix): text_of(form, name) or None for name in form if name.startswith(prefix)
    }
    if text_of(form, "new_name"):
        given[text_of(form, "new_name")] = text_of(form, "new_value") or None
    async with installation_of(request).database.transaction() as session:
        customer = await redirects.find_customer(session, request.path_params["id"])
        async with remembering(session, request.state.agent) as remembered:
            await customers.change(
                session,
                customer,
                by=request.state.agent,
                name=text_of(form, "name"),
                company=text_of(form, "company"),
                attributes=given,
                marks=texts_of(form, "mark"),
            )
    undo = f"?undo={remembered.undo.public_id}" if remembered.undo else ""
    return moved(request, f"/customers/{customer.public_id}{undo}")
