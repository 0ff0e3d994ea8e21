"""How the API reads requests and answers them: bodies, lists, and requests that are repeated."""

import json
import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from inbox.actions.repeats import Answer, first_answer, hash_of, keep_answer
from inbox.actors import Actor
from inbox.errors import Invalid
from inbox.models import Agent
from inbox.queries.pages import limited
from web.installation import installation_of
from web.moments import is_of_our_time

REPEAT = "idempotency-key"
_NO_TEXT = re.compile("[\0\ud800-\udfff]")
Session = Any  # an inbox session; only inbox itself names its type


class Body(BaseModel):
    """What a request may hold; anything else in it is an error, since it would be ignored silently."""

    model_config = ConfigDict(extra="forbid")


def _of_our_time(moment: datetime) -> datetime:
    if not is_of_our_time(moment):
        raise ValueError("Write a day and a time that somebody can mean")
    return moment


Moment = Annotated[datetime, AfterValidator(_of_our_time)]
CaseNumber = Annotated[int, Field(ge=1, lt=2**62)]
B = TypeVar("B", bound=Body)


async def read(request: Request, model: type[B]) -> B:
    """The request's JSON body. Raises Invalid with the field and what is wrong with it."""
    try:
        content = json.loads(await request.body() or b"{}")
        is_storable = _is_storable(content)
    except (ValueError, RecursionError) as error:
        raise Invalid("The body is no JSON.") from error
    if not is_storable:
        raise Invalid("The body holds characters that are no text: U+0000 or half a surrogate pair.")
    try:
        return model.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or None
        raise Invalid(f"{field or 'body'}: {first['msg']}.", field=field) from error


def acting(request: Request) -> Agent:
    """The agent for whom the bearer token acts."""
    agent: Agent = request.state.agent
    return agent


def actor_of(request: Request) -> Actor:
    return Actor.agent(acting(request))


def text_of(content: Any) -> str:
    """JSON text of a shape, a list of shapes or plain values."""
    return json.dumps(_plain(content), ensure_ascii=False, separators=(",", ":"))


def json_answer(content: Any, status: int = 200) -> Response:
    return Response(text_of(content), status, media_type="application/json")


def listed(items: Sequence[Any], following: str | None) -> Response:
    """A list: {"items": […], "next": cursor|null}."""
    return json_answer({"items": list(items), "next": following})


def page_of(request: Request) -> tuple[int, str | None]:
    """The page that was asked for: limit and cursor. Raises Invalid."""
    return limited(number(request, "limit")), request.query_params.get("cursor") or None


def number(request: Request, name: str) -> int | None:
    """A whole number of the query; None where it is not there. Raises Invalid."""
    value = request.query_params.get(name)
    if value is None or value == "":
        return None
    try:
        found = int(value)
    except ValueError as error:
        raise Invalid(f"{name} must be a whole number.", field=name) from error
    if abs(found) >= 2**62:
        raise Invalid(f"{name} is too large.", field=name)
    return found


def path_number(request: Request) -> int:
    """A number out of the path; what is too large for any number of ours is just not there."""
    return min(int(request.path_params["number"]), 2**62)


async def once(request: Request, change: Callable[[Session], Awaitable[tuple[int, Any]]]) -> Response:
    """Change something in one transaction and answer with (status, content).

    A request that comes again under its Idempotency-Key gets the first answer and changes nothing; one that
    failed is not remembered. Raises Invalid where the key came with another request before.
    """
    agent, key = acting(request), request.headers.get(REPEAT)
    request_hash = hash_of(request.method.encode(), request.url.path.encode(), await request.body())
    async with installation_of(request).database.transaction() as session:
        known = await first_answer(session, agent, key, request_hash) if key else None
        if known is None:
            status, content = await change(session)
            known = Answer(status, text_of(content) if content is not None else "")
            if key:
                await keep_answer(session, agent, key, known)
    return Response(known.body, known.status, media_type="application/json" if known.body else None)


def _is_storable(content: Any) -> bool:
    """Whether all text in it can be stored: JSON can say what is no character (RFC 8259 §8.2)."""
    if isinstance(content, str):
        return _NO_TEXT.search(content) is None
    if isinstance(content, dict):
        return all(_is_storable(name) and _is_storable(value) for name, value in content.items())
    return all(map(_is_storable, content)) if isinstance(content, list) else True


def _plain(content: Any) -> Any:
    if isinstance(content, BaseModel):
        return content.model_dump(mode="json")
    if isinstance(content, dict):
        return {name: _plain(value) for name, value in content.items()}
    if isinstance(content, list | tuple):
        return [_plain(value) for value in content]
    return content
