"""What the sender says became of each recipient is what became of them, whatever the server does."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from channels.email.sender import AUTHENTICATION_FAILED, EmailSender
from inbox.blobs import BlobStore
from inbox.clock import FrozenClock
from inbox.db import Database
from inbox.envelopes import Account, Outcome, RecipientOutcome
from inbox.errors import OutcomeUnknown, PermanentFailure, TemporaryFailure
from inbox.models import DeliveryState
from tests.builders import a_mailbox_channel
from tests.inbox.test_outbox import a_queued_reply, a_worker, the_entry, until, until_delivery
from tests.services.bad_days import check_the_account, send_on_a_bad_day
from tests.services.certificates import Certificate
from tests.services.smtp import Drop, SmtpSink

INJECTIONS = Path(__file__).parents[4] / "shared/data/attacks/header_injection.jsonl"
RAW = b"From: support@shop.example\r\nSubject: Hi\r\n\r\nHello\r\n.\r\n..two\r\nend\r\n"
JANE, JOE, ANN = "jane@customer.example", "joe@customer.example", "ann@customer.example"
FROM = "support@shop.example"


def account(url: str, password: str | None = None) -> Account:
    return Account(channel_id=1, name="Support", address=FROM, imap_url=None, smtp_url=url, password=password)


def sender() -> EmailSender:
    return EmailSender(lambda digest: b"")


async def deliver(url: str, *recipients: str, raw: bytes = RAW) -> dict[str, RecipientOutcome]:
    return dict(await sender().deliver(account(url), raw, sender=FROM, recipients=recipients))


def outcomes(answers: dict[str, RecipientOutcome]) -> dict[str, Outcome]:
    return {address: answer.outcome for address, answer in answers.items()}


@asynccontextmanager
async def scripted(*answers: bytes | None) -> AsyncIterator[tuple[str, list[bytes]]]:
    """A server that says these lines, one after each of the client's (None hangs up), and what it heard."""
    heard: list[bytes] = []
    done = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in answers:
            if answer is None or writer.is_closing():
                break
            writer.write(answer + b"\r\n")
            line = await reader.readline()
            heard.append(line.strip())
            while answer.startswith(b"354") and line.strip() not in (b".", b""):
                line = await reader.readline()
        writer.transport.abort()
        done.set()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        yield f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}", heard
        await asyncio.wait_for(done.wait(), 10)


async def test_a_mail_arrives_byte_for_byte(smtp_sink: SmtpSink) -> None:
    answers = await deliver(smtp_sink.url, JANE, JOE)

    assert outcomes(answers) == {JANE: Outcome.SENT, JOE: Outcome.SENT}
    assert [(mail.sender, mail.recipients, mail.raw) for mail in smtp_sink.ledger] == [
        (FROM, (JANE, JOE), RAW)
    ]


async def test_bare_line_ends_cannot_end_the_mail_early(smtp_sink: SmtpSink) -> None:
    raw = b"Subject: Hi\n\nHello\n.\nMAIL FROM:<x@y.example>\r.\r\nend"

    await deliver(smtp_sink.url, JANE, raw=raw)

    (mail,) = smtp_sink.ledger
    assert mail.raw == b"Subject: Hi\r\n\r\nHello\r\n.\r\nMAIL FROM:<x@y.example>\r\n.\r\nend\r\n"


async def test_each_recipient_gets_an_outcome_of_their_own(smtp_sink: SmtpSink) -> None:
    smtp_sink.refuse(JOE, "550 5.1.1 No such user")
    smtp_sink.refuse(ANN, "450 4.2.1 Mailbox busy")

    answers = await deliver(smtp_sink.url, JANE, JOE, ANN, "not an address")

    assert outcomes(answers) == {
        JANE: Outcome.SENT,
        JOE: Outcome.PERMANENT,
        ANN: Outcome.TEMPORARY,
        "not an address": Outcome.PERMANENT,
    }
    assert (answers[JOE].code, answers[JOE].text) == (550, "5.1.1 No such user")
    assert [mail.recipients for mail in smtp_sink.ledger] == [(JANE,)]


async def test_nothing_is_sent_where_every_recipient_is_refused(smtp_sink: SmtpSink) -> None:
    smtp_sink.refuse(JANE)

    assert outcomes(await deliver(smtp_sink.url, JANE)) == {JANE: Outcome.PERMANENT}
    assert smtp_sink.ledger == []


async def test_too_many_recipients_are_tried_again_later(smtp_sink: SmtpSink) -> None:
    smtp_sink.refuse(JOE, "552 5.5.3 Too many recipients")

    assert outcomes(await deliver(smtp_sink.url, JANE, JOE)) == {JANE: Outcome.SENT, JOE: Outcome.TEMPORARY}


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [("451 4.3.0 Later", Outcome.TEMPORARY), ("554 5.7.1 Spam", Outcome.PERMANENT)],
)
async def test_an_answer_to_the_data_holds_for_those_who_were_accepted(
    smtp_sink: SmtpSink, reply: str, outcome: Outcome
) -> None:
    smtp_sink.refuse(JOE)
    smtp_sink.refuse_data(reply)

    answers = await deliver(smtp_sink.url, JANE, JOE)

    assert outcomes(answers) == {JANE: outcome, JOE: Outcome.PERMANENT}
    assert smtp_sink.ledger == []


@pytest.mark.parametrize("moment", [Drop.ON_CONNECT, Drop.BEFORE_DATA])
async def test_a_connection_lost_before_the_data_is_tried_again(smtp_sink: SmtpSink, moment: Drop) -> None:
    smtp_sink.drop(moment)

    with pytest.raises(TemporaryFailure):
        await deliver(smtp_sink.url, JANE, JOE)
    assert outcomes(await deliver(smtp_sink.url, JANE)) == {JANE: Outcome.SENT}


async def test_an_answer_lost_after_the_data_is_unknown(smtp_sink: SmtpSink) -> None:
    smtp_sink.drop(Drop.AFTER_DATA)

    with pytest.raises(OutcomeUnknown):
        await deliver(smtp_sink.url, JANE, JOE)
    assert len(smtp_sink.ledger) == 1


async def test_who_was_refused_stays_refused_where_the_rest_is_unknown(smtp_sink: SmtpSink) -> None:
    smtp_sink.refuse(JOE)
    smtp_sink.drop(Drop.AFTER_DATA)

    assert outcomes(await deliver(smtp_sink.url, JANE, JOE)) == {
        JANE: Outcome.UNKNOWN,
        JOE: Outcome.PERMANENT,
    }


async def test_a_server_that_hangs_up_with_421_has_delivered_to_nobody() -> None:
    async with scripted(b"220 hi", b"250 hi", b"250 ok", b"250 ok", b"421 closing", None) as (url, _):
        with pytest.raises(TemporaryFailure) as failure:
            await deliver(url, JANE, JOE)

    assert failure.value.code == 421


async def test_a_refused_sender_is_a_failure_for_good() -> None:
    async with scripted(b"220 hi", b"250 hi", b"550 5.7.1 Not your address", b"221 bye") as (url, _):
        with pytest.raises(PermanentFailure) as failure:
            await deliver(url, JANE)

    assert failure.value.code == 550


async def test_a_server_that_wants_a_login_pauses_the_mailbox() -> None:
    async with scripted(b"220 hi", b"250 hi", b"530 5.7.0 Authentication required", b"221 bye") as (url, _):
        with pytest.raises(TemporaryFailure) as failure:
            await deliver(url, JANE)

    assert failure.value.code == AUTHENTICATION_FAILED


async def test_nonsense_instead_of_an_answer_to_the_data_is_unknown() -> None:
    script = (b"220 hi", b"250 hi", b"250 ok", b"250 ok", b"354 go", b"what?", b"221 bye")
    async with scripted(*script) as (url, _):
        with pytest.raises(OutcomeUnknown):
            await deliver(url, JANE)


async def test_a_mail_that_is_too_large_is_not_even_offered() -> None:
    async with scripted(b"220 hi", b"250-hi\r\n250 SIZE 20", b"221 bye") as (url, heard):
        with pytest.raises(PermanentFailure, match="at most"):
            await deliver(url, JANE)

    assert not any(line.startswith(b"MAIL") for line in heard)


async def test_a_foreign_local_part_fails_alone_where_the_server_knows_no_utf8() -> None:
    script = (b"220 hi", b"250 hi", b"250 ok", b"250 ok", b"354 go", b"250 taken", b"221 bye")
    async with scripted(*script) as (url, heard):
        answers = await deliver(url, "用户@shop.example", JANE)

    assert outcomes(answers) == {"用户@shop.example": Outcome.PERMANENT, JANE: Outcome.SENT}
    assert [line for line in heard if line.startswith(b"RCPT")] == [b"RCPT TO:<jane@customer.example>"]


async def test_a_foreign_local_part_goes_to_a_server_that_knows_utf8(smtp_sink: SmtpSink) -> None:
    answers = await deliver(smtp_sink.url, "用户@例え.example")

    assert outcomes(answers) == {"用户@例え.example": Outcome.SENT}
    assert smtp_sink.ledger[0].recipients == ("用户@xn--r8jz45g.example",)


async def test_nobody_home_is_tried_again(port: int) -> None:
    with pytest.raises(TemporaryFailure, match="could not be reached"):
        await deliver(f"smtp://127.0.0.1:{port}", JANE)


@pytest.mark.filterwarnings("ignore:Requiring AUTH:UserWarning")
@pytest.mark.parametrize("implicit", [True, False])
async def test_the_login_goes_over_verified_tls(certificate: Certificate, implicit: bool) -> None:
    sink = SmtpSink(certificate=certificate, implicit_tls=implicit, credentials=("maya", "pä ss"))
    url = sink.url.replace("//", "//maya@")
    trusting = EmailSender(lambda digest: b"", tls=certificate.client_context())
    try:
        answers = await trusting.deliver(account(url, "pä ss"), RAW, sender=FROM, recipients=[JANE])
        assert answers[JANE].outcome is Outcome.SENT
        assert await trusting.check(account(url, "pä ss")) is None

        with pytest.raises(TemporaryFailure) as failure:
            await trusting.deliver(account(url, "wrong"), RAW, sender=FROM, recipients=[JANE])
        assert failure.value.code == AUTHENTICATION_FAILED
        assert "refused the login" in str(await trusting.check(account(url, "wrong")))
    finally:
        sink.close()


async def test_a_certificate_that_nobody_signed_is_not_trusted(certificate: Certificate) -> None:
    sink = SmtpSink(certificate=certificate, implicit_tls=True)
    try:
        assert "certificate" in str(await sender().check(account(sink.url)))
    finally:
        sink.close()


@pytest.mark.filterwarnings("ignore:Requiring AUTH:UserWarning")
@pytest.mark.parametrize("implicit", [True, False])
async def test_over_a_certificate_that_has_run_out_nothing_is_sent_until_there_is_another(
    sqlite_database: Database,
    blobs: BlobStore,
    clock: FrozenClock,
    tmp_path: Path,
    certificate: Certificate,
    implicit: bool,
) -> None:
    old = Certificate.self_signed(tmp_path / "old", expired=True)
    sink = SmtpSink(certificate=old, implicit_tls=implicit, credentials=("maya", "secret"))
    trusting = EmailSender(blobs.read, tls=certificate.client_context(old))
    try:
        async with sqlite_database.transaction() as session:
            url = sink.url.replace("//", "//maya@")
            channel = await a_mailbox_channel(session, smtp_url=url, password="secret")
        async with a_worker(sqlite_database, blobs, trusting):  # type: ignore[arg-type]
            _, message = await a_queued_reply(sqlite_database, channel=channel, to=(JANE,))

            async def was_tried() -> bool:
                entry = await the_entry(sqlite_database, message)
                return entry.attempts > 0 and entry.claimed_by is None

            await until(sqlite_database, was_tried)
            entry = await the_entry(sqlite_database, message)
            assert "certificate has expired" in (entry.last_error or "") and entry.state == "waiting"
            assert "certificate has expired" in str(await trusting.check(account(url, "secret")))
            assert not sink.ledger and sink.logins == 0

            assert sink.tls is not None
            certificate.take_over(sink.tls)
            clock.advance(minutes=10)
            await until_delivery(sqlite_database, message, DeliveryState.SENT)
        assert [accepted.recipients for accepted in sink.ledger] == [(JANE,)]
    finally:
        sink.close()


async def test_without_encryption_a_server_elsewhere_gets_nothing() -> None:
    async with scripted(b"220 hi", b"250-hi\r\n250 AUTH PLAIN", b"221 bye") as (url, heard):
        trusting = EmailSender(lambda digest: b"", tls=ssl.create_default_context())
        with pytest.raises(TemporaryFailure, match="STARTTLS"):
            await trusting.deliver(
                account(url.replace("//", "//maya@"), "secret"), RAW, sender=FROM, recipients=[JANE]
            )

    assert not any(line.startswith((b"AUTH", b"MAIL")) for line in heard)


async def test_check_says_what_is_wrong_in_one_sentence(smtp_sink: SmtpSink, port: int) -> None:
    assert await sender().check(account(smtp_sink.url)) is None
    assert "could not be reached" in str(await sender().check(account(f"smtp://127.0.0.1:{port}")))
    assert "smtps://user@host:465" in str(await sender().check(account("http://shop.example")))
    assert "smtps://user@host:465" in str(await sender().check(account("smtp://shop.example:99999")))


async def test_no_known_injection_reaches_the_wire_as_a_command(smtp_sink: SmtpSink) -> None:
    if not INJECTIONS.exists():
        pytest.skip("the corpus of header injections is not here")
    for line in INJECTIONS.read_text().splitlines():
        await deliver(smtp_sink.url, JANE, json.loads(line)["payload"])

    assert {recipient for mail in smtp_sink.ledger for recipient in mail.recipients} == {JANE}


async def test_a_server_that_writes_reports_is_told_our_message_id() -> None:
    hello = b"250-mail.test\r\n250 DSN"
    answers = (b"220 mail.test", hello, b"250 ok", b"250 ok", b"354 go", b"250 taken", b"221 bye")
    raw = b"From: support@shop.example\r\nMessage-ID: <m1.c.s1.k@shop.example>\r\n\r\nHello\r\n"
    async with scripted(*answers) as (url, heard):
        await deliver(url, JANE, raw=raw)
    assert b"MAIL FROM:<support@shop.example> ENVID=m1.c.s1.k@shop.example" in heard[1]


async def test_an_id_that_does_not_fit_an_envelope_is_left_out() -> None:
    hello = b"250-mail.test\r\n250 DSN"
    answers = (b"220 mail.test", hello, b"250 ok", b"250 ok", b"354 go", b"250 taken", b"221 bye")
    raw = b"Message-ID: <" + b"m" * 100 + b"@shop.example>\r\n\r\nHello\r\n"
    async with scripted(*answers) as (url, heard):
        await deliver(url, JANE, raw=raw)
    assert heard[1] == b"MAIL FROM:<support@shop.example>"


async def test_no_answer_is_lost_and_none_comes_twice_but_where_its_receipt_was_lost(
    sqlite_database: Database, blobs: BlobStore, smtp_sink: SmtpSink, clock: FrozenClock
) -> None:
    """The short form of tests/campaigns/bad_smtp.py."""
    sent = await send_on_a_bad_day(sqlite_database, blobs, smtp_sink, clock, count=14)

    await check_the_account(sqlite_database, smtp_sink, sent)
