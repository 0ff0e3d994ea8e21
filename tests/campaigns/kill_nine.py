"""Five hundred mails and ten `kill -9`, too long for every run; three crashes are part of the journeys.

.venv/bin/python -m pytest tests/campaigns/kill_nine.py

Nothing collects this file by itself: its name begins with no `test_`.
"""

from pathlib import Path

import pytest

from tests.services.correspondence import connect_mailbox
from tests.services.crashes import check_that_all_came_once, deliver_through_crashes, threads_of_mail
from tests.services.dovecot import DovecotServer
from tests.services.server import running_server
from tests.services.smtp import SmtpSink


@pytest.mark.slow
async def test_every_mail_is_there_once_after_ten_crashes(
    tmp_path: Path, migrated_sqlite: Path, dovecot: DovecotServer, smtp_sink: SmtpSink
) -> None:
    mails = threads_of_mail(500)
    async with running_server(tmp_path, migrated_sqlite) as server:
        user = await connect_mailbox(server, dovecot, smtp_sink)
        await deliver_through_crashes(server, dovecot, user, mails, kills=10)
        check_that_all_came_once(server, mails)
