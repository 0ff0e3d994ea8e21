"""Which list a browser looked at last, so that a form that was sent without a script leads back beside it.

A script says it with what it asks; an address names it (in=…). A form's does neither, and our pages send no
Referer. What is kept is a view's name, in a cookie that ends with the browser's session.
"""

import re
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from web.installation import installation_of

COOKIE = "onethread_list"
DEFAULT = "mine"
_NAMED = re.compile(r"[\w/-]{1,80}(?:&q=[\w%.+~/-]{0,400})?")
_BESIDE = re.compile(r"/(?:cases|conversations)/\w+")


def keep_list(request: Request, response: Response, beside: str) -> None:
    """Remember the list of a page, as a conversation's address names it."""
    if request.cookies.get(COOKIE, DEFAULT) != beside and _NAMED.fullmatch(beside):
        is_secure = installation_of(request).settings.is_https
        response.set_cookie(COOKIE, beside, path="/", httponly=True, samesite="lax", secure=is_secure)


def beside_list(request: Request, back: str) -> str:
    """The address *back*, with the list that this browser looked at, where it leads to a conversation and
    names none."""
    parts, kept = urlsplit(back), request.cookies.get(COOKIE, DEFAULT)
    if kept == DEFAULT or not _NAMED.fullmatch(kept) or not _BESIDE.fullmatch(parts.path):
        return back
    if re.search(r"(?:^|&)in=", parts.query):
        return back
    return parts._replace(query=f"{parts.query}&in={kept}" if parts.query else f"in={kept}").geturl()
