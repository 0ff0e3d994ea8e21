"""Whether a form was really sent from our own page: its origin, and a token that only our pages know.

Signed-in pages carry the token of their session. Pages for strangers (sign-in, set-up, invitation) carry one
that is derived from a random cookie, which another site can neither read nor plant beside a `__Host-` name.
"""

import hashlib
import hmac
import secrets
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from inbox.errors import NotPermitted
from inbox.phrases import N_
from web.installation import installation_of
from web.origins import normalise_origin, own_origin

HEADER = "X-CSRF-Token"
FIELD = "csrf_token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
REFUSED = N_("This form is not from a page of ours, or the page is too old. Load it again and repeat.")


def form_token(request: Request) -> str:
    """The token that a form of this page carries."""
    session = getattr(request.state, "session", None)
    if session is not None:
        return str(session.csrf_token)
    return _anonymous_token(request, _seed(request))


async def check_form(request: Request) -> None:
    """Raise NotPermitted unless origin and token show that the request comes from a page of ours."""
    given = request.headers.get(HEADER) or await _field(request)
    is_genuine = hmac.compare_digest(given.encode(), form_token(request).encode())
    if not (is_same_origin(request) and is_genuine):
        raise NotPermitted(REFUSED)


def is_same_origin(connection: HTTPConnection) -> bool:
    """Whether the browser says that a page of ours asks (Fetch standard: Sec-Fetch-Site, else Origin)."""
    site, origin = connection.headers.get("sec-fetch-site"), connection.headers.get("origin")
    if site is not None and site != "same-origin":
        return False
    if origin in (None, "null"):
        # A form of a page whose Referrer-Policy is no-referrer says "null" (Fetch standard, "append a request
        # Origin header"); a sandboxed document does so too, but its Sec-Fetch-Site is cross-site.
        return site is not None
    base = installation_of(connection).settings.base_url
    return normalise_origin(str(origin)) in (own_origin(connection), normalise_origin(base))


def is_known_host(connection: HTTPConnection) -> bool:
    """Whether the Host header names this installation: what its base URL says, or the machine itself.

    Otherwise a site could let its own name point to us, and its pages would count as ours (DNS rebinding).
    """
    try:
        host = urlsplit(f"//{connection.headers.get('host', '')}").hostname
    except ValueError:
        return False
    base = installation_of(connection).settings.base_url
    return host in ("localhost", "127.0.0.1", "::1", urlsplit(base).hostname)


def keep_seed(request: Request, response: Response) -> None:
    """Set the cookie that a stranger's form token is derived from, where the page has made one."""
    seed = getattr(request.state, "new_form_seed", None)
    if seed is not None:
        https = installation_of(request).settings.is_https
        response.set_cookie(_cookie(request), seed, path="/", secure=https, httponly=True, samesite="lax")


def _seed(request: Request) -> str:
    if seed := request.cookies.get(_cookie(request)):
        return seed
    if not hasattr(request.state, "new_form_seed"):
        request.state.new_form_seed = secrets.token_urlsafe(16)
    return str(request.state.new_form_seed)


def _anonymous_token(request: Request, seed: str) -> str:
    key = installation_of(request).keys.derive("form tokens")
    return hmac.digest(key, seed.encode("utf-8", "surrogateescape"), hashlib.sha256).hex()


async def _field(request: Request) -> str:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in ("application/x-www-form-urlencoded", "multipart/form-data"):
        return ""
    value = (await request.form()).get(FIELD)
    return value if isinstance(value, str) else ""


def _cookie(request: HTTPConnection) -> str:
    return "__Host-onethread-form" if installation_of(request).settings.is_https else "onethread_form"
