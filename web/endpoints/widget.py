"""The widget's scripts. /widget.js is what a site puts into its pages; it opens nothing by itself."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from web import slim_scripts
from web.policy import Policy, route
from web.slim_scripts import SlimScript

_FRESH_SECONDS = 600
_TYPES = (Path(__file__).parents[1] / "static" / "widget.d.ts").read_text()


async def loader(request: Request) -> Response:
    """GET /widget.js"""
    return _script(
        request, slim_scripts.loader(), f"public, max-age={_FRESH_SECONDS}, stale-while-revalidate=86400"
    )


async def panel_script(request: Request) -> Response:
    """GET /widget/panel.js?v=…&lang=…: all of the panel, in one language; the panel's document names both."""
    is_this = request.query_params.get("v") == slim_scripts.panel_version()
    script = slim_scripts.panel(request.query_params.get("lang", ""))
    return _script(request, script, "public, max-age=31536000, immutable" if is_this else "no-cache")


async def types(request: Request) -> Response:
    """GET /widget.d.ts: what pages may call, for TypeScript."""
    return Response(_TYPES, media_type="application/typescript")


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
    route("/widget.d.ts", types, policy=Policy.PUBLIC, name="widget.types"),
    route("/widget/panel.js", panel_script, policy=Policy.PUBLIC, name="widget.panel_script"),
]
