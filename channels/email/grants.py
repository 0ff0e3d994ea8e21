"""The access token of a mailbox that is signed in to without a password, always one that still works.

A token is renewed before it expires, by one process at a time, and what the provider gave is stored before
it is used: a rotated refresh token that was lost would lock us out.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from channels.email.connection import LoginRefused, MailboxTrouble
from channels.email.oauth import Client, GrantRefused, ProviderTrouble, Tokens, client_for, fresh_tokens
from inbox import clock, leases
from inbox.accounts import Grant, grant_of, unsealed
from inbox.actions import grants
from inbox.config import Settings
from inbox.db import Database
from inbox.errors import Invalid
from inbox.models import Channel
from inbox.secrets import Keys

BEFORE_EXPIRY = timedelta(minutes=5)
LOOKS_APART = 0.2
WAIT_SECONDS = 60.0


class ReconnectNeeded(LoginRefused):
    """Nobody has signed in yet, or the provider takes the sign-in no longer."""


class AccessTokens:
    """Gives out access tokens by channel; any number of these, in any number of processes, may run beside."""

    def __init__(self, database: Database, keys: Keys, settings: Settings) -> None:
        self._database = database
        self._keys = keys
        self._settings = settings
        self._owner = secrets.token_hex(8)

    async def token(self, channel_id: int, *, refused: str | None = None) -> str:
        """A token for the mailbox, another one than *refused*, which its mail server did not take.

        Raises ReconnectNeeded where somebody has to sign in again, MailboxTrouble where the provider cannot
        be asked now.
        """
        grant = await self._grant(channel_id)
        if self._is_good(grant, refused):
            return grant.access_token
        async with self._alone(channel_id):
            grant = await self._grant(channel_id)  # another one may have been quicker
            if self._is_good(grant, refused):
                return grant.access_token
            return await self._renew(channel_id, grant)

    async def _renew(self, channel_id: int, grant: Grant) -> str:
        try:
            tokens = await fresh_tokens(await self._client(channel_id), grant.refresh_token)
        except GrantRefused as refusal:
            async with self._database.transaction() as session:
                await grants.break_grant(session, channel_id, str(refusal))
            raise ReconnectNeeded(str(refusal)) from refusal
        except (ProviderTrouble, Invalid) as trouble:
            raise MailboxTrouble(str(trouble)) from trouble
        await self._store(channel_id, tokens)
        return tokens.access_token

    async def _store(self, channel_id: int, tokens: Tokens) -> None:
        async with self._database.transaction() as session:
            await grants.renew_grant(
                session,
                channel_id,
                Grant(tokens.access_token, tokens.refresh_token, tokens.expires_at),
                keys=self._keys,
            )

    async def _grant(self, channel_id: int) -> Grant:
        async with self._database.reading() as session:
            grant = await grant_of(session, channel_id, self._keys)
        if grant is None:
            raise ReconnectNeeded("Nobody has signed in to this mailbox yet: connect it.")
        if grant.broken:
            raise ReconnectNeeded(grant.broken)
        return grant

    def _is_good(self, grant: Grant, refused: str | None) -> bool:
        return grant.access_token != refused and grant.expires_at - BEFORE_EXPIRY > clock.now()

    async def _client(self, channel_id: int) -> Client:
        async with self._database.reading() as session:
            channel = await session.get_one(Channel, channel_id)
        return client_of(channel, self._keys, self._settings)

    @asynccontextmanager
    async def _alone(self, channel_id: int) -> AsyncIterator[None]:
        """Nobody else renews this mailbox's token meanwhile, in no process."""
        name, owner = f"grant {channel_id}", f"{self._owner}{secrets.token_hex(4)}"
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await self._hold(name, owner)
        except TimeoutError as error:
            raise MailboxTrouble("The sign-in is being renewed elsewhere.") from error
        try:
            yield
        finally:
            await leases.release(self._database, name, owner)

    async def _hold(self, name: str, owner: str) -> None:
        while True:
            if await leases.hold(self._database, name, owner):
                return
            await asyncio.sleep(LOOKS_APART)


def client_of(channel: Channel, keys: Keys, settings: Settings) -> Client:
    """Us at the provider of this mailbox; raises Invalid where we are not registered there."""
    return client_for(
        str(channel.settings.get("sign_in", "")),
        settings,
        client_id=str(channel.settings.get("client_id", "")),
        client_secret=str(unsealed(channel, keys).get("client_secret", "")),
    )
