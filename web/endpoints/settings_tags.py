"""Settings → Tags: made, renamed, coloured, joined and removed."""

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from inbox.actions import tags
from inbox.errors import Conflict, Invalid
from inbox.queries import tags as known
from inbox.queries.shown import HUES
from web.acting import text_of
from web.installation import installation_of
from web.settings_pages import settings_page
from web.visiting import client_host

HOME = "/settings/tags"


async def index(request: Request) -> Response:
    """GET /settings/tags"""
    return await _page(request)


async def create(request: Request) -> Response:
    """POST /settings/tags {name, hue}"""
    form = await request.form()
    try:
        async with installation_of(request).database.transaction() as session:
            await tags.add_tag(session, name=text_of(form, "name"), hue=_hue(form))
    except (Invalid, Conflict) as problem:
        return await _page(request, problem=problem, new=text_of(form, "name"))
    return RedirectResponse(HOME, 303)


async def change(request: Request) -> Response:
    """POST /settings/tags/{id} {name, hue}"""
    form = await request.form()
    try:
        async with installation_of(request).database.transaction() as session:
            tag = await known.by_id(session, request.path_params["id"])
            await tags.change_tag(session, tag, name=text_of(form, "name"), hue=_hue(form))
    except (Invalid, Conflict) as problem:
        return await _page(request, problem=problem)
    return RedirectResponse(HOME, 303)


async def edit(request: Request) -> Response:
    """GET /settings/tags/{id}: what can be done to a tag, with how much that touches"""
    async with installation_of(request).database.reading() as session:
        tag = await known.by_id(session, request.path_params["id"])
        used = await known.with_use(session)
    (own,) = [one for one in used if one.tag.id == tag.id]
    others = [one.tag for one in used if one.tag.id != tag.id]
    return await settings_page(
        request, "settings/tag.html", section="tags", own=own, others=others, hues=range(1, HUES + 1)
    )


async def join(request: Request) -> Response:
    """POST /settings/tags/{id}/join {into}"""
    form = await request.form()
    async with installation_of(request).database.transaction() as session:
        tag = await known.by_id(session, request.path_params["id"])
        into = await known.by_id(session, text_of(form, "into"))
        origin = client_host(request) or ""
        await tags.join_tags(session, tag, into=into, by=request.state.agent, origin=origin)
    return RedirectResponse(HOME, 303)


async def remove(request: Request) -> Response:
    """POST /settings/tags/{id}/remove"""
    async with installation_of(request).database.transaction() as session:
        tag = await known.by_id(session, request.path_params["id"])
        await tags.remove_tag(session, tag, by=request.state.agent, origin=client_host(request) or "")
    return RedirectResponse(HOME, 303)


async def _page(request: Request, *, problem: Invalid | Conflict | None = None, new: str = "") -> Response:
    async with installation_of(request).database.reading() as session:
        used = await known.with_use(session)
    hues = range(1, HUES + 1)
    return await settings_page(
        request, "settings/tags.html", section="tags", used=used, new=new, hues=hues, problem=problem
    )


def _hue(form: FormData) -> int:
    written = text_of(form, "hue")
    if not written.isascii() or not written.isdigit():
        raise Invalid("Choose one of the colours.", field="hue")
    return int(written[:4])
