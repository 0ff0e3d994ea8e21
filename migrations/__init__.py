"""The database's history. Forward only: going back means restoring a backup."""

import asyncio
import threading
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from inbox.db import driver_url


def config(url: str) -> Config:
    """Alembic's configuration for one database."""
    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent))
    made.attributes["url"] = driver_url(url)
    return made


def upgrade(url: str) -> None:
    """Bring a database to the newest revision; safe inside a running event loop, and a second time."""
    failures: list[BaseException] = []

    def run() -> None:
        try:
            command.upgrade(config(url), "head")
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=run, name="migrations")  # env.py starts a loop of its own
    thread.start()
    thread.join()
    if failures:
        raise failures[0]


def head() -> str:
    """The newest revision's id."""
    newest = ScriptDirectory.from_config(config("sqlite://")).get_current_head()
    assert newest is not None
    return newest


async def upgrade_async(url: str) -> None:
    """`upgrade()` without blocking the event loop."""
    await asyncio.to_thread(upgrade, url)
