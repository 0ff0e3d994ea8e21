"""Settings → Sessions: where one is signed in, and ending that from somewhere else."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from inbox.actions import sign_ins
from inbox.queries import agents
from web.installation import installation_of
from web.settings_pages import settings_page

HOME = "/settings/sessions"


async def index(request: Request) -> Response:
    """GET /settings/sessions"""
    async with installation_of(request).database.reading() as session:
        found = await agents.sessions_of(session, request.state.agent)
        tokens = await agents.tokens_of(session, request.state.agent)
    return await settings_page(
        request,
        "settings/sessions.html",
        section="sessions",
        sessions=found,
        tokens=tokens,
        this=request.state.session.public_id,
    )


async def revoke(request: Request) -> Response:
    """POST /settings/sessions/{id}/revoke"""
    async with installation_of(request).database.transaction() as session:
        await sign_ins.revoke_session(session, request.path_params["id"], of=request.state.agent)
    return RedirectResponse(HOME, 303)


async def revoke_token(request: Request) -> Response:
    """POST /settings/tokens/{id}/revoke"""
    async with installation_of(request).database.transaction() as session:
        await sign_ins.revoke_token(session, request.path_params["id"], of=request.state.agent)
    return RedirectResponse(HOME, 303)
