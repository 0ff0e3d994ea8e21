"""The API as OpenAPI 3.1, made of its routes, its bodies and its shapes; and a page that shows it."""

import inspect
import re
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

import inbox
from web.api import (
    absences,
    calls,
    cases,
    conversations,
    customers,
    message_shapes,
    messages,
    ratings,
    redactions,
    shapes,
    workspace,
    workspace_shapes,
)
from web.policy import Endpoint, Guard, Policy
from web.templating import page

Model = type[BaseModel]

BODIES: dict[Endpoint, Model] = {
    conversations.create: conversations.Beginning,
    conversations.add_note: conversations.NewNote,
    messages.create: messages.Reply,
    messages.spam: messages.Spam,
    messages.move: messages.Move,
    redactions.create: redactions.Redaction,
    cases.update: cases.CaseChange,
    cases.split: cases.Split,
    cases.join: cases.Join,
    cases.offer: cases.Offer,
    cases.accept: cases.HandoffAnswer,
    cases.decline: cases.HandoffAnswer,
    customers.update: customers.CustomerChange,
    customers.merge: customers.MergeInto,
    calls.create: calls.Call,
    calls.update: calls.CallChange,
    customers.decide: customers.Decision,
    absences.create: absences.NewAbsence,
    workspace.add_agent: workspace.NewAgent,
    workspace.change_agent: workspace.AgentChange,
    workspace.add_team: workspace.NewTeam,
    workspace.change_team: workspace.TeamChange,
    workspace.add_channel: workspace.NewChannel,
    workspace.change_channel: workspace.ChannelChange,
    workspace.add_tag: workspace.NewTag,
}
SHAPES: dict[str, Model] = {
    "conversations": shapes.ConversationShape,
    "messages": message_shapes.MessageShape,
    "calls": message_shapes.MessageShape,
    "notes": shapes.NoteShape,
    "cases": shapes.CaseShape,
    "handoffs": shapes.HandoffShape,
    "customers": shapes.CustomerShape,
    "ratings": ratings.RatingShape,
    "suggestions": shapes.SuggestionShape,
    "strands": shapes.StrandShape,
    "events": shapes.EventShape,
    "intake": workspace_shapes.IntakeShape,
    "attachments": message_shapes.AttachmentShape,
    "absence": absences.AbsenceShape,
    "absences": absences.AbsenceShape,
    "agents": workspace_shapes.AgentShape,
    "teams": workspace_shapes.TeamShape,
    "channels": workspace_shapes.ConfiguredChannelShape,
}
VERBS = frozenset(
    {
        *("answered", "cancel", "retry", "spam", "move", "redact"),
        *("split", "join", "accept", "decline", "withdraw"),
    }
)
QUERY = re.compile(r"[?&](\w+)=")
PARAMETER = re.compile(r"{(\w+)(?::(\w+))?}")


class Description:
    """A table of routes described, and the two addresses that show it."""

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        self._routes = routes

    @cached_property
    def whole(self) -> dict[str, Any]:
        """Made once: routes and shapes do not change while the server runs."""
        return _described(self._routes)

    async def show(self, request: Request) -> Response:
        """GET /api/openapi.json"""
        return JSONResponse(self.whole)

    async def docs(self, request: Request) -> Response:
        """GET /api/docs: the same for people; nothing is loaded from elsewhere."""
        return page(request, "api/docs.html", schema=self.whole)


def _described(routes: Sequence[BaseRoute]) -> dict[str, Any]:
    models = [*dict.fromkeys([*BODIES.values(), *SHAPES.values()])]
    _, definitions = models_json_schema(
        [(model, "serialization") for model in models], ref_template="#/components/schemas/{model}"
    )
    paths: dict[str, dict[str, Any]] = {}
    for entry in routes:
        guard = getattr(entry, "endpoint", None)
        if isinstance(guard, Guard) and guard.policy in (Policy.API_AGENT, Policy.API_ADMIN):
            for method in sorted(set(getattr(entry, "methods", ())) - {"HEAD"}):
                path = PARAMETER.sub(r"{\1}", guard.path)
                paths.setdefault(path, {})[method.lower()] = _operation(guard, method)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Onethread", "version": inbox.__version__, "description": DESCRIPTION},
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "schemas": definitions.get("$defs", {}) | {"Problem": PROBLEM},
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(guard: Guard, method: str) -> dict[str, Any]:
    words = inspect.cleandoc(guard.endpoint.__doc__ or "")
    first = words.splitlines()[0] if words else guard.path
    operation: dict[str, Any] = {
        "summary": first,
        "operationId": _operation_id(guard.path, method),
        "parameters": _parameters(guard.path, words, method),
        "responses": _responses(guard, method, words),
    }
    if model := BODIES.get(guard.endpoint):
        operation["requestBody"] = {"required": True, "content": _json(_reference(model))}
    return operation


def _operation_id(path: str, method: str) -> str:
    words = re.sub(r"[^a-z0-9]+", "_", path.removeprefix("/api/v1/"))
    return f"{method.lower()}_{words}".strip("_")


def _parameters(path: str, words: str, method: str) -> list[dict[str, Any]]:
    found = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "integer" if kind == "int" else "string"},
        }
        for name, kind in PARAMETER.findall(path)
    ]
    numbers = ("limit", "wait", "case")
    asked = ["after", "wait", "limit"] if path.endswith("/events") else QUERY.findall(words)
    for name in dict.fromkeys(asked):
        kind = {"type": "integer", "minimum": 0} if name in numbers else {"type": "string"}
        found.append({"name": name, "in": "query", "required": False, "schema": kind})
    if method != "GET":
        found.append(
            {"name": "Idempotency-Key", "in": "header", "required": False, "schema": {"type": "string"}}
        )
    return found


def _responses(guard: Guard, method: str, words: str) -> dict[str, Any]:
    success = {"description": "As asked.", "content": _json(_answer(guard.path, method))}
    if guard.path.endswith("/raw"):
        success["content"] = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
    answers: dict[str, Any] = {"200": success}
    if method == "POST":
        answers["201"] = success
    if method == "DELETE":
        answers = {"204": {"description": "It is gone."}}
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for status, text in STATUSES.items():
        answers[status] = {"description": text, "content": problem}
    return answers


def _answer(path: str, method: str) -> dict[str, Any]:
    nouns = [part for part in path.removeprefix("/api/v1/").split("/") if not part.startswith("{")]
    noun = nouns[-2] if nouns[-1] in VERBS and len(nouns) > 1 else nouns[-1]
    model = SHAPES.get(noun)
    one = _reference(model) if model and noun != "messages" else {"type": "object"}
    if noun == "messages":
        one = {"$ref": "#/components/schemas/MessageShape"}
    is_list = method == "GET" and not path.endswith("}") and nouns[-1] != "raw"
    if not is_list:
        return one
    following = {"type": ["string", "null"]}
    return {"type": "object", "properties": {"items": {"type": "array", "items": one}, "next": following}}


def _reference(model: Model) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{model.__name__}"}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


DESCRIPTION = (
    "Acts with the permissions of the agent whose token it is. Ids are public ids, cases go by their number. "
    "Lists answer items and next, the cursor of what follows. Times are RFC 3339 in UTC. "
    "Errors are RFC 9457 problems."
)
STATUSES = {
    "400": "It could not be understood.",
    "401": "No valid token.",
    "403": "This agent may not do it.",
    "404": "There is no such thing, or not for this agent.",
    "409": "The state of things forbids it now.",
    "422": "Something in it cannot be used; `detail` says what.",
    "429": "Too often.",
}
PROBLEM = {
    "type": "object",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
}
