"""The addresses of the API."""

from collections.abc import Sequence

from starlette.routing import BaseRoute

from web.api import (
    absences,
    calls,
    cases,
    conversations,
    customers,
    events,
    messages,
    ratings,
    redactions,
    workspace,
)
from web.api.schema import Description
from web.bodies import MULTIPART_BYTES
from web.endpoints import attachments
from web.policy import Endpoint, Policy, route

V1 = "/api/v1"


def _of(
    path: str, *, get: Endpoint | None = None, post: Endpoint | None = None, patch: Endpoint | None = None
) -> list[BaseRoute]:
    methods = (("GET", get), ("POST", post), ("PATCH", patch))
    return [
        route(V1 + path, endpoint, methods=[method], policy=Policy.API_AGENT)
        for method, endpoint in methods
        if endpoint is not None
    ]


def _admin(path: str, method: str, endpoint: Endpoint) -> BaseRoute:
    return route(V1 + path, endpoint, methods=[method], policy=Policy.API_ADMIN)


CALLS: Sequence[BaseRoute] = [
    *_of("/conversations", get=conversations.index, post=conversations.create),
    *_of("/conversations/{id}", get=conversations.show),
    *_of("/conversations/{id}/messages", get=messages.index, post=messages.create),
    *_of("/conversations/{id}/notes", post=conversations.add_note),
    *_of("/messages/{id}/cancel", post=messages.cancel),
    *_of("/messages/{id}/retry", post=messages.retry),
    *_of("/messages/{id}/spam", post=messages.spam),
    *_of("/messages/{id}/move", post=messages.move),
    *_of("/messages/{id}/redact", post=redactions.create),
    *_of("/strands/{id}/answered", post=messages.answered),
    *_of("/cases", get=cases.index),
    *_of("/cases/{number:int}", get=cases.show, patch=cases.update),
    *_of("/cases/{number:int}/split", post=cases.split),
    *_of("/cases/{number:int}/join", post=cases.join),
    *_of("/cases/{number:int}/notes", get=cases.notes),
    *_of("/cases/{number:int}/handoffs", post=cases.offer),
    *_of("/handoffs", get=cases.list_handoffs),
    *_of("/handoffs/{id}/accept", post=cases.accept),
    *_of("/handoffs/{id}/decline", post=cases.decline),
    *_of("/handoffs/{id}/withdraw", post=cases.withdraw),
    *_of("/customers", get=customers.index),
    *_of("/customers/{id}", get=customers.show, patch=customers.update),
    *_of("/customers/{id}/merge", post=customers.merge),
    *_of("/customers/{id}/calls", post=calls.create),
    *_of("/calls/{id}", patch=calls.update),
    *_of("/calls/{id}/cancel", post=calls.cancel),
    *_of("/merges/{id}/undo", post=customers.undo_merge),
    *_of("/ratings", get=ratings.index),
    *_of("/suggestions", get=customers.list_suggestions),
    *_of("/suggestions/{id}", post=customers.decide),
    route(V1 + "/events", events.index, policy=Policy.API_AGENT, waits=True),
    *_of("/intake", get=workspace.list_intake),
    *_of("/intake/{id}/retry", post=workspace.retry_intake),
    *_of("/intake/{id}/raw", get=workspace.raw_intake),
    route(
        V1 + "/attachments",
        workspace.upload,
        methods=["POST"],
        policy=Policy.API_AGENT,
        limit=MULTIPART_BYTES,
    ),
    *_of("/attachments/{id}", get=attachments.show),
    *_of("/agents", get=workspace.list_agents),
    *_of("/absences", get=absences.index),
    *_of("/agents/{id}/absence", post=absences.create),
    route(V1 + "/agents/{id}/absence", absences.end, methods=["DELETE"], policy=Policy.API_AGENT),
    _admin("/agents", "POST", workspace.add_agent),
    _admin("/agents/{id}", "PATCH", workspace.change_agent),
    *_of("/teams", get=workspace.list_teams),
    _admin("/teams", "POST", workspace.add_team),
    _admin("/teams/{id}", "PATCH", workspace.change_team),
    _admin("/teams/{id}", "DELETE", workspace.remove_team),
    *_of("/channels", get=workspace.list_channels),
    *_of("/channels/{id}", get=workspace.show_channel),
    _admin("/channels", "POST", workspace.add_channel),
    _admin("/channels/{id}", "PATCH", workspace.change_channel),
    *_of("/tags", get=workspace.list_tags, post=workspace.add_tag),
]

DESCRIPTION = Description(CALLS)

API: Sequence[BaseRoute] = [
    *CALLS,
    route("/api/openapi.json", DESCRIPTION.show, policy=Policy.PUBLIC),
    route("/api/docs", DESCRIPTION.docs, policy=Policy.PUBLIC),
]
