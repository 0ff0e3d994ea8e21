"""The queue of a team."""

from starlette.requests import Request
from starlette.responses import Response

from web.endpoints import inbox


async def show(request: Request) -> Response:
    """GET /inbox/team/{slug}"""
    return await inbox.shown(request, f"team/{request.path_params['slug']}")
