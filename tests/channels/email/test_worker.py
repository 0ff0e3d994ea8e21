"""Parsing in processes that can be killed."""

import asyncio
import base64
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from channels.email import worker as worker_module
from channels.email.worker import MailContext, ParserPool
from inbox.blobs import BlobStore
from inbox.envelopes import InboundMessage
from inbox.errors import Refused

CONTEXT = MailContext(mailbox_address="support@company.test")
EMAILS = Path(__file__).parents[2] / "emails"


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return BlobStore(tmp_path / "blobs")


@pytest.fixture
async def pool(blobs: BlobStore) -> AsyncIterator[ParserPool]:
    pool = ParserPool(blobs.root)
    yield pool
    await pool.close()


def mail(number: int) -> bytes:
    return b"From: jane@example.org\r\nSubject: Mail %d\r\n\r\nWords %d" % (number, number)


def subjects(answers: list[InboundMessage | Refused]) -> list[str]:
    return [answer.subject if isinstance(answer, InboundMessage) else str(answer) for answer in answers]


async def test_answers_come_in_the_order_of_the_digests(blobs: BlobStore, pool: ParserPool) -> None:
    digests = blobs.put_many([mail(number) for number in range(150)])
    answers = await pool.parse(digests, CONTEXT)
    assert subjects(answers) == [f"Mail {number}" for number in range(150)]
    assert pool.idle_workers == 1


async def test_nothing_to_parse_starts_no_process(pool: ParserPool) -> None:
    assert await pool.parse([], CONTEXT) == []
    assert pool.idle_workers == 0


async def test_a_refused_mail_leaves_the_others_alone(blobs: BlobStore, pool: ParserPool) -> None:
    digests = blobs.put_many([mail(1), b"no mail at all", mail(2)])
    first, second, third = await pool.parse([*digests[:2], digests[2]], CONTEXT)
    assert isinstance(first, InboundMessage) and isinstance(third, InboundMessage)
    assert isinstance(second, Refused) and "not an email" in str(second)


async def test_a_raw_mail_that_is_gone_is_refused(pool: ParserPool) -> None:
    (answer,) = await pool.parse(["0" * 64], CONTEXT)
    assert isinstance(answer, Refused) and "blob folder" in str(answer)


async def test_attachments_are_in_the_blob_folder_when_the_answer_comes(
    blobs: BlobStore, pool: ParserPool
) -> None:
    digest = blobs.put((EMAILS / "no_final_boundary.eml").read_bytes())
    (answer,) = await pool.parse([digest], CONTEXT)
    assert isinstance(answer, InboundMessage)
    path = blobs.path(answer.attachments[0].digest)
    assert path.read_bytes() == b"%PDF-1.4"
    assert path.stat().st_mode & 0o777 == 0o600


async def test_a_mail_that_takes_too_long_is_refused_and_the_rest_goes_on(
    blobs: BlobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    hang_on(monkeypatch, b"Subject: Mail 1\r\n", "time.sleep(600)")
    pool = ParserPool(blobs.root, wall_seconds=2)
    digests = blobs.put_many([mail(0), mail(1), mail(2)])
    begun = time.monotonic()
    answers = await pool.parse(digests, CONTEXT)
    assert subjects(answers) == ["Mail 0", "The mail took too long to read.", "Mail 2"]
    assert time.monotonic() - begun < 12
    await pool.close()


async def test_a_mail_that_uses_up_its_processor_time_is_refused(
    blobs: BlobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    hang_on(monkeypatch, b"Subject: Mail 1\r\n", "while True: pass", "module.CPU_SECONDS = 1")
    pool = ParserPool(blobs.root)
    digests = blobs.put_many([mail(0), mail(1), mail(2)])
    answers = await pool.parse(digests, CONTEXT)
    assert subjects(answers) == ["Mail 0", "The mail took too long to read.", "Mail 2"]
    await pool.close()


async def test_a_mail_that_kills_its_parser_is_refused_and_the_rest_goes_on(
    blobs: BlobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    hang_on(monkeypatch, b"Subject: Mail 1\r\n", "import os; os.kill(os.getpid(), 9)")
    pool = ParserPool(blobs.root)
    digests = blobs.put_many([mail(0), mail(1), mail(2)])
    answers = await pool.parse(digests, CONTEXT)
    assert subjects(answers) == ["Mail 0", "The mail made its parser break down.", "Mail 2"]
    await pool.close()


async def test_a_mail_that_takes_all_memory_is_refused(
    blobs: BlobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    hang_on(monkeypatch, b"Subject: Mail 1\r\n", "bytes(1 << 30)")
    pool = ParserPool(blobs.root)
    answers = await pool.parse(blobs.put_many([mail(1), mail(2)]), CONTEXT)
    assert "too much memory" in subjects(answers)[0]
    assert subjects(answers)[1] == "Mail 2"
    await pool.close()


async def test_a_full_disk_is_no_fault_of_the_mail(blobs: BlobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    hang_on(monkeypatch, b"Subject: Mail 1\r\n", "raise OSError(28, 'No space left on device')")
    pool = ParserPool(blobs.root)
    with pytest.raises(OSError, match="No space left"):
        await pool.parse(blobs.put_many([mail(1)]), CONTEXT)
    await pool.close()


async def test_an_idle_worker_retires(blobs: BlobStore) -> None:
    pool = ParserPool(blobs.root, idle_seconds=0.05)
    await pool.parse([blobs.put(mail(1))], CONTEXT)
    async with asyncio.timeout(10):
        while pool.idle_workers:  # noqa: ASYNC110 - the pool announces nothing
            await asyncio.sleep(0.01)
    assert pool.idle_workers == 0
    await pool.close()


async def test_a_cancelled_batch_leaves_no_process_behind(
    blobs: BlobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    hang_on(monkeypatch, b"Subject: Mail 1\r\n", "time.sleep(600)")
    pool = ParserPool(blobs.root)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1.5):
            await pool.parse([blobs.put(mail(1))], CONTEXT)
    assert pool.idle_workers == 0
    answers = await pool.parse([blobs.put(mail(2))], CONTEXT)
    assert subjects(answers) == ["Mail 2"]
    await pool.close()


def test_the_process_knows_neither_the_database_nor_the_web() -> None:
    script = (
        "import sys, channels.email.parsing_process;"
        "heavy = ('sqlalchemy', 'starlette', 'asyncio', 'chardet', 'nh3', 'aiosmtplib', 'imapclient');"
        "print([name for name in heavy if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_the_process_sees_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONETHREAD_SECRET_KEY", "secret")
    assert "ONETHREAD_SECRET_KEY" not in worker_module.environment()
    assert worker_module.environment()["PATH"] == os.environ["PATH"]


def hang_on(monkeypatch: pytest.MonkeyPatch, marker: bytes, action: str, prepare: str = "pass") -> None:
    """Let the child process do *action* over the mail that holds *marker*, as a poison mail would."""
    script = f"""
import time
import channels.email.parsing_process as module
genuine = module.parse
def parse(raw, **rest):
    if {marker!r} in raw:
        {action}
    return genuine(raw, **rest)
module.parse = parse
{prepare}
module.main()
"""
    monkeypatch.setattr(worker_module, "COMMAND", (sys.executable, "-c", script))


async def test_a_mail_of_forty_megabytes_is_read_whole(blobs: BlobStore, pool: ParserPool) -> None:
    content = b"0123456789abcdef" * 1_900_000
    encoded = base64.encodebytes(content).replace(b"\n", b"\r\n")
    head = b"From: jane@example.org\r\nSubject: Plans\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    part = (
        b"--b\r\nContent-Type: application/zip; name=plans.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    )
    digest = blobs.put(head + b"--b\r\n\r\nSee the plans.\r\n" + part + encoded + b"--b--\r\n")
    assert blobs.path(digest).stat().st_size > 40_000_000

    (answer,) = await pool.parse([digest], CONTEXT)

    assert isinstance(answer, InboundMessage) and answer.text.strip() == "See the plans."
    (attached,) = answer.attachments
    assert attached.size == len(content) and attached.digest == hashlib.sha256(content).hexdigest()
