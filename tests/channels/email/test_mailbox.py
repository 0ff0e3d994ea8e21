"""A mailbox is read without being changed, whatever others do to it and however mad its server is."""

import asyncio
import contextlib
import re
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from channels.email import fetching
from channels.email.connection import LoginRefused, MailboxTrouble
from channels.email.mailbox import FetchedMail, Mailbox, Position
from channels.email.receiver import check_mailbox
from channels.email.servers import imap_server
from inbox.envelopes import Account
from inbox.errors import Invalid
from tests.services.dovecot import DovecotServer, expect

MEGABYTES = 50_000_000


def account(url: str, password: str = "pw") -> Account:
    return Account(
        channel_id=1, name="Support", address="s@x.example", imap_url=url, smtp_url=None, password=password
    )


def mail(number: int, size: int = 0) -> bytes:
    return b"Subject: %d\r\n\r\n" % number + b"x" * 70 + b"\r\n" + b"y" * size


@pytest.fixture
def user(dovecot: DovecotServer) -> str:
    return dovecot.new_user()


@pytest.fixture
def mailbox(dovecot: DovecotServer, user: str, tmp_path: Path) -> Iterator[Mailbox]:
    opened = Mailbox(imap_server(account(dovecot.url(user))), directory=tmp_path)
    yield opened
    opened.close()


def after(mailbox: Mailbox, uid: int, *, limit: int = 64, max_bytes: int = MEGABYTES) -> list[FetchedMail]:
    position = Position(1, uid)
    return list(mailbox.fetch_after(position, limit=limit, max_bytes=max_bytes).mails)


def content(mail: FetchedMail) -> bytes:
    return mail.path.read_bytes() if mail.path else mail.content


def test_mail_comes_in_order_with_the_time_of_its_arrival(
    dovecot: DovecotServer, user: str, mailbox: Mailbox
) -> None:
    for number in range(3):
        dovecot.append(user, mail(number))

    status = mailbox.connect()
    found = after(mailbox, 0)

    assert (status.messages, status.uid_next) == (3, 4)
    assert [(item.uid, item.content, item.size) for item in found] == [
        (number + 1, mail(number), len(mail(number))) for number in range(3)
    ]
    assert all(datetime.now(UTC) - item.received_at < timedelta(minutes=1) for item in found)


def test_reading_leaves_no_flag(dovecot: DovecotServer, user: str, mailbox: Mailbox) -> None:
    dovecot.append(user, mail(1))
    dovecot.append(user, mail(2, 3_000_000))

    mailbox.connect()
    after(mailbox, 0)

    assert not any("\\Seen" in flags for flags in dovecot.flags(user))


def test_what_was_taken_is_marked_as_seen(dovecot: DovecotServer, user: str, mailbox: Mailbox) -> None:
    dovecot.append(user, mail(1))
    dovecot.append(user, mail(2))

    mailbox.connect()
    mailbox.mark_seen([2])

    assert ["\\Seen" in flags for flags in dovecot.flags(user)] == [False, True]


def test_the_last_mail_does_not_come_again_past_the_end(
    dovecot: DovecotServer, user: str, mailbox: Mailbox
) -> None:
    dovecot.append(user, mail(1))

    mailbox.connect()

    assert after(mailbox, 1) == []
    assert after(mailbox, 50) == []


def test_mail_that_came_by_another_connection_is_found(
    dovecot: DovecotServer, user: str, mailbox: Mailbox
) -> None:
    mailbox.connect()
    assert after(mailbox, 0) == []

    dovecot.append(user, mail(1))

    assert [item.uid for item in after(mailbox, 0)] == [1]


def test_deleted_mail_is_no_error(dovecot: DovecotServer, user: str, mailbox: Mailbox) -> None:
    for number in range(5):
        dovecot.append(user, mail(number))
    mailbox.connect()
    expunge(dovecot, user, "1,3,5")

    batch = mailbox.fetch_after(Position(1, 0), limit=64, max_bytes=MEGABYTES)

    assert [item.uid for item in batch.mails] == [2, 4]
    expunge(dovecot, user, "1:2")
    assert mailbox.fetch_after(Position(1, 4), limit=64, max_bytes=MEGABYTES) == fetching.FetchedBatch((), 4)


def test_large_mail_comes_in_pieces_into_a_file(dovecot: DovecotServer, user: str, mailbox: Mailbox) -> None:
    sizes = [3_000_000, fetching.CHUNK_OCTETS - 88, 2 * fetching.CHUNK_OCTETS - 88, 10]
    originals = [mail(number, size) for number, size in enumerate(sizes)]
    for original in originals:
        dovecot.append(user, original)

    mailbox.connect()
    found = after(mailbox, 0)

    assert [content(item) for item in found] == originals
    assert [item.path is not None for item in found] == [len(it) > fetching.CHUNK_OCTETS for it in originals]


def test_files_are_gone_when_the_mailbox_is_closed(
    dovecot: DovecotServer, user: str, mailbox: Mailbox, tmp_path: Path
) -> None:
    dovecot.append(user, mail(1, 2_000_000))
    mailbox.connect()
    assert after(mailbox, 0)[0].path is not None

    mailbox.close()

    assert list(tmp_path.rglob("*")) == []


def test_too_large_mail_is_handed_over_and_says_so(
    dovecot: DovecotServer, user: str, mailbox: Mailbox
) -> None:
    dovecot.append(user, mail(1, 3_000_000))
    dovecot.append(user, mail(2))

    mailbox.connect()
    found = after(mailbox, 0, max_bytes=1_000)

    assert [item.too_large for item in found] == [True, False]
    assert content(found[0]) == mail(1, 3_000_000)


def test_a_batch_is_bounded_in_number_and_size(dovecot: DovecotServer, user: str, mailbox: Mailbox) -> None:
    for number in range(3):
        dovecot.append(user, mail(number, 7_000_000))
    for number in range(3):
        dovecot.append(user, mail(number))

    mailbox.connect()

    assert [item.uid for item in after(mailbox, 0)] == [1, 2]
    assert [item.uid for item in after(mailbox, 2)] == [3, 4, 5, 6]
    assert [item.uid for item in after(mailbox, 3, limit=2)] == [4, 5]


def test_history_is_what_lay_there_before(dovecot: DovecotServer, user: str, mailbox: Mailbox) -> None:
    for number in range(2):
        dovecot.append(user, mail(number))

    mailbox.connect()
    batch = mailbox.fetch_after(Position(1, 0, history_until=1), limit=64, max_bytes=MEGABYTES)

    assert [item.history for item in batch.mails] == [True, False]


def test_the_first_mail_of_a_day_is_found(dovecot: DovecotServer, user: str, mailbox: Mailbox) -> None:
    with dovecot.login(user) as imap:
        for day in (1, 10, 20):
            imap.append("INBOX", "", f'"{day:02}-Nov-2026 12:00:00 +0000"', mail(day))

    mailbox.connect()

    assert mailbox.first_uid_since(date(2026, 11, 5)) == 2
    assert mailbox.first_uid_since(date(2026, 12, 1)) is None
    assert mailbox.last_uid_before(date(2026, 11, 20)) == 2
    assert mailbox.last_uid_before(date(2026, 10, 1)) == 0


def test_a_folder_made_anew_is_noticed(dovecot: DovecotServer, user: str, mailbox: Mailbox) -> None:
    dovecot.append(user, mail(1))
    before = mailbox.connect()
    mailbox.close()

    dovecot.recreate(user)

    assert mailbox.connect().uid_validity != before.uid_validity


def test_a_wrong_password_is_told_from_other_trouble(dovecot: DovecotServer, user: str) -> None:
    refused = Mailbox(imap_server(account(dovecot.url(user), "wrong")))

    with pytest.raises(LoginRefused, match="refused the user name or password"):
        refused.connect()


@pytest.mark.parametrize("implicit", [True, False])
def test_tls_is_verified(dovecot: DovecotServer, user: str, implicit: bool) -> None:
    server = imap_server(account(dovecot.url(user, tls=implicit)))
    trusting = Mailbox(server, tls=dovecot.certificate.client_context())
    assert trusting.check() is None

    if implicit:
        assert "certificate" in str(Mailbox(server).check())


async def test_check_says_what_is_wrong_in_one_sentence(dovecot: DovecotServer, user: str, port: int) -> None:
    assert await check_mailbox(account(dovecot.url(user))) is None
    assert "refused" in str(await check_mailbox(account(dovecot.url(user), "wrong")))
    assert "could not be reached" in str(await check_mailbox(account(f"imap://{user}@127.0.0.1:{port}")))
    assert "imaps://user@host:993" in str(await check_mailbox(account("pop3://x")))


@pytest.mark.parametrize("evil", ["INBOX\r\nA1 DELETE INBOX", "IN\0BOX", "IN\u2028BOX"])
def test_a_line_break_in_an_argument_is_refused(evil: str) -> None:
    server = imap_server(account("imap://jane@127.0.0.1:1"))
    with pytest.raises(Invalid):
        Mailbox(server, folder=evil)
    with pytest.raises(Invalid):
        imap_server(account(f"imap://jane{evil}@127.0.0.1"))
    with pytest.raises(Invalid):
        imap_server(account("imap://jane%0d%0aA1%20NOOP@127.0.0.1"))


async def test_idle_ends_when_mail_comes(dovecot: DovecotServer, user: str, mailbox: Mailbox) -> None:
    mailbox.connect()
    waiting = asyncio.create_task(asyncio.to_thread(mailbox.idle, 60))

    dovecot.deliver(user, mail(1))

    await asyncio.wait_for(waiting, 10)
    assert [item.uid for item in after(mailbox, 0)] == [1]


async def test_breaking_off_ends_a_wait_at_once(mailbox: Mailbox) -> None:
    mailbox.connect()
    waiting = asyncio.create_task(asyncio.to_thread(mailbox.idle, 60))
    await asyncio.to_thread(mailbox.break_off)

    with pytest.raises(MailboxTrouble):
        await asyncio.wait_for(waiting, 2)


SELECTED = b"* 1 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 2] x\r\n"


@asynccontextmanager
async def scripted(answers: dict[str, bytes], *, tls: ssl.SSLContext | None = None) -> AsyncIterator[Mailbox]:
    """Answers commands by name with these lines and an OK; a line ending in "!" is the last there is."""
    normal = {"CAPABILITY": b"* CAPABILITY IMAP4rev1 IDLE\r\n", "SELECT": SELECTED}

    ended: list[asyncio.Event] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ended.append(asyncio.Event())
        with contextlib.suppress(ConnectionError):
            await converse(reader, writer)
        writer.transport.abort()
        ended[-1].set()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* OK hello\r\n")
        while line := await reader.readline():
            tag, _, command = line.strip().partition(b" ")
            name = re.sub(r"^UID ", "", command.decode().upper())
            key = next((key for key in answers if name.startswith(key)), name.split(" ")[0])
            answer = (normal | answers).get(key, b"")
            writer.write(answer.removesuffix(b"!"))
            if not answer.endswith((b"!", b"tagged")):
                writer.write(tag + b" OK done\r\n")

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        mailbox = Mailbox(imap_server(account(f"imap://jane@127.0.0.1:{port}")), poll_seconds=0.01, tls=tls)
        yield mailbox
        await asyncio.to_thread(mailbox.close)
        for end in ended:
            await asyncio.wait_for(end.wait(), 5)


async def read(mailbox: Mailbox) -> list[FetchedMail]:
    await asyncio.to_thread(mailbox.connect)
    return await asyncio.to_thread(after, mailbox, 0)


SEARCH = b"* SEARCH 1\r\n"
SIZE = b'* 1 FETCH (UID 1 RFC822.SIZE 5 INTERNALDATE "20-Nov-2026 10:00:00 +0000")\r\n'


async def test_a_scripted_server_is_understood() -> None:
    body = b"* 1 FETCH (UID 1 BODY[] {5}\r\nhello)\r\n"
    async with scripted({"SEARCH": SEARCH, "FETCH 1 (RFC822": SIZE, "FETCH 1 (BODY": body}) as mailbox:
        assert [item.content for item in await read(mailbox)] == [b"hello"]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"* 1 FETCH (UID 1 BODY[] {4294967295}\r\nhello!", id="a length beyond all bounds"),
        pytest.param(b"* 1 FETCH (UID 1 BODY[] {3}\r\nhello)\r\n", id="a length that is wrong"),
        pytest.param(b"* OK " + b"x" * 10_000_000 + b"!", id="a line without end"),
        pytest.param(b"* OK x\r\n" * 4_000_000, id="answers without end"),
        pytest.param(b"* BYE going down\r\n!", id="a goodbye"),
        pytest.param(b"\xff\xfe\r\n", id="no IMAP at all"),
    ],
)
async def test_a_mad_server_costs_the_connection_and_no_more(body: bytes) -> None:
    async with scripted({"SEARCH": SEARCH, "FETCH 1 (RFC822": SIZE, "FETCH 1 (BODY": body}) as mailbox:
        with pytest.raises(MailboxTrouble):
            await asyncio.wait_for(read(mailbox), 20)


async def test_a_mail_that_the_server_refuses_three_times_is_given_as_unreadable() -> None:
    refused = b"* NO [SERVERBUG] cannot read\r\n"
    body = b"* 1 FETCH (UID 1 BODY[] {x}\r\n"
    async with scripted(
        {"SEARCH": SEARCH, "FETCH 1 (RFC822": SIZE, "FETCH 1 (BODY": refused + body}
    ) as mailbox:
        for _ in range(2):
            with pytest.raises(MailboxTrouble):
                await read(mailbox)

        (unreadable,) = await read(mailbox)

    assert unreadable.unreadable
    assert unreadable.content == b""


async def test_a_server_without_idle_is_asked_again_and_again() -> None:
    answers = {"CAPABILITY": b"* CAPABILITY IMAP4rev1\r\n", "NOOP": b"* 2 EXISTS\r\n"}
    async with scripted(answers) as mailbox:
        await asyncio.to_thread(mailbox.connect)
        watching = asyncio.create_task(asyncio.to_thread(mailbox.idle, 60))
        done, _ = await asyncio.wait([watching], timeout=20)
    assert done == {watching}, "it waited for all of the minute"


async def test_news_that_come_with_the_answer_to_idle_are_not_slept_through() -> None:
    async with scripted({"IDLE": b"+ idling\r\n* 2 EXISTS\r\n!", "DONE": b"", "SEARCH": SEARCH}) as mailbox:
        await asyncio.to_thread(mailbox.connect)
        with pytest.raises(MailboxTrouble):  # the script's server does not know how IDLE ends
            await asyncio.wait_for(asyncio.to_thread(mailbox.idle, 60), 10)


async def test_a_server_elsewhere_gets_no_password_without_encryption() -> None:
    async with scripted({}, tls=ssl.create_default_context()) as mailbox:
        assert "STARTTLS" in str(await asyncio.to_thread(mailbox.check))


def expunge(dovecot: DovecotServer, user: str, numbers: str) -> None:
    with dovecot.login(user) as imap:
        imap.select("INBOX")
        imap.store(numbers, "+FLAGS", r"(\Deleted)")
        expect(imap.expunge())
