"""Journeys run the product as its user does: from outside, in processes of its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.services.server import RunningServer


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[RunningServer]:
    """A running installation with an admin, Maya; nothing waits before it is sent."""
    running = RunningServer(tmp_path, undo_seconds="0")
    await running.start()
    running.take_token(running.add_agent("Maya Okafor", role="admin"))
    yield running
    await running.end()
