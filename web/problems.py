"""Errors as problem details (RFC 9457): a sentence that a person can act on."""

import math
from typing import Any

from starlette.responses import JSONResponse

from inbox.phrases import Phrase, counted, phrase
from inbox.words import ENGLISH, words_in

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


def too_often(wait: float, *, language: str = ENGLISH) -> JSONResponse:
    """429 with the seconds to wait, in words and in Retry-After (RFC 9110 §10.2.3)."""
    seconds = max(1, math.ceil(wait))
    answer = problem(429, words_in(language).told(too_fast(seconds)), retry_after=seconds)
    answer.headers["Retry-After"] = str(seconds)
    return answer


def too_fast(seconds: int) -> Phrase:
    """That it was too much at once, and when to try again."""
    if seconds < 90:
        return counted(
            "That was a bit fast. Please try again in %(number)s second.",
            "That was a bit fast. Please try again in %(number)s seconds.",
            seconds,
        )
    minutes = math.ceil(seconds / 60)
    return phrase("That was a bit fast. Please try again in %(minutes)s minutes.", minutes=minutes)


def in_words(seconds: int) -> Phrase:
    """When to try again, as a sentence."""
    if seconds < 90:
        return counted(
            "Please try again in %(number)s second.", "Please try again in %(number)s seconds.", seconds
        )
    return phrase("Please try again in %(minutes)s minutes.", minutes=math.ceil(seconds / 60))
