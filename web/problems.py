"""Errors as problem details (RFC 9457): a sentence that a person can act on."""

import math
from collections.abc import Callable
from typing import Any

from starlette.responses import JSONResponse

TITLES = {
    400: "Not understood",
    401: "Not signed in",
    403: "Not allowed",
    404: "Not found",
    409: "Conflict",
    413: "Too large",
    422: "Not usable",
    429: "Too often",
    503: "Not just now",
}


def problem(status: int, detail: str, **more: Any) -> JSONResponse:
    """An answer of this status whose body says in words what is wrong and how to mend it."""
    content = {
        "type": "about:blank",
        "title": TITLES.get(status, "Error"),
        "status": status,
        "detail": detail,
    }
    return JSONResponse(content | more, status, media_type="application/problem+json")


def too_often(wait: float, *, say: Callable[[str], str] = str) -> JSONResponse:
    """429 with the seconds to wait, in words and in Retry-After (RFC 9110 §10.2.3); *say* may translate."""
    seconds = max(1, math.ceil(wait))
    answer = problem(429, say(f"That was a bit fast. {in_words(seconds)}"), retry_after=seconds)
    answer.headers["Retry-After"] = str(seconds)
    return answer


def in_words(seconds: int) -> str:
    """When to try again, as a sentence."""
    if seconds < 90:
        return f"Please try again in {seconds} second{'s' if seconds != 1 else ''}."
    return f"Please try again in {math.ceil(seconds / 60)} minutes."
