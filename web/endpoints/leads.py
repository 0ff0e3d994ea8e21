"""How things stand right now, each figure a way to its list."""

from datetime import datetime, time

from starlette.requests import Request
from starlette.responses import Response

from inbox import clock
from inbox.queries import leads
from web.acting import actor_of
from web.installation import installation_of
from web.moments import zone_of
from web.templating import page
from web.workspace import shell_for


async def show(request: Request) -> Response:
    """GET /reports"""
    zone = zone_of(request)
    day_began = datetime.combine(clock.now().astimezone(zone).date(), time(), zone)
    async with installation_of(request).database.reading() as session:
        shell = await shell_for(session, request.state.agent)
        found = await leads.standings(session, actor=actor_of(request), day_began=day_began)
    return page(request, "leads/show.html", found=found, shell=shell, current="reports")
