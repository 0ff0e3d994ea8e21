"""Every address of the application, in one table."""

from starlette.routing import BaseRoute

from web.bodies import MULTIPART_BYTES
from web.deferred import Deferred
from web.endpoints import (
    attachments,
    documents,
    forms,
    health,
    invitations,
    mail,
    pwa,
    setup,
    sign_ins,
    static,
    webchat,
    widget,
)
from web.inbox_routes import INBOX
from web.live.socket import live
from web.policy import Policy, route, socket
from web.settings_routes import SETTINGS

OPERATIONS: list[BaseRoute] = [
    route("/healthz", health.alive, policy=Policy.PUBLIC),
    route("/readyz", health.ready, policy=Policy.PUBLIC),
    route("/metrics", health.figures, policy=Policy.OPERATIONS),
    route("/static/{path:path}", static.show, policy=Policy.PUBLIC),
    route("/favicon.ico", static.favicon, policy=Policy.PUBLIC),
    route("/manifest.webmanifest", pwa.manifest, policy=Policy.PUBLIC),
    route("/sw.js", pwa.worker, policy=Policy.PUBLIC),
    route("/offline", pwa.offline, policy=Policy.PUBLIC),
]

SIGNING_IN: list[BaseRoute] = [
    route("/sign-in", sign_ins.new, policy=Policy.PUBLIC),
    route("/sign-in", sign_ins.create, methods=["POST"], policy=Policy.PUBLIC),
    route("/sign-out", sign_ins.destroy, methods=["POST"], policy=Policy.AGENT),
    route("/setup", setup.new, policy=Policy.PUBLIC),
    route("/setup", setup.create, methods=["POST"], policy=Policy.PUBLIC),
    route("/join/{token}", invitations.show, policy=Policy.PUBLIC),
    route("/join/{token}", invitations.accept, methods=["POST"], policy=Policy.PUBLIC),
]

FILES: list[BaseRoute] = [
    route("/attachments", attachments.create, methods=["POST"], policy=Policy.AGENT, limit=MULTIPART_BYTES),
    route("/attachments/{id}", attachments.show, policy=Policy.AGENT),
    route("/attachments/{id}/preview", attachments.preview, policy=Policy.AGENT),
    route("/attachments/{id}/picture", attachments.large, policy=Policy.AGENT),
    route("/attachments/{id}/text", attachments.text, policy=Policy.AGENT),
    route("/attachments/{id}/thumbnail", attachments.thumbnail, policy=Policy.AGENT),
    route("/pictures/elsewhere/{sealed}", documents.remote_picture, policy=Policy.AGENT),
    route("/pictures/{sealed}", attachments.picture, policy=Policy.AGENT),
]

VISITORS: list[BaseRoute] = [*forms.routes, *widget.routes, *webchat.routes, *mail.routes]

LIVE: list[BaseRoute] = [socket("/live", live, policy=Policy.AGENT)]

# Not everybody has programs that call it, and pydantic takes 8 MB and half a second.
API = Deferred("/api/", "web.api.routes", "API")

# They are tried in this order: first what strangers may ask for in any number.
ROUTES: list[BaseRoute] = [*VISITORS, *OPERATIONS, *LIVE, API, *SIGNING_IN, *FILES, *INBOX, *SETTINGS]


def every_route() -> list[BaseRoute]:
    """The whole table, with what is loaded later."""
    return [route for one in ROUTES for route in (one.routes() if isinstance(one, Deferred) else (one,))]
