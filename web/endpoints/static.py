"""Scripts, styles and icons: read once, without comments where that is safe, and compressed."""

import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from inbox.errors import NotFound

STATIC = Path(__file__).parent.parent / "static"
TYPES = {
    ".css": "text/css",
    ".ico": "image/x-icon",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".md": "text/plain",
    ".txt": "text/plain",
}
SHORT, LONG = "public, max-age=300", "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is served."""

    plain: bytes
    compressed: bytes
    etag: str


async def show(request: Request) -> Response:
    """GET /static/{path}: a URL with ?v= names one content for ever"""
    path = STATIC / request.path_params["path"]
    if path.parent != STATIC or path.suffix not in TYPES or not path.is_file():
        raise NotFound("There is no such file.")
    asset = _asset(path.name, path.stat().st_mtime_ns)
    headers = {
        "ETag": asset.etag,
        "Cache-Control": LONG if "v" in request.query_params else SHORT,
        "Cross-Origin-Resource-Policy": "same-origin",
        "Vary": "Accept-Encoding",
    }
    if request.headers.get("if-none-match") == asset.etag:
        return Response(None, 304, headers)
    content = asset.plain
    if "gzip" in request.headers.get("accept-encoding", ""):
        content, headers["Content-Encoding"] = asset.compressed, "gzip"
    return Response(content, 200, headers, media_type=TYPES[path.suffix])


async def favicon(request: Request) -> Response:
    """GET /favicon.ico: browsers ask for it at the root, whatever a page says"""
    request.path_params["path"] = "favicon.ico"
    return await show(request)


@lru_cache(maxsize=64)
def _asset(name: str, _: int) -> Asset:
    plain = (STATIC / name).read_bytes()
    if name.endswith(".css"):
        plain = slim_sheet(plain.decode()).encode()
    etag = f'"{hashlib.sha256(plain).hexdigest()[:24]}"'
    return Asset(plain, gzip.compress(plain, 9, mtime=0), etag)


def slim_sheet(sheet: str) -> str:
    """A style sheet without comments and needless blanks; no string of ours holds either."""
    without_comments = re.sub(r"/\*.*?\*/", "", sheet, flags=re.S)
    folded = re.sub(r"\s+", " ", without_comments)
    return re.sub(r"\s*([{};,>])\s*", r"\1", folded).replace(";}", "}").strip()
