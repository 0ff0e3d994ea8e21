"""A thousand answers through a mail server that is busy, full, cut off and deaf by turns.

.venv/bin/python -m pytest tests/campaigns/bad_smtp.py

A short form stands in tests/channels/email/test_sender.py. Nothing collects this file by itself.
"""

import os

import pytest

from inbox.blobs import BlobStore
from inbox.clock import FrozenClock
from inbox.db import Database
from tests.services.bad_days import check_the_account, send_on_a_bad_day
from tests.services.smtp import SmtpSink

ANSWERS = int(os.environ.get("ANSWERS", "1000"))


@pytest.mark.slow
async def test_a_thousand_answers_leave_once_each(
    sqlite_database: Database, blobs: BlobStore, smtp_sink: SmtpSink, clock: FrozenClock
) -> None:
    sent = await send_on_a_bad_day(sqlite_database, blobs, smtp_sink, clock, count=ANSWERS)

    await check_the_account(sqlite_database, smtp_sink, sent)
