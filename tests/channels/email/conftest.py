"""What the tests between a mail server and the intake share: an intake with the real parser behind it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from channels.registry import ChannelParsers
from inbox.actions.channels import add_channel
from inbox.actions.messages import FilingRules
from inbox.actors import SYSTEM
from inbox.blobs import BlobStore
from inbox.db import Database
from inbox.envelopes import ChannelKind
from inbox.intake import IntakeDesk
from inbox.models import Channel
from tests.builders import KEYS

NewMailbox = Callable[..., Awaitable[Channel]]


@pytest.fixture
async def desk(sqlite_database: Database, blobs: BlobStore) -> AsyncIterator[IntakeDesk]:
    """An intake whose mail is parsed in a process of its own."""
    parsers = ChannelParsers(blobs, max_message_bytes=1_000_000)
    yield IntakeDesk(sqlite_database, blobs, parsers, FilingRules(tokens=KEYS.strand_tokens()))
    await parsers.close()


@pytest.fixture
def new_mailbox(sqlite_database: Database) -> NewMailbox:
    """`channel = await new_mailbox("support", imap_url=…)`: a mailbox support@desk.test."""

    async def made(name: str, password: str | None = None, **settings: Any) -> Channel:
        async with sqlite_database.transaction() as session:
            return await add_channel(
                session,
                kind=ChannelKind.EMAIL,
                name=name,
                address=f"{name}@desk.test",
                settings=settings,
                password=password,
                by=SYSTEM,
                keys=KEYS,
            )

    return made
