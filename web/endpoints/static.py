"""Scripts, styles and icons. A URL with ?v= names one content for ever."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

_files = StaticFiles(directory=Path(__file__).parent.parent / "static")


async def show(request: Request) -> Response:
    """GET /static/{path}"""
    response = await _files.get_response(request.path_params["path"], request.scope)
    is_versioned = "v" in request.query_params
    response.headers["Cache-Control"] = (
        "public, max-age=31536000, immutable" if is_versioned else "public, max-age=300"
    )
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response
