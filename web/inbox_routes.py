"""The addresses of the inbox: lists, conversations, and all that agents do to cases."""

from starlette.routing import BaseRoute

from web.bodies import MULTIPART_BYTES
from web.endpoints import (
    assignments,
    beginnings,
    bulk,
    cases,
    conversations,
    customers,
    documents,
    drafts,
    enquiries,
    handoffs,
    inbox,
    merges,
    messages,
    notes,
    participants,
    previews,
    replies,
    resolutions,
    searches,
    snoozes,
    suggestions,
    teams_views,
    undos,
    views,
)
from web.policy import Endpoint, Policy, route


def _get(path: str, endpoint: Endpoint) -> BaseRoute:
    return route(path, endpoint, policy=Policy.AGENT)


def _post(path: str, endpoint: Endpoint, *, limit: int | None = None, method: str = "POST") -> BaseRoute:
    return route(path, endpoint, methods=[method], policy=Policy.AGENT, limit=limit)


INBOX: list[BaseRoute] = [
    _get("/", inbox.home),
    _get("/inbox", inbox.menu),
    _get("/inbox/team/{slug}", teams_views.show),
    _post("/inbox/unassigned/next", assignments.take_next),
    _get("/inbox/view/{id}", views.show),
    _get("/inbox/found", views.found),
    _get("/inbox/{view}", inbox.show),
    _post("/views", views.create),
    _get("/views/new", views.new),
    _get("/views/{id}", views.edit),
    _post("/views/{id}", views.update),
    _post("/views/{id}/removal", views.remove),
    _post("/conversations", beginnings.create, limit=MULTIPART_BYTES),
    _get("/conversations/new", beginnings.new),
    _get("/conversations/{id}", conversations.show),
    _post("/conversations/{id}/read", conversations.mark_read),
    _post("/conversations/{id}/unread", conversations.mark_unread),
    _post("/conversations/{id}/messages", replies.create, limit=MULTIPART_BYTES),
    _post("/conversations/{id}/notes", notes.create, limit=MULTIPART_BYTES),
    _post("/conversations/{id}/draft", drafts.update, method="PUT"),
    _get("/cases/bulk", bulk.choices),
    _post("/cases/bulk", bulk.create),
    _get("/cases/{number:int}", cases.show),
    _post("/cases/{number:int}/assignee", assignments.update),
    _post("/cases/{number:int}/team", assignments.update_team),
    _post("/cases/{number:int}/handoffs", handoffs.create),
    _post("/cases/{number:int}/resolution", resolutions.create),
    _post("/cases/{number:int}/reopening", resolutions.reopen),
    _post("/cases/{number:int}/pending", resolutions.set_pending),
    _post("/cases/{number:int}/spam", resolutions.mark_spam),
    _post("/cases/{number:int}/unspam", resolutions.unmark_spam),
    _post("/cases/{number:int}/snooze", snoozes.create),
    _post("/cases/{number:int}/tags", cases.tag),
    _post("/cases/{number:int}/subject", cases.rename),
    _post("/cases/{number:int}/priority", cases.prioritise),
    _post("/cases/{number:int}/split", cases.split),
    _post("/cases/{number:int}/join", cases.join),
    _post("/handoffs/{id}/accept", handoffs.accept),
    _post("/handoffs/{id}/decline", handoffs.decline),
    _post("/handoffs/{id}/withdraw", handoffs.withdraw),
    _post("/strands/{id}/answered", replies.mark_answered),
    _post("/strands/{id}/participants", participants.confirm),
    _post("/suggestions/{id}", suggestions.decide),
    _post("/messages/{id}/cancel", messages.cancel),
    _post("/messages/{id}/retry", messages.retry),
    _post("/messages/{id}/spam", messages.mark_spam),
    _post("/messages/{id}/unspam", messages.unmark_spam),
    _get("/messages/{id}/enquiries", enquiries.new),
    _post("/messages/{id}/enquiries", enquiries.create, limit=MULTIPART_BYTES),
    _post("/previews", previews.create),
    _get("/messages/{id}/move", messages.new_move),
    _post("/messages/{id}/move", messages.move),
    _get("/messages/{id}/document", documents.show),
    _get("/search", searches.show),
    _get("/customers", customers.index),
    _get("/customers/{id}", customers.show),
    _post("/customers/{id}", customers.update),
    _post("/customers/{id}/merge", merges.create),
    _post("/merges/{id}/undo", merges.undo),
    _post("/undo/{id}", undos.create),
]
