"""What a form gets back: a toast where a script sent it (the push shows the change), else the way back."""

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from inbox.models import Undo
from inbox.phrases import Phrase
from web.came_from import beside_list
from web.wording import words_for


def is_scripted(request: Request) -> bool:
    """Whether a script of ours asks, which takes fragments and answers without a body."""
    return "hx-request" in request.headers


def done(
    request: Request,
    back: str,
    text: str | Phrase = "",
    undo: Undo | None = None,
    *,
    path: str = "",
    seconds: int = 0,
) -> Response:
    """204 with a toast for a script, in the agent's language, 303 to *back* for a form. *path* is
    where the toast's Undo posts to, instead of the undo's own address; *seconds*, for how long."""
    if not is_scripted(request):
        return RedirectResponse(beside_list(request, back), 303)
    words = words_for(request)
    said = words.told(text) if isinstance(text, Phrase) else words.said(text)
    path = path or (f"/undo/{undo.public_id}" if undo else "")
    headers = {"HX-Trigger": toast(said, path, seconds)} if said else {}
    return Response(status_code=204, headers=headers)


def offered(request: Request, back: str, text: str | Phrase, undo: Undo | None) -> Response:
    """As `done`; but a form, whose page shows no toast, goes by a page that offers the undo."""
    if undo is None or is_scripted(request):
        return done(request, back, text, undo)
    return RedirectResponse(f"/undo/{undo.public_id}?to={back}", 303)


def moved(request: Request, to: str) -> Response:
    """To another page, for a script too."""
    if is_scripted(request):
        return Response(status_code=204, headers={"HX-Redirect": to})
    return RedirectResponse(beside_list(request, to), 303)


def toast(text: str, undo: str = "", seconds: int = 0) -> str:
    """The value of the HX-Trigger header that makes a toast, with Undo for so many seconds, of itself for
    half a minute. JSON escapes keep it ASCII."""
    detail: dict[str, Any] = {"text": text}
    if undo:
        detail["undo"] = undo
    if undo and seconds:
        detail["seconds"] = seconds
    return json.dumps({"toast": detail})
