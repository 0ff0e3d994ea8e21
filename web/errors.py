"""The one place where trouble becomes an answer: problem+json for the API, a page for browsers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from inbox.errors import Conflict, Invalid, NotFound, NotPermitted, OnethreadError, SettingsInvalid
from inbox.loggers import get_logger
from inbox.outages import is_outage
from inbox.phrases import N_, Phrase, counted
from inbox.words import ENGLISH, Words, words_in
from web.bodies import TooLarge
from web.templating import page
from web.wording import words_for

log = get_logger("onethread.errors")

NOT_FOUND = N_("There is nothing here, or nothing that you may see.")
SENTENCES: Mapping[int, str] = {
    400: N_("The request could not be understood."),
    401: N_("Sign in to go on."),
    403: N_("This is not allowed."),
    404: NOT_FOUND,
    405: N_("This address does not do that."),
    413: N_("That is too large. Send less at once."),
    415: N_("This kind of content is not accepted here."),
    429: N_("That was too much at once. Wait a moment."),
    500: N_("Something went wrong on our side. It has been noted. Try again in a moment."),
    503: N_("The database does not answer just now. Try again in a moment."),
}


class Unauthenticated(OnethreadError):
    """Nobody is signed in, or the bearer token is not (or no longer) valid."""


class TooMany(OnethreadError):
    """A limit was reached; `wait` is the number of seconds after which it may be tried again."""

    def __init__(self, text: str | Phrase, /, *, wait: int, **values: object) -> None:
        super().__init__(text, **values)
        self.wait = wait


def wrong_too_often(minutes: int) -> Phrase:
    """What somebody reads who has guessed too many passwords."""
    return counted(
        "That was wrong too often. Try again in %(number)d minute.",
        "That was wrong too often. Try again in %(number)d minutes.",
        minutes,
    )


@dataclass(frozen=True, slots=True)
class Problem:
    """What RFC 9457 calls a problem: a status, a sentence to act on, and members of its own kind."""

    status: int
    detail: str
    headers: Mapping[str, str] = field(default_factory=dict)
    members: Mapping[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return HTTPStatus(self.status).phrase


def problem_of(error: Exception, words: Words = words_in(ENGLISH)) -> Problem:  # noqa: B008 - a constant
    """The answer to an error, in these words. Forbidden and missing objects answer alike, so that nobody can
    tell which it was."""
    match error:
        case NotFound():
            return Problem(404, words.said(NOT_FOUND))
        case Unauthenticated():
            return Problem(401, words.told(error.phrase))
        case NotPermitted():
            return Problem(403, words.told(error.phrase))
        case TooLarge():
            return Problem(413, words.told(error.phrase))
        case TooMany():
            return Problem(429, words.told(error.phrase), {"Retry-After": str(error.wait)})
        case Conflict():
            return Problem(409, words.told(error.phrase))
        case Invalid() if not isinstance(error, SettingsInvalid):
            field = {"field": error.field} if error.field else {}
            return Problem(422, words.told(error.phrase), members=field)
        case HTTPException():
            sentence = SENTENCES.get(error.status_code, HTTPStatus(error.status_code).phrase)
            return Problem(error.status_code, words.said(sentence), dict(error.headers or {}))
        case _ if is_outage(error):
            return Problem(503, words.said(SENTENCES[503]), {"Retry-After": "2"})
    return Problem(500, words.said(SENTENCES[500]))


async def respond(request: Request, error: Exception) -> Response:
    """The response to an error that an endpoint raised. The API speaks English only: programs read it."""
    is_api = request.url.path.startswith("/api/")
    return answer(request, problem_of(error, words_in(ENGLISH) if is_api else words_for(request)))


def answer(request: Request, problem: Problem) -> Response:
    """A problem as whoever asks understands it."""
    if request.url.path.startswith("/api/"):
        return problem_json(problem)
    if "hx-request" in request.headers:
        # A script of ours: it puts the sentence where it belongs, and htmx shows it as a toast.
        told = {**problem.headers, "HX-Trigger": json.dumps({"toast": {"text": problem.detail}})}
        return problem_json(replace(problem, headers=told))
    return page(
        request,
        "errors/show.html",
        status=problem.status,
        headers=problem.headers,
        problem=problem,
    )


def problem_json(problem: Problem) -> Response:
    """RFC 9457."""
    body = {
        "type": "about:blank",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        **problem.members,
    }
    headers = dict(problem.headers)
    if problem.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="onethread"'
    text = json.dumps(body, ensure_ascii=False)
    return Response(text, problem.status, headers, media_type="application/problem+json")


class LastResort:
    """Answers what no handler expected, and notes it with its trace; the trace never leaves the server."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        has_begun = False

        async def watched(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except Exception as error:
            route = scope.get("onethread.route", "(none)")
            if is_outage(error):
                log.warning("the database does not answer", route=route, error=error)
            else:
                log.exception("not expected", route=route)
            if has_begun:
                raise
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1011, "reason": ""})
                return
            response = await respond(Request(scope, receive), error)
            await response(scope, receive, send)
