"""Mails that the installation writes by itself, over a real SMTP server."""

import pytest
from sqlalchemy import select

from channels.registry import senders
from inbox.actions.automatic_mails import send
from inbox.blobs import BlobStore
from inbox.clock import FrozenClock
from inbox.db import Database
from inbox.mailing import AutomaticMailWorker
from inbox.models import AutomaticKind, AutomaticMail
from tests.builders import KEYS, a_mailbox_channel
from tests.services.launch import free_port
from tests.services.smtp import SmtpSink

ANA = "ana@mail.example"


async def queued(database: Database, smtp_url: str | None) -> None:
    async with database.transaction() as session:
        mailbox = await a_mailbox_channel(session, smtp_url=smtp_url, password=None)
        await send(
            session,
            kind=AutomaticKind.CODE,
            mailbox=mailbox,
            address=ANA,
            subject="Your code",
            text="Your code is 123456",
            keys=KEYS,
        )


async def mail_of(database: Database) -> AutomaticMail:
    async with database.reading() as session:
        return (await session.scalars(select(AutomaticMail))).one()


@pytest.fixture
def worker(sqlite_database: Database, blobs: BlobStore) -> AutomaticMailWorker:
    return AutomaticMailWorker(sqlite_database, KEYS, senders(blobs))


async def test_it_leaves_with_the_empty_sender_and_says_that_no_person_wrote_it(
    sqlite_database: Database, worker: AutomaticMailWorker, smtp_sink: SmtpSink
) -> None:
    await queued(sqlite_database, f"smtp://127.0.0.1:{smtp_sink.port}")

    assert await worker.send_what_is_due() == 1

    (accepted,) = smtp_sink.ledger
    assert (accepted.sender, accepted.recipients) == ("<>", (ANA,))
    assert accepted.message["Auto-Submitted"] == "auto-generated"
    assert accepted.message["X-Auto-Response-Suppress"] == "All"
    body = accepted.message.get_body(("plain",))
    assert body is not None and "123456" in body.get_content()
    mail = await mail_of(sqlite_database)
    assert (mail.state, mail.sealed) == ("sent", None)
    assert await worker.send_what_is_due() == 0


async def test_a_server_that_cannot_be_reached_is_asked_again_a_few_times(
    sqlite_database: Database,
    worker: AutomaticMailWorker,
    clock: FrozenClock,
) -> None:
    await queued(sqlite_database, f"smtp://127.0.0.1:{free_port()}")

    for _ in range(4):
        assert (await mail_of(sqlite_database)).state == "waiting"
        assert await worker.send_what_is_due() == 1
        assert await worker.send_what_is_due() == 0
        clock.advance(minutes=21)

    mail = await mail_of(sqlite_database)
    assert (mail.state, mail.attempts, mail.sealed) == ("failed", 4, None)


async def test_a_mailbox_without_a_way_out_sends_nothing(
    sqlite_database: Database, worker: AutomaticMailWorker
) -> None:
    await queued(sqlite_database, None)

    await worker.send_what_is_due()

    assert (await mail_of(sqlite_database)).state == "failed"
