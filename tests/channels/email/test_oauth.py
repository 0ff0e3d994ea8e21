"""Without a password: consent with PKCE, tokens renewed in time, once, and stored before their use."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from sqlalchemy import select

from channels.email.connection import MailboxTrouble, initial_response
from channels.email.grants import AccessTokens, ReconnectNeeded
from channels.email.oauth import GrantRefused, ProviderTrouble, client_for, consent_url, first_tokens
from channels.email.servers import MailServer
from inbox import clock
from inbox.accounts import Grant, grant_of
from inbox.actions.grants import keep_grant
from inbox.actors import SYSTEM
from inbox.config import Settings
from inbox.db import Database
from inbox.errors import Invalid
from inbox.models import Channel, MailboxGrant
from tests.builders import KEYS
from tests.channels.email.conftest import NewMailbox
from tests.services.authorization import AuthorizationServer

RETURN = "http://127.0.0.1:8000/settings/mailbox-sign-in"
VERIFIER = "v" * 50


@pytest.fixture
async def provider() -> AsyncIterator[AuthorizationServer]:
    async with AuthorizationServer("support@desk.test").open() as server:
        yield server


@pytest.fixture
def known(settings: Settings, provider: AuthorizationServer) -> Settings:
    """Settings that name the provider."""
    return settings.model_copy(update=provider.settings)


@pytest.fixture
async def mailbox(
    sqlite_database: Database, new_mailbox: NewMailbox, provider: AuthorizationServer
) -> Channel:
    """A mailbox whose owner has signed in."""
    channel = await new_mailbox("support", sign_in="other", imap_url="imap://127.0.0.1")
    await signed_in(sqlite_database, channel, provider, minutes=60)
    return channel


async def signed_in(
    database: Database, channel: Channel, server: AuthorizationServer, *, minutes: int
) -> str:
    access, refresh = server.give()
    grant = Grant(access, refresh, clock.now() + timedelta(minutes=minutes))
    async with database.transaction() as session:
        stored = await session.get_one(Channel, channel.id)
        await keep_grant(session, stored, grant, by=SYSTEM, keys=KEYS)
    return access


async def test_who_consents_gives_a_code_and_the_code_gives_tokens(
    known: Settings, provider: AuthorizationServer
) -> None:
    client = client_for("other", known)
    url = consent_url(client, redirect_uri=RETURN, state="s", verifier=VERIFIER, address="support@desk.test")
    async with httpx2.AsyncClient() as browser:
        back = parse_qs(urlsplit((await browser.get(url)).headers["location"]).query)
    tokens = await first_tokens(client, code=back["code"][0], verifier=VERIFIER, redirect_uri=RETURN)

    assert back["state"] == ["s"] and VERIFIER not in url
    assert provider.access[tokens.access_token] == "support@desk.test"
    assert timedelta(minutes=59) < tokens.expires_at - clock.now() <= timedelta(minutes=60)
    with pytest.raises(GrantRefused):  # a code is good once, and only with its verifier
        await first_tokens(client, code=back["code"][0], verifier=VERIFIER, redirect_uri=RETURN)


def test_the_large_providers_are_asked_as_they_want_to_be(settings: Settings) -> None:
    registered = settings.model_copy(update={"microsoft_client_id": "m", "microsoft_tenant": "contoso"})
    given: dict[str, Any] = {
        "redirect_uri": RETURN,
        "state": "s",
        "verifier": VERIFIER,
        "address": "a@b.test",
    }
    google = urlsplit(consent_url(client_for("google", settings, client_id="g"), **given))
    microsoft = urlsplit(consent_url(client_for("microsoft", registered), **given))

    asked = parse_qs(google.query)
    assert google.hostname == "accounts.google.com" and asked["scope"] == ["https://mail.google.com/"]
    assert (asked["access_type"], asked["prompt"], asked["client_id"]) == (["offline"], ["consent"], ["g"])
    assert asked["code_challenge_method"] == ["S256"] and asked["login_hint"] == ["a@b.test"]
    assert microsoft.path.startswith("/contoso/")
    assert "SMTP.Send offline_access" in parse_qs(microsoft.query)["scope"][0]


@pytest.mark.parametrize("key", ["google", "other", "yahoo"])
def test_where_nobody_has_registered_it_says_so(settings: Settings, key: str) -> None:
    with pytest.raises(Invalid):
        client_for(key, settings)


async def test_a_token_is_used_until_shortly_before_its_end_and_then_renewed_once_for_everybody(
    sqlite_database: Database, known: Settings, provider: AuthorizationServer, mailbox: Channel
) -> None:
    one, other = (AccessTokens(sqlite_database, KEYS, known) for _ in range(2))
    first = await one.token(mailbox.id)
    assert provider.asked["refresh_token"] == 0

    await signed_in(sqlite_database, mailbox, provider, minutes=4)
    renewed = await asyncio.gather(*(each.token(mailbox.id) for each in (one, other) for _ in range(4)))

    assert provider.asked["refresh_token"] == 1
    assert len(set(renewed)) == 1 and renewed[0] != first and renewed[0] in provider.access


async def test_a_token_that_was_refused_is_replaced_and_the_rotated_one_is_kept(
    sqlite_database: Database, known: Settings, provider: AuthorizationServer, mailbox: Channel
) -> None:
    tokens = AccessTokens(sqlite_database, KEYS, known)
    refused = await tokens.token(mailbox.id)
    for _ in range(3):  # each refresh token works once
        refused = await tokens.token(mailbox.id, refused=refused)

    async with sqlite_database.reading() as session:
        grant = await grant_of(session, mailbox.id, KEYS)
    assert (
        grant is not None and grant.access_token == refused and set(provider.refresh) >= {grant.refresh_token}
    )


async def test_a_consent_that_was_taken_back_is_asked_for_again_and_not_tried_any_more(
    sqlite_database: Database, known: Settings, provider: AuthorizationServer, mailbox: Channel
) -> None:
    tokens = AccessTokens(sqlite_database, KEYS, known)
    refused = await tokens.token(mailbox.id)
    provider.revoke()
    for _ in range(3):
        with pytest.raises(ReconnectNeeded, match="Connect the mailbox again"):
            await tokens.token(mailbox.id, refused=refused)
    assert provider.asked["refresh_token"] == 1

    again = await signed_in(sqlite_database, mailbox, provider, minutes=60)
    assert await tokens.token(mailbox.id, refused=refused) == again


async def test_a_provider_that_is_down_breaks_nothing(
    sqlite_database: Database, known: Settings, provider: AuthorizationServer, mailbox: Channel
) -> None:
    tokens = AccessTokens(sqlite_database, KEYS, known)
    refused = await tokens.token(mailbox.id)
    provider.is_down = True
    with pytest.raises(MailboxTrouble) as trouble:
        await tokens.token(mailbox.id, refused=refused)
    assert not isinstance(trouble.value, ReconnectNeeded)

    provider.is_down = False
    assert await tokens.token(mailbox.id, refused=refused) != refused


async def test_who_never_signed_in_is_asked_to(
    sqlite_database: Database, known: Settings, new_mailbox: NewMailbox
) -> None:
    channel = await new_mailbox("sales", sign_in="other")
    with pytest.raises(ReconnectNeeded):
        await AccessTokens(sqlite_database, KEYS, known).token(channel.id)


async def test_no_token_stands_readable_in_the_database_or_in_a_trace(
    sqlite_database: Database, known: Settings, provider: AuthorizationServer, mailbox: Channel
) -> None:
    access = await AccessTokens(sqlite_database, KEYS, known).token(mailbox.id)
    async with sqlite_database.reading() as session:
        stored = (await session.scalars(select(MailboxGrant))).one()
        grant = await grant_of(session, mailbox.id, KEYS)

    assert access not in stored.sealed
    assert access not in repr(grant) and access not in repr(MailServer("h", 1, True, access_token=access))
    assert "s3cret" not in repr(client_for("other", known)) and "s3cret" not in repr(known)


@pytest.mark.parametrize("token", ["a b", "a\r\nA1 DELETE INBOX", "a\x01", "ü", 5, None])
async def test_what_could_smuggle_a_command_in_is_no_token(
    known: Settings, provider: AuthorizationServer, monkeypatch: pytest.MonkeyPatch, token: object
) -> None:
    monkeypatch.setattr(provider, "give", lambda: (token, "r"))
    client = client_for("other", known)
    url = consent_url(client, redirect_uri=RETURN, state="s", verifier=VERIFIER, address="a@b.test")
    async with httpx2.AsyncClient() as browser:
        back = parse_qs(urlsplit((await browser.get(url)).headers["location"]).query)
    with pytest.raises(ProviderTrouble):
        await first_tokens(client, code=back["code"][0], verifier=VERIFIER, redirect_uri=RETURN)


def test_a_comma_in_a_user_name_does_not_end_the_header_of_oauthbearer() -> None:
    server = MailServer("imap.x.test", 993, implicit_tls=True)
    sent = initial_response("OAUTHBEARER", server, "a,b=c@x.test", "t")
    assert sent == b"n,a=a=2Cb=3Dc@x.test,\x01host=imap.x.test\x01port=993\x01auth=Bearer t\x01\x01"
