"""Signing in to a mail provider without a password: OAuth 2.0, authorisation code with PKCE (RFC 6749, 7636).

Which providers there are, the address of their consent page, and the two requests for tokens. Nothing here
is stored, and no token stands in an error's text.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from inbox import clock
from inbox.config import Settings
from inbox.errors import Invalid, OnethreadError

if TYPE_CHECKING:
    import httpx2

REQUEST_SECONDS = 20.0
ANSWER_BYTES = 100_000
SHORTEST_LIFE = timedelta(seconds=60)
USUAL_SECONDS = 3_600
LONGEST_SECONDS = 86_400
OUTLOOK = "https://outlook.office.com"
MAIL_SERVERS = {  # IMAP and SMTP of the providers that everybody knows
    "google": ("imaps://imap.gmail.com:993", "smtps://smtp.gmail.com:465"),
    "microsoft": ("imaps://outlook.office365.com:993", "smtp://smtp.office365.com:587"),
}
_NO_MORE = ("invalid_grant", "interaction_required", "consent_required", "login_required")


class ProviderTrouble(OnethreadError):
    """The provider could not be asked, or its answer makes no sense; it may work later."""


class GrantRefused(OnethreadError):
    """The provider says no: somebody has to sign in there again."""


@dataclass(frozen=True, slots=True)
class Provider:
    """A mail provider: where to ask for consent and for tokens."""

    key: str
    name: str
    authorize_url: str
    token_url: str
    scope: str
    extras: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Client:
    """This installation as a provider knows it."""

    provider: Provider
    client_id: str
    client_secret: str = field(repr=False, default="")


@dataclass(frozen=True, slots=True)
class Tokens:
    """What lets us into a mailbox until `expires_at`, and what gets us the next one."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: datetime


def providers(settings: Settings) -> dict[str, Provider]:
    """The providers by key: Google, Microsoft, and one of the operator's own where the settings name it."""
    login = f"https://login.microsoftonline.com/{settings.microsoft_tenant}/oauth2/v2.0"
    known = [
        Provider(
            "google",
            "Google",
            "https://accounts.google.com/o/oauth2/v2/auth",
            "https://oauth2.googleapis.com/token",
            "https://mail.google.com/",
            # Without both, Google gives a refresh token at the very first consent only.
            extras={"access_type": "offline", "prompt": "consent"},
        ),
        Provider(
            "microsoft",
            "Microsoft",
            f"{login}/authorize",
            f"{login}/token",
            " ".join((f"{OUTLOOK}/IMAP.AccessAsUser.All", f"{OUTLOOK}/SMTP.Send", "offline_access")),
        ),
    ]
    if settings.oauth_token_url and settings.oauth_authorize_url:
        own = settings
        known.append(
            Provider("other", own.oauth_name, own.oauth_authorize_url, own.oauth_token_url, own.oauth_scope)
        )
    return {provider.key: provider for provider in known}


def client_for(key: str, settings: Settings, *, client_id: str = "", client_secret: str = "") -> Client:
    """Us at a provider: by the channel's own registration where it has one, else by the installation's.

    Raises Invalid where there is neither.
    """
    provider = providers(settings).get(key)
    if provider is None:
        raise Invalid("This provider is not known here.", field="sign_in")
    installed = {
        "google": (settings.google_client_id, settings.google_client_secret),
        "microsoft": (settings.microsoft_client_id, settings.microsoft_client_secret),
        "other": (settings.oauth_client_id, settings.oauth_client_secret),
    }[key]
    chosen = (client_id, client_secret) if client_id else installed
    if not chosen[0]:
        raise Invalid(
            "Register Onethread with %(name)s first, and enter its client id.",
            name=provider.name,
            field="client_id",
        )
    return Client(provider, *chosen)


def consent_url(client: Client, *, redirect_uri: str, state: str, verifier: str, address: str) -> str:
    """The page on which the mailbox's owner lets us in."""
    digest = hashlib.sha256(verifier.encode()).digest()
    asked = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": redirect_uri,
        "scope": client.provider.scope,
        "state": state,
        "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
        "code_challenge_method": "S256",
        "login_hint": address,
        **client.provider.extras,
    }
    joint = "&" if "?" in client.provider.authorize_url else "?"
    return client.provider.authorize_url + joint + urlencode(asked)


async def first_tokens(client: Client, *, code: str, verifier: str, redirect_uri: str) -> Tokens:
    """The tokens for the code that the consent page sent; raises GrantRefused or ProviderTrouble."""
    asked = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": verifier,
    }
    answer = await _ask(client, asked)
    if not isinstance(answer.get("refresh_token"), str):
        name = client.provider.name
        raise GrantRefused(f"{name} gave no lasting access. Remove Onethread's access there, and try again.")
    return _tokens(client, answer, "")


async def fresh_tokens(client: Client, refresh_token: str) -> Tokens:
    """New tokens for an old refresh token, which may be void from now on; raises GrantRefused or
    ProviderTrouble."""
    answer = await _ask(client, {"grant_type": "refresh_token", "refresh_token": refresh_token})
    return _tokens(client, answer, refresh_token)


async def _ask(client: Client, asked: Mapping[str, str]) -> dict[str, Any]:
    provider = client.provider
    form = {**asked, "client_id": client.client_id}
    if client.client_secret:
        form["client_secret"] = client.client_secret
    import httpx2  # few mailboxes need it: loaded only for them

    try:
        async with (
            httpx2.AsyncClient(timeout=REQUEST_SECONDS, follow_redirects=False) as http,
            http.stream("POST", provider.token_url, data=form) as response,
        ):
            content = await _bounded(response)
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise ProviderTrouble(f"{provider.name} could not be reached: {type(error).__name__}.") from error
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ProviderTrouble(f"{provider.name} answered nothing that makes sense.") from error
    if not isinstance(answer, dict):
        raise ProviderTrouble(f"{provider.name} answered nothing that makes sense.")
    if response.status_code != 200:
        raise _refusal(provider, response.status_code, answer)
    return answer


async def _bounded(response: "httpx2.Response") -> bytes:
    content = b""
    async for chunk in response.aiter_bytes():
        content += chunk
        if len(content) > ANSWER_BYTES:
            break  # no longer JSON, and said to be so
    return content


def _refusal(provider: Provider, status: int, answer: Mapping[str, Any]) -> OnethreadError:
    reason = str(answer.get("error", ""))[:60]
    said = " ".join(str(answer.get("error_description", "")).split())[:200]
    text = f"{provider.name} refused the sign-in ({reason or status}). {said}".strip()
    if reason in _NO_MORE:
        return GrantRefused(f"{text} Connect the mailbox again.")
    return ProviderTrouble(text)


def _tokens(client: Client, answer: Mapping[str, Any], refresh_token: str) -> Tokens:
    access = answer.get("access_token")
    # What cannot stand in a header or a SASL string would be a way to smuggle commands in.
    if not isinstance(access, str) or not access.isascii() or not access.isprintable() or " " in access:
        raise ProviderTrouble(f"{client.provider.name} answered no access token.")
    lasting = answer.get("refresh_token") or refresh_token
    seconds = answer.get("expires_in", USUAL_SECONDS)
    life = timedelta(
        seconds=min(float(seconds), 86_400) if isinstance(seconds, int | float) else USUAL_SECONDS
    )
    return Tokens(access, str(lasting), clock.now() + max(life, SHORTEST_LIFE))
