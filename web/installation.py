"""One installation: its settings and what was opened for them. Everything that serves it takes this."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from starlette.requests import HTTPConnection

from channels.email.domain_names import Look, text_records
from channels.registry import ChannelParsers
from inbox.actions.messages import FilingRules
from inbox.actions.queueing import ReplySettings
from inbox.blobs import BlobStore
from inbox.config import Settings
from inbox.db import Database
from inbox.intake import IntakeDesk
from inbox.passwords import Passwords
from inbox.queries.installations import holds_data
from inbox.secrets import Keys, load_keys


@dataclass(frozen=True, slots=True)
class Installation:
    """What endpoints, sockets and background work share; it stands at `app.state.onethread`. `look` asks the
    domain name system."""

    settings: Settings
    database: Database
    blobs: BlobStore
    keys: Keys
    intake: IntakeDesk
    passwords: Passwords = field(default_factory=Passwords)
    look: Look = text_records

    @property
    def reply_settings(self) -> ReplySettings:
        """What writing to customers asks of the settings."""
        return ReplySettings(tokens=self.keys.strand_tokens(), undo_seconds=self.settings.undo_seconds)


@asynccontextmanager
async def open_installation(settings: Settings) -> AsyncIterator[Installation]:
    """Open the database and read the keys; close the database in the end.

    Raises SettingsInvalid where there is data whose key is gone.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    blobs = BlobStore(settings.blob_folder)
    async with Database(settings.database) as database:
        keys = load_keys(settings.secret_key, settings.key_file, data_exists=await holds_data(database))
        parsers = ChannelParsers(blobs, max_message_bytes=settings.max_message_bytes)
        rules = FilingRules(tokens=keys.strand_tokens(), reopen_days=settings.reopen_days, keys=keys)
        try:
            yield Installation(settings, database, blobs, keys, IntakeDesk(database, blobs, parsers, rules))
        finally:
            await parsers.close()


def installation_of(connection: HTTPConnection) -> Installation:
    """The installation that answers this request or socket."""
    found: Installation = connection.app.state.onethread
    return found
