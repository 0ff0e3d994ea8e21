"""Who may reach a route. Every route and socket declares it, and the wrapper here enforces it.

A route is made with `route()` or `socket()` only: what has no policy cannot stand in the table.
"""

from collections.abc import Awaitable, Callable, Sequence
from enum import StrEnum
from urllib.parse import quote

from starlette.convertors import IntegerConvertor, register_url_convertor
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from inbox.errors import NotPermitted
from inbox.phrases import N_
from inbox.queries import agents
from web import csrf, sessions
from web.bodies import FORM_BYTES, JSON_BYTES, limited
from web.errors import Unauthenticated
from web.installation import installation_of

Endpoint = Callable[[Request], Awaitable[Response]]
SocketEndpoint = Callable[[WebSocket], Awaitable[None]]


class Policy(StrEnum):
    """PUBLIC: anybody; its forms must come from our own pages. CHANNEL and VISITOR: other sites may post, no
    cookie counts, and the endpoint checks its channel's own rules (origin list, bearer, visitor token).
    AGENT and ADMIN: a session cookie; forms from our own pages only. API_*: a bearer token, never a cookie.
    OPERATIONS: the machine itself, or an admin's bearer token.
    """

    PUBLIC = "public"
    CHANNEL = "channel"
    VISITOR = "visitor"
    AGENT = "agent"
    ADMIN = "admin"
    API_AGENT = "api-agent"
    API_ADMIN = "api-admin"
    OPERATIONS = "operations"


WITH_COOKIE = frozenset({Policy.AGENT, Policy.ADMIN})
WITH_BEARER = frozenset({Policy.API_AGENT, Policy.API_ADMIN})
WITH_FORM_TOKEN = WITH_COOKIE | {Policy.PUBLIC}
FOR_ADMINS = frozenset({Policy.ADMIN, Policy.API_ADMIN})
ADMINS_ONLY = N_("Only admins can do this. Ask one of them.")
MOST_NAMED = 3


class _Number(IntegerConvertor):
    """A number in a path. One of more digits than any of ours has is no address of ours: Python refuses to
    read thousands of them."""

    regex = "[0-9]{1,18}"


register_url_convertor("int", _Number())


def route(
    path: str,
    endpoint: Endpoint,
    *,
    methods: Sequence[str] = ("GET",),
    policy: Policy,
    limit: int | None = None,
    waits: bool = False,
    name: str | None = None,
) -> Route:
    """An HTTP route. *limit* is the largest body in bytes; *waits*: it answers late on purpose."""
    allowed = limit if limit is not None else (JSON_BYTES if policy in WITH_BEARER else FORM_BYTES)
    guard = Guard(path, endpoint, policy, allowed, waits)
    return Route(path, guard, methods=list(methods), name=name or endpoint.__name__)


def socket(path: str, endpoint: SocketEndpoint, *, policy: Policy) -> WebSocketRoute:
    """A websocket route. AGENT checks origin and session before the connection is accepted."""
    if policy not in (Policy.AGENT, Policy.VISITOR):
        raise ValueError(f"a socket is for agents or for visitors, not {policy}")
    return WebSocketRoute(path, SocketGuard(path, endpoint, policy), name=endpoint.__name__)


class Guard:
    """Lets a request through to its endpoint, or answers why not."""

    def __init__(self, path: str, endpoint: Endpoint, policy: Policy, limit: int, waits: bool) -> None:
        self.path, self.endpoint, self.policy = path, endpoint, policy
        self.limit, self.waits = limit, waits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["onethread.route"], scope["onethread.waits"] = self.path, self.waits
        request = limited(Request(scope, receive), self.limit)
        _check_address(request)
        refusal = await self._refusal(request)
        response = refusal or await self.endpoint(request)
        csrf.keep_seed(request, response)
        await response(scope, receive, send)

    async def _refusal(self, request: Request) -> Response | None:
        """None where the request may pass, a redirection to the sign-in page for a browser without session.

        Raises Unauthenticated or NotPermitted otherwise.
        """
        if self.policy in WITH_COOKIE and await sessions.recognise(request) is None:
            return _to_sign_in(request)
        if self.policy in WITH_BEARER and await sessions.recognise_bearer(request) is None:
            raise Unauthenticated("Send a valid API token: Authorization: Bearer …")
        if self.policy in FOR_ADMINS and not request.state.agent.is_admin:
            raise await _for_admins(request)
        if self.policy == Policy.OPERATIONS:
            await _require_operator(request)
        if self.policy in WITH_FORM_TOKEN and request.method not in csrf.SAFE_METHODS:
            await csrf.check_form(request)
        return None


async def _for_admins(request: Request) -> NotPermitted:
    """Who is not allowed in learns whom to ask."""
    async with installation_of(request).database.reading() as session:
        admins = await agents.admins(session)
    names = ", ".join(admin.name for admin in admins[:MOST_NAMED])
    return NotPermitted("Only admins can do this. Ask one of them: %(names)s.", names=names)


class SocketGuard:
    """Lets a socket through to its endpoint, or refuses the handshake."""

    def __init__(self, path: str, endpoint: SocketEndpoint, policy: Policy) -> None:
        self.path, self.endpoint, self.policy = path, endpoint, policy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["onethread.route"] = self.path
        websocket = WebSocket(scope, receive, send)
        _check_address(websocket)
        if self.policy == Policy.AGENT and not await self._may_agent(websocket):
            await websocket.close(4401)
            return
        await self.endpoint(websocket)

    async def _may_agent(self, websocket: WebSocket) -> bool:
        # A browser always says where a socket's page is from (RFC 6455 §10.2).
        if "origin" not in websocket.headers or not csrf.is_same_origin(websocket):
            return False
        return await sessions.recognise(websocket) is not None


def _check_address(connection: HTTPConnection) -> None:
    """Raise HTTPException for an address with U+0000 in it, which no database takes for text."""
    if "\0" in connection.scope["path"]:
        raise HTTPException(404)
    if b"%00" in connection.scope["query_string"] or b"\0" in connection.scope["query_string"]:
        raise HTTPException(400)


def _to_sign_in(request: Request) -> Response:
    is_page = request.method in csrf.SAFE_METHODS and "hx-request" not in request.headers
    if not is_page:
        raise Unauthenticated("You have been signed out. Sign in to go on; what you wrote is kept.")
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"/sign-in?next={quote(path, safe='')}" if path != "/" else "/sign-in", 303)


async def _require_operator(request: Request) -> None:
    """Loopback without a proxy in between, or an admin's token."""
    is_forwarded = "x-forwarded-for" in request.headers or "forwarded" in request.headers
    if request.client and request.client.host in ("127.0.0.1", "::1") and not is_forwarded:
        return
    agent = await sessions.recognise_bearer(request)
    if agent is None:
        raise Unauthenticated("Ask from the machine itself, or with an admin's API token.")
    if not agent.is_admin:
        raise NotPermitted(ADMINS_ONLY)
