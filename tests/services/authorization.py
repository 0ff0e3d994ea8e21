"""An authorisation server as mail providers run one: consent, tokens with PKCE, rotation, introspection."""

import base64
import hashlib
import secrets
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.services.launch import free_port
from tests.services.visiting import listening

CLIENT_ID, CLIENT_SECRET = "onethread-test", "s3cret of the client"


@dataclass(frozen=True, slots=True)
class _Code:
    user: str
    challenge: str
    redirect_uri: str


class AuthorizationServer:
    """Lets `user` consent to everything. `asked` counts requests by grant type; tokens live `seconds`.

    async with AuthorizationServer("u123").open() as server: …
    """

    def __init__(self, user: str, *, port: int = 0, seconds: int = 3600) -> None:
        self.user = user
        self.seconds = seconds
        self.port = port or free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.asked: Counter[str] = Counter()
        self.access: dict[str, str] = {}
        self.refresh: dict[str, str] = {}
        self.is_down = False
        self._codes: dict[str, _Code] = {}
        self._routes = [
            Route("/authorize", self._authorize),
            Route("/token", self._token, methods=["POST"]),
            Route("/introspect", self._introspect),
        ]

    @asynccontextmanager
    async def open(self) -> AsyncIterator["AuthorizationServer"]:
        """Answer on `port` for as long as the block lasts."""
        async with listening(Starlette(routes=self._routes), self.port):
            yield self

    @property
    def settings(self) -> dict[str, str]:
        """What an installation is told of this provider."""
        return {
            "oauth_name": "Mail & Co",
            "oauth_client_id": CLIENT_ID,
            "oauth_client_secret": CLIENT_SECRET,
            "oauth_authorize_url": f"{self.base}/authorize",
            "oauth_token_url": f"{self.base}/token",
        }

    def give(self) -> tuple[str, str]:
        """An access and a refresh token."""
        access, refresh = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        self.access[access] = self.refresh[refresh] = self.user
        return access, refresh

    def void_access(self) -> None:
        """Every access token ends before its time."""
        self.access.clear()

    def revoke(self) -> None:
        """The owner takes back what was consented to."""
        self.access.clear()
        self.refresh.clear()

    async def _authorize(self, request: Request) -> Response:
        asked = request.query_params
        assert asked["client_id"] == CLIENT_ID and asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(12)
        self._codes[code] = _Code(self.user, asked["code_challenge"], asked["redirect_uri"])
        return RedirectResponse(f"{asked['redirect_uri']}?code={code}&state={asked['state']}", 302)

    async def _token(self, request: Request) -> Response:
        form = await request.form()
        kind = str(form["grant_type"])
        self.asked[kind] += 1
        if self.is_down:
            return Response("<h1>Down for maintenance</h1>", 503)
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return JSONResponse({"error": "invalid_client"}, 401)
        if not self._is_granted(kind, {name: str(value) for name, value in form.items()}):
            return JSONResponse({"error": "invalid_grant", "error_description": "Expired or revoked."}, 400)
        access, refresh = self.give()
        answer = {"access_token": access, "refresh_token": refresh, "expires_in": self.seconds}
        return JSONResponse({**answer, "token_type": "Bearer"})

    def _is_granted(self, kind: str, form: dict[str, str]) -> bool:
        if kind == "refresh_token":
            return self.refresh.pop(form["refresh_token"], None) is not None  # rotated: it works once
        code = self._codes.pop(form["code"], None)
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        return code is not None and (challenge, form["redirect_uri"]) == (code.challenge, code.redirect_uri)

    async def _introspect(self, request: Request) -> Response:
        """RFC 7662, as Dovecot asks it."""
        user = self.access.get(request.query_params.get("token", ""))
        return JSONResponse({"active": user is not None, "username": user, "email": user})
