"""Settings → Customer fields: what is to be known about every customer, and what fits it."""

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from inbox.actions import customer_fields as fields
from inbox.errors import Conflict, Invalid
from inbox.models import FieldKind
from inbox.phrases import N_
from inbox.queries import customer_fields as known
from web.acting import text_of
from web.installation import installation_of
from web.settings_pages import settings_page
from web.visiting import client_host
from web.writing import words_of

HOME = "/settings/fields"
KINDS = {
    FieldKind.TEXT: N_("Text"),
    FieldKind.NUMBER: N_("Number"),
    FieldKind.DATE: N_("Date"),
    FieldKind.CHOICE: N_("One of several"),
}


async def index(request: Request) -> Response:
    """GET /settings/fields"""
    return await _page(request)


async def create(request: Request) -> Response:
    """POST /settings/fields {name, key, kind, choices}"""
    form = await request.form()
    try:
        async with installation_of(request).database.transaction() as session:
            await fields.add_field(
                session,
                by=request.state.agent,
                name=text_of(form, "name"),
                key=text_of(form, "key"),
                kind=text_of(form, "kind"),
                choices=_choices(form),
                origin=client_host(request) or "",
            )
    except (Invalid, Conflict) as problem:
        return await _page(request, problem=problem, form=form)
    return RedirectResponse(HOME, 303)


async def change(request: Request) -> Response:
    """POST /settings/fields/{id} {name, kind, choices}"""
    form = await request.form()
    try:
        async with installation_of(request).database.transaction() as session:
            field = await known.by_id(session, request.path_params["id"])
            await fields.change_field(
                session,
                field,
                by=request.state.agent,
                name=text_of(form, "name"),
                kind=text_of(form, "kind"),
                choices=_choices(form),
                origin=client_host(request) or "",
            )
    except (Invalid, Conflict) as problem:
        return await _page(request, problem=problem)
    return RedirectResponse(HOME, 303)


async def move(request: Request) -> Response:
    """POST /settings/fields/{id}/move {to: up or down}"""
    form = await request.form()
    async with installation_of(request).database.transaction() as session:
        field = await known.by_id(session, request.path_params["id"])
        await fields.move_field(session, field, by=request.state.agent, up=text_of(form, "to") == "up")
    return RedirectResponse(HOME, 303)


async def remove(request: Request) -> Response:
    """POST /settings/fields/{id}/remove"""
    async with installation_of(request).database.transaction() as session:
        field = await known.by_id(session, request.path_params["id"])
        origin = client_host(request) or ""
        await fields.remove_field(session, field, by=request.state.agent, origin=origin)
    return RedirectResponse(HOME, 303)


async def _page(
    request: Request, *, problem: Invalid | Conflict | None = None, form: FormData | None = None
) -> Response:
    async with installation_of(request).database.reading() as session:
        everything = await known.everything(session)
    names = ("name", "key", "kind")
    return await settings_page(
        request,
        "settings/fields.html",
        section="fields",
        fields=everything,
        kinds=KINDS,
        filled={name: text_of(form, name) if form else "" for name in names},
        choices=words_of(form, "choices") if form else "",
        problem=problem,
    )


def _choices(form: FormData) -> list[str]:
    return words_of(form, "choices").splitlines()
