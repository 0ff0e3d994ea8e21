"""Filing mail end to end, against the bare limit of the same work done without any of ours.

Bare: one process parses each mail with the standard library and writes the same raw bytes and the same number
of rows in one durable SQLite transaction for each mail. Ours: accept, parse in the worker process, file, with
all rules.
"""

import asyncio
import email
import email.policy
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Sequence
from email.message import EmailMessage
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.scene import a_mailbox, opened_anew
from channels.email.files import RawMail
from channels.email.ingest import ingest
from inbox.config import Settings

MAILS = 500
CUSTOMERS = 90
ATTACHMENT_BYTES = 5_000
ROUNDS = 3
ROWS_EACH = 12  # what filing one such mail writes, counted over its tables


def measure() -> list[Figure]:
    """Mails a second, ours and bare in turn, and the median of the ratios."""
    mails = [_mail(i) for i in range(MAILS)]
    ours: list[float] = []
    bare: list[float] = []
    for _ in range(ROUNDS):
        bare.append(MAILS / _bare(mails))
        ours.append(MAILS / asyncio.run(_ours(mails)))
    ratio = statistics.median(o / b for o, b in zip(ours, bare, strict=True))
    return [
        Figure("filing", "bare limit, mails a second", f"{statistics.median(bare):.0f}"),
        Figure("filing", "Onethread, mails a second", f"{statistics.median(ours):.0f}"),
        Figure("filing", "ratio", f"{ratio:.2f}", "≥ 0.33", ratio >= 1 / 3),
    ]


def _mail(i: int) -> RawMail:
    message = EmailMessage()
    message["From"] = f"Customer {i % CUSTOMERS} <c{i % CUSTOMERS}@shop.example>"
    message["To"], message["Subject"] = "support@desk.example", f"Question {i}"
    message["Date"], message["Message-ID"] = "Fri, 20 Nov 2026 10:00:00 +0000", f"<{i}@shop.example>"
    message.set_content(f"Hello,\n\nthis is question {i} about my order.\n\n-- \nCustomer\n")
    message.add_attachment(
        bytes([i % 256]) * ATTACHMENT_BYTES,
        maintype="application",
        subtype="octet-stream",
        filename=f"{i}.bin",
    )
    return RawMail(f"{i}.eml", message.as_bytes())


def _bare(mails: Sequence[RawMail]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        connection = sqlite3.connect(Path(folder) / "bare.db", isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("CREATE TABLE raw (id INTEGER PRIMARY KEY, content BLOB)")
        connection.execute("CREATE TABLE item (id INTEGER PRIMARY KEY, of INTEGER, subject TEXT, words TEXT)")
        began = time.perf_counter()
        for number, mail in enumerate(mails):
            message = email.message_from_bytes(mail.content, policy=email.policy.default)
            words = message.get_body(("plain",)).get_content()  # type: ignore[union-attr]
            for part in message.iter_attachments():
                part.get_content()
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("INSERT INTO raw (content) VALUES (?)", (mail.content,))
            rows = [(number, message["Subject"], words)] * ROWS_EACH
            connection.executemany("INSERT INTO item (of, subject, words) VALUES (?, ?, ?)", rows)
            connection.execute("COMMIT")
        took = time.perf_counter() - began
        connection.close()
    return took


async def _ours(mails: Sequence[RawMail]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder))
        async with opened_anew(settings) as installation:
            channel = await a_mailbox(installation)
            warm = [RawMail("warm.eml", mails[0].content.replace(b"<0@", b"<warm@"))]
            limit = settings.max_message_bytes
            await ingest(installation.intake, channel.id, warm, max_bytes=limit)  # the worker has started
            began = time.perf_counter()
            tally = await ingest(installation.intake, channel.id, mails, max_bytes=limit)
            took = time.perf_counter() - began
            assert tally.filed == len(mails), tally
    return took
