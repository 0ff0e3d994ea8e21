"""From which sites a channel may be used: the `Origin` header against the list in its settings.

A request of our own pages (the panel in its frame, the hosted form) always may. Without a list any site may;
with one, an absent, null or merely similar origin is refused (SECURITY R27).
"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection
from starlette.responses import Response


def allowed_origins(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """The origins (scheme://host:port) of a channel's settings, normalised; empty: any."""
    return tuple(origin for each in settings.get("origins") or () if (origin := normalise_origin(str(each))))


def normalise_origin(url: str) -> str:
    """The origin of a URL as browsers write it, or "" for what is none."""
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return ""
    usual = {"http": 80, "https": 443}[parts.scheme]
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{port}" if port and port != usual else "")


def may_use(connection: HTTPConnection, settings: Mapping[str, Any], *, absent: bool = False) -> bool:
    """Whether this request may use the channel. *absent*: what to answer where there is no Origin header at
    all."""
    allowed = allowed_origins(settings)
    origin = connection.headers.get("origin")
    if not allowed:
        return True
    if origin is None:
        return absent
    return origin in allowed or origin == own_origin(connection)


def own_origin(connection: HTTPConnection) -> str:
    """The origin that our own pages have for the browser that asks."""
    scheme = {"ws": "http", "wss": "https"}.get(connection.url.scheme, connection.url.scheme)
    return normalise_origin(f"{scheme}://{connection.headers.get('host', '')}")


def share(response: Response, connection: HTTPConnection, settings: Mapping[str, Any]) -> Response:
    """Let a page of an allowed origin, and no other, read this answer (Fetch standard, CORS)."""
    origin = connection.headers.get("origin")
    response.headers.append("Vary", "Origin")
    if origin and origin in allowed_origins(settings):
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Allow-Methods"] = "GET, POST, OPTIONS"
        response.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type, Idempotency-Key"
        response.headers["Access-Control-Max-Age"] = "600"
    return response


def frame_ancestors(settings: Mapping[str, Any]) -> str:
    """The CSP source list of the sites that may show the panel."""
    allowed: Sequence[str] = allowed_origins(settings)
    return " ".join(("'self'", *allowed)) if allowed else "*"
