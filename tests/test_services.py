"""The servers that other tests rely on do what they promise."""

import asyncio
import imaplib
import smtplib
from collections.abc import Awaitable, Callable

import pytest
import sqlalchemy as sa
from playwright.async_api import Page
from redis.asyncio import Redis

from inbox.db import Database
from tests.services.certificates import Certificate
from tests.services.dovecot import DovecotServer
from tests.services.launch import require
from tests.services.postgres import PostgresServer
from tests.services.proxy import TcpProxy
from tests.services.redis import RedisServer
from tests.services.smtp import Drop, SmtpSink

MAIL = b"From: ann@example.org\r\nTo: us@example.com\r\nSubject: Hello\r\n\r\nHello!\r\n"


def send(sink: SmtpSink, *recipients: str) -> dict[str, tuple[int, bytes]]:
    with smtplib.SMTP("127.0.0.1", sink.port, timeout=20) as client:
        return client.sendmail("us@example.com", recipients or ("ann@example.org",), MAIL)


@pytest.mark.parametrize(("ci", "outcome"), [("true", pytest.fail.Exception), ("", pytest.skip.Exception)])
def test_a_missing_server_skips_a_test_but_fails_it_in_ci(
    monkeypatch: pytest.MonkeyPatch, ci: str, outcome: type[BaseException]
) -> None:
    monkeypatch.setenv("CI", ci)

    with pytest.raises(outcome, match="no-such-server is not installed"):
        require("no-such-server")


async def test_a_migrated_database_of_its_own_is_open(database: Database) -> None:
    async with database.reading() as session:
        assert (await session.execute(sa.text("SELECT count(*) FROM customers"))).scalar_one() == 0


async def test_redis_answers(redis_server: RedisServer) -> None:
    async with Redis.from_url(redis_server.url) as client:
        await client.set("a", "b")
        assert await client.get("a") == b"b"


def test_postgres_survives_a_crash_where_it_is_asked_to_be_durable() -> None:
    server = PostgresServer(durable=True)
    try:
        server.run("CREATE TABLE kept (id int)")
        server.kill()
        server.start()

        assert server.run("SELECT count(*) FROM kept") == "0"
    finally:
        server.close()


def test_delivered_and_appended_mails_are_found_by_imap(dovecot: DovecotServer) -> None:
    user = dovecot.new_user()

    dovecot.deliver(user, MAIL)
    dovecot.append(user, MAIL.replace(b"Hello!", b"Again"), flags=r"(\Seen)")

    assert [b"Hello!" in raw for raw in dovecot.messages(user).values()] == [True, False]
    assert [r"\Seen" in flags for flags in dovecot.flags(user)] == [False, True]


@pytest.mark.parametrize("mailbox", ["INBOX", "Support"])
def test_a_recreated_mailbox_is_empty_and_has_another_uidvalidity(
    dovecot: DovecotServer, mailbox: str
) -> None:
    user = dovecot.new_user()
    if mailbox != "INBOX":
        dovecot.create(user, mailbox)
    dovecot.deliver(user, MAIL, mailbox)
    before = dovecot.uidvalidity(user, mailbox)

    dovecot.recreate(user, mailbox)

    assert dovecot.messages(user, mailbox) == {}
    assert dovecot.uidvalidity(user, mailbox) != before


def test_imap_is_spoken_over_tls_that_verifies(dovecot: DovecotServer) -> None:
    trust = dovecot.certificate.client_context()
    with imaplib.IMAP4_SSL("127.0.0.1", dovecot.tls_port, ssl_context=trust, timeout=20) as imap:
        assert imap.login(dovecot.new_user(), "pw")[0] == "OK"


def test_a_restarted_imap_server_has_its_mail(dovecot: DovecotServer) -> None:
    user = dovecot.new_user()
    dovecot.deliver(user, MAIL)

    dovecot.restart()

    assert len(dovecot.messages(user)) == 1


def test_the_sink_keeps_what_it_accepts(smtp_sink: SmtpSink) -> None:
    send(smtp_sink)

    [accepted] = smtp_sink.wait_for(1)
    assert accepted.recipients == ("ann@example.org",)
    assert accepted.message["Subject"] == "Hello"


def test_the_sink_refuses_one_recipient_and_takes_the_other(smtp_sink: SmtpSink) -> None:
    smtp_sink.refuse("gone@example.org", "550 5.1.1 No such user")

    refused = send(smtp_sink, "gone@example.org", "ann@example.org")

    assert refused == {"gone@example.org": (550, b"5.1.1 No such user")}
    assert smtp_sink.ledger[0].recipients == ("ann@example.org",)


def test_the_sink_defers_as_often_as_told(smtp_sink: SmtpSink) -> None:
    smtp_sink.refuse_data("451 4.3.0 Later", times=1)

    with pytest.raises(smtplib.SMTPDataError, match="Later"):
        send(smtp_sink)
    send(smtp_sink)

    assert len(smtp_sink.ledger) == 1


@pytest.mark.parametrize(
    ("moment", "accepted"), [(Drop.ON_CONNECT, 0), (Drop.BEFORE_DATA, 0), (Drop.AFTER_DATA, 1)]
)
def test_the_sink_drops_a_connection_before_or_after_it_has_the_mail(
    smtp_sink: SmtpSink, moment: Drop, accepted: int
) -> None:
    smtp_sink.drop(moment)

    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionError)):
        send(smtp_sink)

    assert len(smtp_sink.ledger) == accepted
    send(smtp_sink)
    assert len(smtp_sink.ledger) == accepted + 1


def test_the_sink_speaks_starttls_and_asks_for_the_password(certificate: Certificate) -> None:
    sink = SmtpSink(certificate=certificate, credentials=("us", "secret"))
    try:
        with smtplib.SMTP("127.0.0.1", sink.port, timeout=20) as client:
            client.starttls(context=certificate.client_context())
            with pytest.raises(smtplib.SMTPAuthenticationError):
                client.login("us", "wrong")
            client.login("us", "secret")
            client.sendmail("us@example.com", ["ann@example.org"], MAIL)
        assert len(sink.ledger) == 1
    finally:
        sink.close()


async def echo() -> asyncio.Server:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(line)
        writer.close()

    return await asyncio.start_server(answer, "127.0.0.1", 0)


async def test_the_proxy_stalls_resumes_cuts_and_refuses(
    tcp_proxy: Callable[[int], Awaitable[TcpProxy]],
) -> None:
    server = await echo()
    proxy = await tcp_proxy(server.sockets[0].getsockname()[1])
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(b"one\n")
    assert await reader.readline() == b"one\n"

    proxy.stall()
    writer.write(b"two\n")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.readline(), 0.1)
    proxy.resume()
    assert await reader.readline() == b"two\n"

    proxy.cut()
    with pytest.raises(ConnectionResetError):
        await reader.readline()
    writer.close()

    await proxy.refuse()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", proxy.port)
    server.close()


async def test_the_proxy_cuts_in_the_middle_of_an_answer(
    tcp_proxy: Callable[[int], Awaitable[TcpProxy]],
) -> None:
    server = await echo()
    proxy = await tcp_proxy(server.sockets[0].getsockname()[1])
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)

    proxy.cut_after(4)
    writer.write(b"a long line\n")

    with pytest.raises(ConnectionResetError):
        await reader.readline()
    assert proxy.server_bytes == 4
    writer.close()
    server.close()


async def test_a_page_is_rendered(page: Page) -> None:
    await page.set_content("<h1>Onethread</h1>")

    assert await page.get_by_role("heading").inner_text() == "Onethread"
