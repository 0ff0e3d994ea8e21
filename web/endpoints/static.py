"""Scripts, styles and icons: read once, without comments where that is safe, and compressed."""

import gzip
import hashlib
import json
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from inbox.errors import NotFound
from inbox.words import KNOWN, words_in

STATIC = Path(__file__).parent.parent / "static"
TYPES = {
    ".css": "text/css",
    ".ico": "image/x-icon",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".md": "text/plain",
    ".png": "image/png",
    ".txt": "text/plain",
}
# What a page looks like is one sheet, put together in the order of the cascade. Every part for itself would
# take a request and compress worse, which costs more than what two kinds of pages share.
SHEETS = {
    "door.css": ("tokens.css", "base.css", "pages.css"),
    "inbox.css": ("tokens.css", "base.css", "thread.css", "app.css"),
    "workspace.css": ("tokens.css", "base.css", "app.css", "pages.css"),
}
# The agents' scripts are one file for the same reason: fifteen weigh a fifth more. Each is a function of its
# own, and they expect this order.
DESK = "desk.js"
SCRIPTS = (
    "htmx.min.js",
    "app.js",
    "keys.js",
    "timeline.js",
    "lists.js",
    "reading.js",
    "live.js",
    "views.js",
    "notify.js",
    "ahead.js",
    "waiting.js",
    "composer.js",
    "together.js",
    "writing.js",
    "suggesting.js",
    "palette.js",
)
WORDS = "words."  # words.de.js: what scripts say in a language
SHORT, LONG = "public, max-age=300", "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is served."""

    plain: bytes
    compressed: bytes
    etag: str


async def show(request: Request) -> Response:
    """GET /static/{path}: a URL with ?v= names one content for ever"""
    name = request.path_params["path"]
    if name.startswith(WORDS) and name.removeprefix(WORDS).removesuffix(".js") in KNOWN:
        return _answer(request, _words(name.removeprefix(WORDS).removesuffix(".js")), ".js")
    named = SCRIPTS if name == DESK else SHEETS.get(name, (name,))
    parts = [STATIC / part for part in named]
    if any(path.parent != STATIC or path.suffix not in TYPES or not path.is_file() for path in parts):
        raise NotFound("There is no such file.")
    asset = _asset(*((path.name, path.stat().st_mtime_ns) for path in parts))
    return _answer(request, asset, parts[0].suffix)


def _answer(request: Request, asset: Asset, suffix: str) -> Response:
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
    return Response(content, 200, headers, media_type=TYPES[suffix])


async def favicon(request: Request) -> Response:
    """GET /favicon.ico: browsers ask for it at the root, whatever a page says"""
    request.path_params["path"] = "favicon.ico"
    return await show(request)


@lru_cache
def _words(language: str) -> Asset:
    """What scripts say in a language: app.js looks their English words up in it."""
    said = json.dumps(words_in(language).scripts, ensure_ascii=False, separators=(",", ":"))
    return _packed(f"window.deskWords={said}".encode())


@lru_cache(maxsize=64)
def _asset(*parts: tuple[str, int]) -> Asset:
    """These files, one after another, as they stood at the times that are named."""
    between = b";\n" if parts[0][0].endswith(".js") else b""
    return _packed(between.join(_served(STATIC / name) for name, _ in parts))


def _packed(plain: bytes) -> Asset:
    etag = f'"{hashlib.sha256(plain).hexdigest()[:24]}"'
    return Asset(plain, gzip.compress(plain, 9, mtime=0), etag)


def _served(path: Path) -> bytes:
    content = path.read_bytes()
    if path.suffix == ".css":
        return slim_sheet(content.decode()).encode()
    return slim_script(content.decode()).encode() if path.suffix == ".js" else content


def slim_script(script: str) -> str:
    """A script without its margins, and without remarks that have lines, or the end of one, to themselves. No
    text of ours looks like one: a test compares with a minifier that reads the language."""
    without_remarks = re.sub(r"^[ \t]*/\*.*?\*/[ \t]*$", "", script, flags=re.S | re.M)
    without_ends = re.sub(r"(?:^|[ \t]{2,})// .*$", "", without_remarks, flags=re.M)
    return re.sub(r"\n\s+", "\n", without_ends).lstrip()


def slim_sheet(sheet: str) -> str:
    """A style sheet without comments and needless blanks; no string of ours holds either."""
    without_comments = re.sub(r"/\*.*?\*/", "", sheet, flags=re.S)
    folded = re.sub(r"\s+", " ", without_comments)
    return re.sub(r"\s*([{};,>])\s*", r"\1", folded).replace(";}", "}").strip()
