"""Who is here, and how much they have to do."""

from starlette.requests import Request
from starlette.responses import Response

from inbox.queries import workloads
from web.installation import installation_of
from web.live.hub import hub_of
from web.sheets import sheet


async def index(request: Request) -> Response:
    """GET /people"""
    async with installation_of(request).database.reading() as session:
        loads = await workloads.loads(session)
        around = hub_of(request).people
        return await sheet(
            request,
            session,
            "people/_index.html",
            back="/inbox/mine",
            loads=loads,
            here=around.here,
            idle=around.idle,
        )
