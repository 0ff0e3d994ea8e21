"""What the commands share: opening the installation beside a running server, and reading secrets."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import TypeVar

from inbox.config import load_settings
from inbox.errors import Invalid, SettingsInvalid
from inbox.queries import installations
from web.installation import Installation, open_installation
from web.logs import configure_logs

T = TypeVar("T")


def run(work: Callable[[Installation], Awaitable[T]]) -> T:
    """Do a command's work in an open, migrated installation; raises SettingsInvalid where there is none.

    What is logged meanwhile goes to standard error, and says as little of anybody as the server's log.
    """
    settings = load_settings()
    configure_logs(settings.log_format)

    async def opened() -> T:
        async with open_installation(settings) as installation:
            if await installations.revision(installation.database) is None:
                raise SettingsInvalid(
                    f"There is no database yet in {installation.settings.data_dir.absolute()}. "
                    "Run `onethread migrate` first, or start the server once."
                )
            return await work(installation)

    return asyncio.run(opened())


def secret_from_stdin() -> str:
    """The first line of standard input, without its end; raises Invalid for an empty one."""
    secret = sys.stdin.readline().rstrip("\r\n")
    if not secret:
        raise Invalid("There is no password on standard input.")
    return secret
