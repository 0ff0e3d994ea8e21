"""A mailbox without a password: real IMAP and SMTP logins by token, renewed, refused, taken back."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from channels.email import connection
from channels.email.grants import AccessTokens
from channels.email.receiver import check_mailbox
from channels.email.sender import EmailSender
from channels.email.watch import MailboxWatch
from inbox import clock
from inbox.accounts import Grant, account_of
from inbox.actions.grants import keep_grant
from inbox.actors import SYSTEM
from inbox.blobs import BlobStore
from inbox.config import Settings
from inbox.db import Database
from inbox.envelopes import Outcome
from inbox.errors import TemporaryFailure
from inbox.intake import IntakeDesk
from inbox.models import Channel, Message
from tests.builders import KEYS
from tests.channels.email.conftest import NewMailbox
from tests.services.authorization import AuthorizationServer
from tests.services.dovecot import DovecotServer
from tests.services.smtp import SmtpSink, TokenSmtpSink

RAW = b"From: support@desk.test\r\nSubject: Hi\r\n\r\nHello\r\n"


@pytest.fixture
def user(dovecot: DovecotServer) -> str:
    return dovecot.new_user()


@pytest.fixture
async def provider(dovecot: DovecotServer, user: str) -> AsyncIterator[AuthorizationServer]:
    """The provider that Dovecot asks about tokens."""
    async with AuthorizationServer(user, port=dovecot.introspection_port).open() as server:
        yield server


@pytest.fixture
def tokens(sqlite_database: Database, settings: Settings, provider: AuthorizationServer) -> AccessTokens:
    return AccessTokens(sqlite_database, KEYS, settings.model_copy(update=provider.settings))


@pytest.fixture
def token_sink(user: str, provider: AuthorizationServer) -> Iterator[SmtpSink]:
    sink = TokenSmtpSink(lambda name, token: provider.access.get(token) == name == user)
    yield sink
    sink.close()


async def sign_in(database: Database, channel: Channel, provider: AuthorizationServer) -> None:
    async with database.transaction() as session:
        grant = Grant(*provider.give(), clock.now() + timedelta(hours=1))
        await keep_grant(session, await session.get_one(Channel, channel.id), grant, by=SYSTEM, keys=KEYS)


async def until(database: Database, holds: Callable[[Channel, int], bool]) -> Channel:
    """The only channel, as soon as *holds* is true of it and of the number of messages."""
    async with asyncio.timeout(40):
        with database.feed.watch() as bell:
            while True:
                bell.clear()
                async with database.reading() as session:
                    channel = (await session.scalars(select(Channel))).one()
                    count = await session.scalar(select(func.count()).select_from(Message)) or 0
                if holds(channel, count):
                    return channel
                await bell.wait()


def mail(number: int) -> bytes:
    return (
        f"From: a@b.test\r\nMessage-ID: <{number}@b.test>\r\nSubject: Hi\r\n\r\nHello {number}\r\n".encode()
    )


async def test_a_mailbox_is_read_by_token_through_all_that_may_happen_to_it(
    sqlite_database: Database,
    blobs: BlobStore,
    desk: IntakeDesk,
    dovecot: DovecotServer,
    user: str,
    provider: AuthorizationServer,
    tokens: AccessTokens,
    new_mailbox: NewMailbox,
) -> None:
    channel = await new_mailbox(
        "support", sign_in="other", imap_url=dovecot.url(user), first_connection="all"
    )
    await sign_in(sqlite_database, channel, provider)
    dovecot.deliver(user, mail(1))
    watch = MailboxWatch(sqlite_database, blobs, KEYS, desk, max_bytes=1_000_000, alone=True, tokens=tokens)
    running = asyncio.create_task(watch.run())
    await until(sqlite_database, lambda channel, count: count == 1 and channel.state == "ok")

    provider.void_access()  # the token ends before its time: another one, and nobody notices
    await asyncio.to_thread(dovecot.disconnect, user)
    dovecot.deliver(user, mail(2))
    await until(sqlite_database, lambda channel, count: count == 2)
    assert provider.asked["refresh_token"] == 1

    provider.revoke()  # the owner takes the consent back: said on the screen, and not tried again
    await asyncio.to_thread(dovecot.disconnect, user)
    broken = await until(sqlite_database, lambda channel, count: channel.state == "auth_failed")
    assert "Connect the mailbox again" in broken.state_text

    dovecot.deliver(user, mail(3))
    await sign_in(sqlite_database, channel, provider)  # and with a new one it goes on at once
    await until(sqlite_database, lambda channel, count: count == 3 and channel.state == "ok")
    running.cancel()
    await asyncio.wait([running])


@pytest.mark.parametrize("mechanism", ["XOAUTH2", "OAUTHBEARER"])
async def test_dovecot_takes_both_mechanisms_and_refuses_a_void_token(
    sqlite_database: Database,
    dovecot: DovecotServer,
    user: str,
    provider: AuthorizationServer,
    tokens: AccessTokens,
    new_mailbox: NewMailbox,
    monkeypatch: pytest.MonkeyPatch,
    mechanism: str,
) -> None:
    monkeypatch.setattr(connection, "TOKEN_MECHANISMS", (mechanism,))
    channel = await new_mailbox("support", sign_in="other", imap_url=dovecot.url(user))
    await sign_in(sqlite_database, channel, provider)
    account = account_of(channel, KEYS)

    async def token(refused: str | None) -> str:
        return await tokens.token(channel.id, refused=refused)

    assert await check_mailbox(account, token=token) is None
    provider.void_access()
    assert "refused the sign-in" in str(await check_mailbox(account, token=token))


async def test_mail_leaves_by_token_and_a_void_one_is_renewed_on_the_way(
    sqlite_database: Database,
    blobs: BlobStore,
    user: str,
    provider: AuthorizationServer,
    tokens: AccessTokens,
    new_mailbox: NewMailbox,
    token_sink: TokenSmtpSink,
) -> None:
    url = f"smtp://{user}@127.0.0.1:{token_sink.port}"
    channel = await new_mailbox("support", sign_in="other", smtp_url=url)
    await sign_in(sqlite_database, channel, provider)
    account, sender = account_of(channel, KEYS), EmailSender(blobs.read, tokens=tokens)

    async def deliver() -> Outcome:
        answers = await sender.deliver(account, RAW, sender="support@desk.test", recipients=["jane@x.test"])
        return answers["jane@x.test"].outcome

    assert await deliver() is Outcome.SENT
    provider.void_access()
    assert await deliver() is Outcome.SENT
    assert (token_sink.let_in, token_sink.refused, len(token_sink.ledger)) == (2, 1, 2)

    provider.revoke()
    with pytest.raises(TemporaryFailure) as refusal:
        await deliver()
    assert refusal.value.code == 535 and "Connect the mailbox again" in str(refusal.value)
    assert len(token_sink.ledger) == 2
