"""What makes an app of the pages where a browser can: its manifest, its service worker, and the page that the
worker shows when there is no network. None of them holds anything about anybody."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from inbox.phrases import N_
from web.endpoints import static
from web.templating import page
from web.wording import words_for

COLOUR = "#12332c"
DESCRIPTION = N_("One conversation for each customer, whichever way they write.")
ICONS = (
    ("icon-192.png", "192x192", "image/png", "any"),
    ("icon-512.png", "512x512", "image/png", "any"),
    ("icon-maskable.png", "512x512", "image/png", "maskable"),
)
SHORTCUTS = ((N_("Mine"), "/inbox/mine"), (N_("Unassigned"), "/inbox/unassigned"))


async def manifest(request: Request) -> Response:
    """GET /manifest.webmanifest (W3C Web Application Manifest)"""
    words = words_for(request)
    icon = "/static/icon-192.png"
    facts = {
        "id": "/",
        "name": "Onethread",
        "short_name": "Onethread",
        "description": words.said(DESCRIPTION),
        "lang": words.language,
        "start_url": "/inbox/mine",
        "scope": "/",
        "display": "standalone",
        "background_color": COLOUR,
        "theme_color": COLOUR,
        "icons": [
            {"src": f"/static/{name}", "sizes": sizes, "type": kind, "purpose": purpose}
            for name, sizes, kind, purpose in ICONS
        ],
        "shortcuts": [
            {"name": words.said(name), "url": url, "icons": [{"src": icon, "sizes": "192x192"}]}
            for name, url in SHORTCUTS
        ],
    }
    return JSONResponse(facts, media_type="application/manifest+json")


async def worker(request: Request) -> Response:
    """GET /sw.js: at the root, so that its scope is all pages"""
    request.path_params["path"] = "sw.js"
    response = await static.show(request)
    response.headers["Cache-Control"] = "no-cache"
    return response


async def offline(request: Request) -> Response:
    """GET /offline: kept by the service worker, and shown when a page cannot be had"""
    return page(request, "offline.html")
