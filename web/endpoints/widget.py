"""The widget's scripts. /widget.js is what a site puts into its pages; it opens nothing by itself."""

from starlette.requests import Request
from starlette.responses import Response

from web.policy import Policy, route
from web.slim_scripts import LOADER, PANEL, PANEL_VERSION, SlimScript

_FRESH_SECONDS = 600


async def loader(request: Request) -> Response:
    """GET /widget.js"""
    return _script(request, LOADER, f"public, max-age={_FRESH_SECONDS}, stale-while-revalidate=86400")


async def panel_script(request: Request) -> Response:
    """GET /widget/panel.js?v=…: the panel's script; the panel names its version."""
    is_this = request.query_params.get("v") == PANEL_VERSION
    return _script(request, PANEL, "public, max-age=31536000, immutable" if is_this else "no-cache")


def _script(request: Request, script: SlimScript, cache: str) -> Response:
    tag = f'"{script.version}"'
    headers = {
        "Cache-Control": cache,
        "ETag": tag,
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Access-Control-Allow-Origin": "*",
    }
    known = request.headers.get("if-none-match", "")
    if tag in (each.strip().removeprefix("W/") for each in known.split(",")):
        return Response(status_code=304, headers=headers)
    return Response(script.content, headers=headers, media_type="text/javascript")


routes = [
    route("/widget.js", loader, policy=Policy.PUBLIC, name="widget.loader"),
    route("/widget/panel.js", panel_script, policy=Policy.PUBLIC, name="widget.panel_script"),
]
