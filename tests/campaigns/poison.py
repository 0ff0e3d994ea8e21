"""Poison among a thousand mails: all others are filed within a minute, the poison stands in the quarantine.

.venv/bin/python -m pytest tests/campaigns/poison.py

MAILS in the environment says how many (1,000). Nothing collects this file by itself.
"""

import asyncio
import os
import time
from pathlib import Path

import pytest

from tests.services.correspondence import SUPPORT, mail
from tests.services.hostile_imap import HostileImap
from tests.services.server import RunningServer, running_server

MAILS = int(os.environ.get("MAILS", "1000"))
WITHIN = float(os.environ.get("WITHIN", "60"))
HEAD = b"From: a@bomb.test\r\nSubject: bomb\r\nMIME-Version: 1.0\r\n"
POISON = {
    "headers": HEAD + b"X-H: y\r\n" * 100_000 + b"\r\nwords",
    "parts": HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 100_000,
    "depth": b"".join(
        HEAD + b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (level, level)
        for level in range(1_000)
    ),
    "hang": HEAD + b"Content-Type:;" + b"a" * 75 + b"=1\r\n\r\nwords",
    "comments": HEAD + b"Cc: " + b"(" * 50_000 + b"\r\n\r\nwords",
    "continuations": HEAD
    + b"Content-Type: text/plain"
    + b"".join(b";\r\n name*%d=a" % number for number in range(12_000))
    + b"\r\n\r\nwords",
}


@pytest.mark.slow
async def test_poison_holds_nobody_up(tmp_path: Path, migrated_sqlite: Path) -> None:
    async with running_server(tmp_path, migrated_sqlite) as server, HostileImap().open() as imap:
        command = ("channel", "add", "email", "Support", "--address", SUPPORT, "--imap", imap.url)
        await asyncio.to_thread(server.cli, *command, "--password-stdin", stdin="pw\n")
        await imap.first_login()
        raws = [mail(f"c{n % 50}@norte.test", f"Order {n}", f"Words {n}").as_bytes() for n in range(MAILS)]
        for number, poison in enumerate(POISON.values()):
            raws.insert(number * MAILS // len(POISON), poison)
        began = time.monotonic()
        await imap.deliver(*raws)
        await _until_settled(server, len(raws))
        took = time.monotonic() - began
        fetched = imap.fetched.copy()
        states = dict(server.rows("SELECT state, count(*) FROM intake_records GROUP BY state"))
        held = (await server.api("GET", "/intake?state=quarantined"))["items"]

    assert states["filed"] >= MAILS and states.get("received", 0) == 0
    assert held and all(each["reason"] for each in held)
    # Nothing is fetched again: a mail of more than a megabyte comes in pieces of one.
    assert all(fetched[uid] == 1 + len(raw) // 1_000_000 for uid, raw in enumerate(raws, 1))
    assert took < WITHIN, f"{took:.0f} seconds"


async def _until_settled(server: RunningServer, count: int) -> None:
    statement = "SELECT count(*) FROM intake_records WHERE state <> 'received'"
    async with asyncio.timeout(280):
        while server.rows(statement)[0][0] < count:  # noqa: ASYNC110  (looked at from outside)
            await asyncio.sleep(0.3)
