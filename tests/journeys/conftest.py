"""Journeys run the product as its user does: from outside, in processes of its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.services.correspondence import Mailbox
from tests.services.server import RunningServer, running_server
from tests.services.shop import Shop
from tests.services.smtp import SmtpSink

expect.set_options(timeout=20_000)  # ms: the machine of a test run is shared


@pytest.fixture
async def server(tmp_path: Path, migrated_sqlite: Path) -> AsyncIterator[RunningServer]:
    """A running installation with Maya, an admin, and Tom; nothing waits before it is sent."""
    async with running_server(tmp_path, migrated_sqlite) as running:
        yield running


@pytest.fixture
async def mailbox(server: RunningServer, smtp_sink: SmtpSink) -> Mailbox:
    """A channel that mail is handed to by HTTP, and whose answers arrive at the sink."""
    mailbox = Mailbox(server)
    await mailbox.connect(smtp_sink)
    return mailbox


@pytest.fixture
async def shop(server: RunningServer) -> AsyncIterator[Shop]:
    """Another site, with the widget of a chat channel."""
    async with Shop(server).open() as opened:
        yield opened
