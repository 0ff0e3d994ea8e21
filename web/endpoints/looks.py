"""Settings → Appearance and Shortcuts: how an agent likes the screens, and which keys they press."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from inbox.actions import agents as people
from inbox.errors import Invalid
from inbox.queries import agents
from web import keymap
from web.acting import text_of
from web.answers import is_scripted
from web.installation import installation_of
from web.settings_pages import settings_page
from web.templating import page

APPEARANCE, SHORTCUTS = "/settings/appearance", "/settings/shortcuts"


async def show_appearance(request: Request) -> Response:
    """GET /settings/appearance"""
    return await _appearance(request)


async def change_appearance(request: Request) -> Response:
    """POST /settings/appearance {theme, density}"""
    form = await request.form()
    try:
        async with installation_of(request).database.transaction() as session:
            agent = await agents.by_id(session, request.state.agent.public_id)
            theme, density = text_of(form, "theme"), text_of(form, "density")
            await people.choose_look(session, agent, theme=theme, density=density)
    except Invalid as problem:
        return await _appearance(request, problem)
    return RedirectResponse(f"{APPEARANCE}?saved=1", 303)


async def show_shortcuts(request: Request) -> Response:
    """GET /settings/shortcuts: the page on which they are changed; for a script the sheet that "?" shows"""
    if is_scripted(request):
        return page(request, "settings/_keys.html", keymap=keymap, own=request.state.agent.keys)
    return await _shortcuts(request, request.state.agent.keys)


async def change_shortcuts(request: Request) -> Response:
    """POST /settings/shortcuts {shortcuts, a field for each key that can be changed}"""
    form = await request.form()
    try:
        own = {} if "default" in form else keymap.chosen(form)
    except Invalid as problem:
        return await _shortcuts(request, keymap.typed(form), problem)
    is_on = "default" in form or "shortcuts" in form
    async with installation_of(request).database.transaction() as session:
        agent = await agents.by_id(session, request.state.agent.public_id)
        await people.choose_keys(session, agent, shortcuts=is_on, keys=own)
    return RedirectResponse(f"{SHORTCUTS}?saved=1", 303)


async def _appearance(request: Request, problem: Invalid | None = None) -> Response:
    return await settings_page(
        request,
        "settings/appearance.html",
        section="appearance",
        problem=problem,
        saved=request.query_params.get("saved", ""),
    )


async def _shortcuts(request: Request, own: Mapping[str, str], problem: Invalid | None = None) -> Response:
    return await settings_page(
        request,
        "settings/shortcuts.html",
        section="shortcuts",
        problem=problem,
        keymap=keymap,
        own=own,
        saved=request.query_params.get("saved", ""),
    )
