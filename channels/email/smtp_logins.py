"""Logging in to an SMTP server (RFC 4954): by password, or by a provider's token."""

import base64
from collections.abc import Awaitable
from typing import Protocol

from aiosmtplib import SMTP, SMTPAuthenticationError

from channels.email.connection import LoginRefused, MailboxTrouble, initial_response
from channels.email.servers import MailServer
from channels.email.smtp_answers import AUTHENTICATION_FAILED, failure_of
from inbox.envelopes import Account
from inbox.errors import TemporaryFailure

LOGIN_SECONDS = 60.0
_LET_IN, _CHALLENGE = 235, 334


class TokenSource(Protocol):
    """Gets what takes the place of a mailbox's password, another one than *refused*.

    Raises LoginRefused where somebody has to sign in again, and MailboxTrouble.
    """

    def token(self, channel_id: int, *, refused: str | None = None) -> Awaitable[str]: ...


async def log_in(client: SMTP, server: MailServer, account: Account, tokens: TokenSource | None) -> None:
    """Raises TemporaryFailure; with code 535 where the login was refused."""
    if account.sign_in:
        await _sign_in(client, server, account.channel_id, tokens)
    else:
        await _by_password(client, server)


async def _by_password(client: SMTP, server: MailServer) -> None:
    if server.user is None:
        return
    if not client.supported_auth_methods:
        raise TemporaryFailure(f"{server.host} offers no login, but the channel has a user name for it.")
    try:
        await client.login(server.user, server.password or "", timeout=LOGIN_SECONDS)
    except SMTPAuthenticationError as refusal:
        raise failure_of(refusal) from refusal


async def _sign_in(client: SMTP, server: MailServer, channel_id: int, tokens: TokenSource | None) -> None:
    """Log in by token; one that is refused before its time is renewed, once."""
    if tokens is None or not {"xoauth2", "oauthbearer"} & set(client.server_auth_methods):
        raise TemporaryFailure(f"{server.host} lets nobody in by the sign-in of a provider.")
    try:
        token = await tokens.token(channel_id)
        try:
            await _show_token(client, server, token)
        except SMTPAuthenticationError:
            token = await tokens.token(channel_id, refused=token)
            await _show_token(client, server, token)
    except SMTPAuthenticationError as refusal:
        raise failure_of(refusal) from refusal
    except LoginRefused as refusal:
        raise TemporaryFailure(str(refusal), code=AUTHENTICATION_FAILED) from refusal
    except MailboxTrouble as trouble:
        raise TemporaryFailure(str(trouble)) from trouble


async def _show_token(client: SMTP, server: MailServer, token: str) -> None:
    """XOAUTH2 or OAUTHBEARER (RFC 7628); raises SMTPAuthenticationError."""
    mechanism = "XOAUTH2" if "xoauth2" in client.server_auth_methods else "OAUTHBEARER"
    first = base64.b64encode(initial_response(mechanism, server, server.user or "", token))
    answer = await client.execute_command(b"AUTH", mechanism.encode(), first, timeout=LOGIN_SECONDS)
    if answer.code == _CHALLENGE:  # what is wrong, which must be answered without content
        farewell = base64.b64encode(b"\x01") if mechanism == "OAUTHBEARER" else b""
        answer = await client.execute_command(farewell, timeout=LOGIN_SECONDS)
    if answer.code != _LET_IN:
        raise SMTPAuthenticationError(answer.code, answer.message)
