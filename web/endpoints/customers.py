"""Customers: who they are, corrected, and joined with others."""

from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from inbox.actions import customers
from inbox.errors import Invalid
from inbox.models import Mark
from inbox.phrases import Phrase, phrase
from inbox.policies import Action, authorize
from inbox.queries import customers as known, redirects, tags
from inbox.queries.choices import choices_of
from inbox.queries.customer_pages import history_of
from inbox.queries.merge_previews import ATTRIBUTE
from inbox.queries.panels import panel_of
from inbox.queries.shown_words import face_of_customer
from web.acting import actor_of, remembering, text_of, texts_of
from web.answers import done, is_scripted, moved
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
        months = await history_of(session, actor_of(request), conversation)
        known_tags = (await choices_of(session)).tags
        others = await known.page(session, words=words, limit=MOST_FOUND) if words else None
        shell = await shell_for(session, request.state.agent)
    found = [one for one in others.items if one.customer.id != customer.id] if others else []
    return page(
        request,
        "customers/show.html",
        panel=panel,
        months=months,
        known_tags=known_tags,
        customer=customer,
        words=words,
        found=[(one, face_of_customer(one.customer)) for one in found],
        undo=request.query_params.get("undo", ""),
        marks=list(Mark),
        shell=shell,
        current="customers",
    )


async def update(request: Request) -> Response:
    """POST /customers/{id} {name, company, mark, marks, attribute-…, new_name, new_value}: what is not sent
    stays; `marks` says that no mark is one, too"""
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
                name=text_of(form, "name") if "name" in form else None,
                company=text_of(form, "company") if "company" in form else None,
                attributes=given or None,
                marks=texts_of(form, "mark") if "marks" in form or "name" in form else None,
            )
    undo_of_marks = remembered.undo if remembered.undo and remembered.undo.action == "mark" else None
    undo = f"?undo={undo_of_marks.public_id}" if undo_of_marks else ""
    return moved(request, f"/customers/{customer.public_id}{undo}")


async def update_detail(request: Request) -> Response:
    """POST /customers/{id}/details {field: name, company or attribute:KEY, value}: one thing, in its place"""
    form = await request.form()
    field, value = text_of(form, "field"), text_of(form, "value")
    wanted: dict[str, Any] = {}
    if field in ("name", "company"):
        wanted[field] = value
    elif field.startswith(ATTRIBUTE):
        wanted["attributes"] = {field.removeprefix(ATTRIBUTE): value or None}
    else:
        raise Invalid("Say which field it is.", field="field")
    return await _changed(request, phrase("Saved."), **wanted)


async def tag(request: Request) -> Response:
    """POST /customers/{id}/tags {add or remove}"""
    form = await request.form()
    add, remove = text_of(form, "add"), text_of(form, "remove")
    async with installation_of(request).database.reading() as session:
        customer = await redirects.find_customer(session, request.path_params["id"])
        names = [one.name for one in await tags.of_customer(session, customer)]
    wanted = [name for name in names if name.casefold() != remove.casefold()] + ([add] if add else [])
    said = phrase("Tagged %(tag)s.", tag=add) if add else phrase("Tag taken away.")
    return await _changed(request, said, tags=wanted)


async def _changed(request: Request, said: Phrase, **wanted: Any) -> Response:
    agent = request.state.agent
    authorize(actor_of(request), Action.CHANGE)
    async with installation_of(request).database.transaction() as session:
        customer = await redirects.find_customer(session, request.path_params["id"])
        async with remembering(session, agent) as remembered:
            await customers.change(session, customer, by=agent, **wanted)
    if not is_scripted(request):
        return moved(request, f"/customers/{customer.public_id}")
    return done(request, f"/customers/{customer.public_id}", said, remembered.undo)
