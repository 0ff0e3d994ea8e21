"""For load balancers and monitoring: is the process there, can it work, what are its figures."""

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from inbox.db import ping
from web import metrics
from web.installation import installation_of


async def alive(request: Request) -> Response:
    """GET /healthz: the process answers."""
    return PlainTextResponse("ok\n")


async def ready(request: Request) -> Response:
    """GET /readyz: the database answers and background work runs; 503 where it does not."""
    installation = installation_of(request)
    try:
        await ping(installation.database)
    except Exception as error:
        return JSONResponse({"database": type(error).__name__}, 503, {"Retry-After": "2"})
    if not request.app.state.is_working:
        return JSONResponse({"background": "stopped"}, 503, {"Retry-After": "2"})
    return JSONResponse({"database": "ok", "background": "ok"})


async def figures(request: Request) -> Response:
    """GET /metrics: Prometheus's text format."""
    text, content_type = metrics.exposition()
    return Response(text, headers={"Content-Type": content_type})
