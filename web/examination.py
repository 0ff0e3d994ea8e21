"""What `onethread doctor` looks at."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from inbox.config import Settings
from inbox.db import ping
from inbox.errors import OnethreadError
from inbox.queries import channels, installations, intake
from web.installation import Installation, open_installation
from web.revisions import known_revisions


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what was looked at, whether it is well, and what to do where it is not."""

    subject: str
    is_well: bool
    text: str


def examine(settings: Settings) -> list[Finding]:
    """All checks, in an order in which the first wrong one explains those after it."""
    findings = [_packages(), _data_folder(settings), _key_file(settings)]
    try:
        findings += asyncio.run(_installation(settings))
    except OnethreadError as error:
        findings.append(Finding("installation", False, str(error)))
    except Exception as error:
        findings.append(Finding("database", False, f"It does not answer ({type(error).__name__})."))
    return findings


def _packages() -> Finding:
    """Another distribution can bring a package of the same name, and pip lets it overwrite ours."""
    home = _folder("inbox").parent
    strays = [name for name in ("channels", "web", "migrations") if _folder(name).parent != home]
    if strays:
        belongs = f"{', '.join(strays)} came with another distribution."
        return Finding("packages", False, f"{belongs} Install Onethread in an environment of its own.")
    return Finding("packages", True, str(home))


def _folder(package: str) -> Path:
    found = find_spec(package)
    return Path(found.origin).parent if found and found.origin else Path("/")


def _data_folder(settings: Settings) -> Finding:
    folder = settings.data_dir.absolute()
    if not folder.is_dir():
        text = f"{folder} is not there. Start the server once, or set ONETHREAD_DATA_DIR."
        return Finding("data folder", False, text)
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        return Finding("data folder", False, f"{folder} cannot be written by this user.")
    return Finding("data folder", True, str(folder))


def _key_file(settings: Settings) -> Finding:
    if settings.secret_key:
        return Finding("secret key", True, "from ONETHREAD_SECRET_KEY")
    if not settings.key_file.exists():
        return Finding("secret key", False, f"{settings.key_file} is not there.")
    mode = settings.key_file.stat().st_mode & 0o777
    if mode & 0o077:
        return Finding("secret key", False, f"Others can read {settings.key_file}: chmod 600 it.")
    return Finding("secret key", True, str(settings.key_file))


async def _installation(settings: Settings) -> list[Finding]:
    async with open_installation(settings) as installation:
        await ping(installation.database)
        findings = [Finding("database", True, "it answers")]
        for check in CHECKS:
            findings.append(await check(installation))
            if not findings[-1].is_well and check is _revision:
                break  # the others would ask for tables that are not there
    return findings


async def _revision(installation: Installation) -> Finding:
    current, newest = await installations.revision(installation.database), known_revisions()[-1]
    if current != newest:
        return Finding(
            "revision",
            False,
            f"The database is at {current}, this version needs {newest}: onethread migrate.",
        )
    return Finding("revision", True, newest)


async def _agents(installation: Installation) -> Finding:
    async with installation.database.reading() as session:
        if not await installations.has_agent(session):
            text = "Nobody can sign in yet. Open the link that the server prints at its start."
            return Finding("agents", False, text)
    return Finding("agents", True, "there is somebody who can sign in")


async def _channels(installation: Installation) -> Finding:
    async with installation.database.reading() as session:
        failing = [c for c in await channels.active(session) if c.state == "failing"]
    if failing:
        return Finding("channels", False, "; ".join(f"{c.name}: {c.state_text}" for c in failing))
    return Finding("channels", True, "none is failing")


async def _quarantine(installation: Installation) -> Finding:
    async with installation.database.reading() as session:
        waiting = await intake.count_quarantined(session)
    if waiting:
        text = f"{waiting} inputs could not be read; look at them under Settings → Intake"
        return Finding("quarantine", True, text)
    return Finding("quarantine", True, "empty")


CHECKS: tuple[Callable[[Installation], Awaitable[Finding]], ...] = (
    _revision,
    _agents,
    _channels,
    _quarantine,
)
