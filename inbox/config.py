"""The settings, read once at start from the environment or from a TOML file named by ONETHREAD_CONFIG."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from inbox.errors import SettingsInvalid
from inbox.languages import ENGLISH, KNOWN, LANGUAGES
from inbox.setting_values import folder, nothing_yet, number, one_of, text, web_address

PREFIX = "ONETHREAD_"
CONFIG = PREFIX + "CONFIG"
LOG_FORMATS = ("console", "json")


def _means(words: str, read: Callable[[object], object] = text) -> Mapping[str, object]:
    """What a setting is for, and what reads its value, raising ValueError for what cannot be used."""
    return {"words": words, "read": read}


# No pydantic, which takes longer to load than most commands run, and 8 MB of a server that nobody calls.
@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that an installation can choose outside its screens. Each is ONETHREAD_<NAME> in the
    environment; `given` are the names of those that were chosen there."""

    data_dir: Path = field(
        default=Path("data"), metadata=_means("Folder of the database, the blobs and the key file.", folder)
    )
    database_url: str = field(
        default="", metadata=_means("sqlite:///path or postgresql://…; empty: SQLite in the data folder.")
    )
    broker_url: str = field(
        default="",
        metadata=_means("Kept for redis://…; this version asks the database instead.", nothing_yet),
    )
    blob_url: str = field(default="", metadata=_means("file:///path; empty: a folder in the data folder."))
    base_url: str = field(
        default="http://127.0.0.1:8000", metadata=_means("How browsers reach this installation.", web_address)
    )
    language: str = field(
        default=ENGLISH,
        metadata=_means("What screens speak to whoever has not chosen: en or de.", one_of(KNOWN, *LANGUAGES)),
    )
    secret_key: str | None = field(
        default=None,
        repr=False,
        metadata=_means("At least 32 characters; several, newest first, with commas."),
    )
    log_format: Literal["console", "json"] = field(
        default="console", metadata=_means("How log lines look.", one_of(LOG_FORMATS, *LOG_FORMATS))
    )
    undo_seconds: int = field(
        default=10, metadata=_means("How long an email waits so that it can be taken back.", number(0, 60))
    )
    max_message_bytes: int = field(
        default=52_428_800, metadata=_means("Larger mail is quarantined whole.", number(65_536, 10**12))
    )
    lmtp: str = field(
        default="",
        metadata=_means("Where mail servers hand mail over: 127.0.0.1:24 or /run/lmtp.sock; empty: nowhere."),
    )
    google_client_id: str = field(
        default="", metadata=_means("Onethread's registration with Google, for mailboxes.")
    )
    google_client_secret: str = field(default="", repr=False, metadata=_means("Its secret."))
    microsoft_client_id: str = field(default="", metadata=_means("The same with Microsoft."))
    microsoft_client_secret: str = field(default="", repr=False, metadata=_means("Its secret."))
    microsoft_tenant: str = field(
        default="common", metadata=_means("The organisation that may sign in there.")
    )
    oauth_name: str = field(
        default="Your provider", metadata=_means("What a provider of your own is called on screens.")
    )
    oauth_client_id: str = field(default="", metadata=_means("Onethread's registration with it."))
    oauth_client_secret: str = field(default="", repr=False, metadata=_means("Its secret."))
    oauth_authorize_url: str = field(default="", metadata=_means("Its consent page (OAuth 2.0, RFC 6749)."))
    oauth_token_url: str = field(default="", metadata=_means("Where it gives out tokens."))
    oauth_scope: str = field(default="offline_access", metadata=_means("What is asked of it."))
    reopen_days: int = field(
        default=7, metadata=_means("A resolved case reopens within this many days.", number(0, 365))
    )
    trusted_proxies: str = field(
        default="127.0.0.1", metadata=_means("Addresses whose X-Forwarded-* headers are believed.")
    )
    given: frozenset[str] = frozenset()

    @property
    def database(self) -> str:
        """The database's URL, with the default filled in."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'onethread.db').absolute()}"

    @property
    def blob_folder(self) -> Path:
        """Where blobs stand; raises SettingsInvalid for a scheme that is not served."""
        if not self.blob_url:
            return self.data_dir / "blobs"
        if not self.blob_url.startswith("file:///"):
            raise SettingsInvalid("ONETHREAD_BLOB_URL must start with file:///.")
        return Path(self.blob_url.removeprefix("file://"))

    @property
    def key_file(self) -> Path:
        return self.data_dir / "secret.key"

    @property
    def is_https(self) -> bool:
        return self.base_url.startswith("https://")


# What reads each of them, by its name.
SETTINGS: Mapping[str, Callable[[object], object]] = {
    one.name: one.metadata["read"] for one in fields(Settings) if one.metadata
}


def load_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings; raises SettingsInvalid with one clear line for unknown names and unusable values."""
    environment = os.environ if environment is None else environment
    values: dict[str, Any] = {}
    if path := environment.get(CONFIG):
        values |= _from_file(Path(path))
    for name, value in environment.items():
        if name.startswith(PREFIX) and name != CONFIG and not name.startswith(PREFIX + "TEST_"):
            values[name.removeprefix(PREFIX).lower()] = value
    return Settings(**{name: _read(name, value) for name, value in values.items()}, given=frozenset(values))


def _from_file(path: Path) -> dict[str, Any]:
    import tomllib  # few installations have a file

    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise SettingsInvalid(f"{CONFIG} names {path}, which cannot be read: {error}") from error


def _read(name: str, value: object) -> Any:
    shown = PREFIX + name.upper()
    if name not in SETTINGS:
        raise SettingsInvalid(f"{shown} is no setting of Onethread. Remove it, or look at its spelling.")
    try:
        return SETTINGS[name](value)
    except ValueError as error:
        raise SettingsInvalid(f"{shown} {error}.") from None
