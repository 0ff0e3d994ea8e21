"""What was sent lies in the mailbox's Sent folder once, where the mail server does not see to that itself."""

import pytest
from sqlalchemy import select

from channels.email.sender import EmailSender
from channels.email.sent import SentCopies
from inbox import clock as now
from inbox.actions import sent_copies
from inbox.actions.sent_copies import wants_copies
from inbox.blobs import BlobStore
from inbox.clock import FrozenClock
from inbox.db import Database
from inbox.models import Channel, DeliveryState, SentCopy
from tests.builders import KEYS, a_mailbox_channel
from tests.inbox.test_outbox import a_queued_reply, a_worker, until_delivery
from tests.services.dovecot import DovecotServer
from tests.services.smtp import SmtpSink


@pytest.fixture
def user(dovecot: DovecotServer) -> str:
    name = dovecot.new_user()
    dovecot.create(name, "Sent")
    return name


async def a_reply_that_left(
    database: Database, blobs: BlobStore, sink: SmtpSink, imap_url: str | None, **settings: str
) -> bytes:
    """Send a reply by the real way out; answers the bytes that arrived."""
    async with database.transaction() as session:
        channel = await a_mailbox_channel(session, imap_url=imap_url, smtp_url=sink.url, password="pw")
        channel.settings = {**channel.settings, **settings}
    async with a_worker(database, blobs, EmailSender(blobs.read)):  # type: ignore[arg-type]
        _, message = await a_queued_reply(database, channel=channel)
        await until_delivery(database, message, DeliveryState.SENT)
    return sink.ledger[-1].raw


async def copies(database: Database) -> list[SentCopy]:
    async with database.reading() as session:
        return list(await session.scalars(select(SentCopy)))


async def test_an_answer_lies_in_the_sent_folder_once_and_read(
    sqlite_database: Database, blobs: BlobStore, dovecot: DovecotServer, user: str, smtp_sink: SmtpSink
) -> None:
    raw = await a_reply_that_left(sqlite_database, blobs, smtp_sink, dovecot.url(user))
    worker = SentCopies(sqlite_database, blobs, KEYS)

    assert await worker.keep_due() == 1

    (kept,) = dovecot.messages(user, "Sent").values()
    assert kept.split() == raw.split()
    assert "\\Seen" in dovecot.flags(user, "Sent")[0]
    assert await copies(sqlite_database) == [] and await worker.keep_due() == 0


async def test_a_copy_that_lies_there_already_is_not_laid_there_again(
    sqlite_database: Database, blobs: BlobStore, dovecot: DovecotServer, user: str, smtp_sink: SmtpSink
) -> None:
    raw = await a_reply_that_left(sqlite_database, blobs, smtp_sink, dovecot.url(user))
    dovecot.append(user, raw, "Sent")  # by the mail server itself, or by a try that was cut off

    assert await SentCopies(sqlite_database, blobs, KEYS).keep_due() == 1

    assert len(dovecot.messages(user, "Sent")) == 1
    assert await copies(sqlite_database) == []


async def test_a_folder_is_made_where_there_is_none(
    sqlite_database: Database, blobs: BlobStore, dovecot: DovecotServer, smtp_sink: SmtpSink
) -> None:
    user = dovecot.new_user()
    await a_reply_that_left(sqlite_database, blobs, smtp_sink, dovecot.url(user))
    await SentCopies(sqlite_database, blobs, KEYS).keep_due()

    assert len(dovecot.messages(user, "Sent")) == 1


async def test_a_folder_of_another_name_is_taken_where_the_settings_say_so(
    sqlite_database: Database, blobs: BlobStore, dovecot: DovecotServer, user: str, smtp_sink: SmtpSink
) -> None:
    dovecot.create(user, "Out")
    await a_reply_that_left(sqlite_database, blobs, smtp_sink, dovecot.url(user), sent_folder="Out")
    await SentCopies(sqlite_database, blobs, KEYS).keep_due()

    assert len(dovecot.messages(user, "Out")) == 1 and dovecot.messages(user, "Sent") == {}


async def test_a_server_that_is_away_gets_the_copy_later_and_the_mail_stays_sent(
    sqlite_database: Database, blobs: BlobStore, smtp_sink: SmtpSink, port: int, clock: FrozenClock
) -> None:
    await a_reply_that_left(sqlite_database, blobs, smtp_sink, f"imap://u@127.0.0.1:{port}")
    worker = SentCopies(sqlite_database, blobs, KEYS)

    assert await worker.keep_due() == 1
    (waiting,) = await copies(sqlite_database)
    assert (waiting.due_at - now.now()).total_seconds() == 60 and await worker.keep_due() == 0
    for _ in sent_copies.DELAYS:
        clock.advance(hours=24)
        await worker.keep_due()
    clock.advance(hours=24)
    assert await worker.keep_due() == 0 and await copies(sqlite_database) == []  # given up, and nobody hurt


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ({"imap_url": "imaps://imap.x.test", "smtp_url": "smtps://smtp.x.test"}, True),
        ({"imap_url": "imaps://imap.gmail.com", "smtp_url": "smtps://smtp.gmail.com:465"}, False),
        ({"imap_url": "imaps://o.test", "smtp_url": "smtp://smtp.office365.com:587"}, False),
        ({"imap_url": "imaps://o.test", "smtp_url": "smtp://smtp.notgmail.com"}, True),
        ({"imap_url": "imaps://g", "smtp_url": "smtps://smtp.gmail.com", "sent_copies": "yes"}, True),
        ({"imap_url": "imaps://imap.x.test", "smtp_url": "smtps://smtp.x.test", "sent_copies": "no"}, False),
        ({"smtp_url": "smtps://smtp.x.test", "sent_copies": "yes"}, False),
    ],
)
def test_the_server_decides_unless_somebody_did(settings: dict[str, str], wanted: bool) -> None:
    channel = Channel(kind="email", name="S", settings=settings, is_sample=False)
    assert wants_copies(channel) is wanted
