"""The settings, read once at start from the environment or from a TOML file named by ONETHREAD_CONFIG."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from inbox.errors import SettingsInvalid
from inbox.words import KNOWN, LANGUAGES

PREFIX = "ONETHREAD_"
CONFIG = PREFIX + "CONFIG"


class Settings(BaseModel):
    """Everything that an installation can choose outside its screens. Each is ONETHREAD_<NAME> in the
    environment."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data_dir: Path = Field(Path("data"), description="Folder of the database, the blobs and the key file.")
    database_url: str = Field(
        "", description="sqlite:///path or postgresql://…; empty: SQLite in the data folder."
    )
    broker_url: str = Field("", description="Kept for redis://…; this version asks the database instead.")
    blob_url: str = Field("", description="file:///path; empty: a folder in the data folder.")
    base_url: str = Field("http://127.0.0.1:8000", description="How browsers reach this installation.")
    language: str = Field("en", description="What screens speak to whoever has not chosen: en or de.")
    secret_key: str | None = Field(
        None, description="At least 32 characters; several, newest first, with commas.", repr=False
    )
    log_format: Literal["console", "json"] = Field("console", description="How log lines look.")
    undo_seconds: int = Field(
        10, ge=0, le=60, description="How long an email waits so that it can be taken back."
    )
    max_message_bytes: int = Field(52_428_800, ge=65_536, description="Larger mail is quarantined whole.")
    lmtp: str = Field(
        "", description="Where mail servers hand mail over: 127.0.0.1:24 or /run/lmtp.sock; empty: nowhere."
    )
    google_client_id: str = Field("", description="Onethread's registration with Google, for mailboxes.")
    google_client_secret: str = Field("", description="Its secret.", repr=False)
    microsoft_client_id: str = Field("", description="The same with Microsoft.")
    microsoft_client_secret: str = Field("", description="Its secret.", repr=False)
    microsoft_tenant: str = Field("common", description="The organisation that may sign in there.")
    oauth_name: str = Field("Your provider", description="What a provider of your own is called on screens.")
    oauth_client_id: str = Field("", description="Onethread's registration with it.")
    oauth_client_secret: str = Field("", description="Its secret.", repr=False)
    oauth_authorize_url: str = Field("", description="Its consent page (OAuth 2.0, RFC 6749).")
    oauth_token_url: str = Field("", description="Where it gives out tokens.")
    oauth_scope: str = Field("offline_access", description="What is asked of it.")
    reopen_days: int = Field(7, ge=0, le=365, description="A resolved case reopens within this many days.")
    trusted_proxies: str = Field(
        "127.0.0.1", description="Addresses whose X-Forwarded-* headers are believed."
    )

    @field_validator("broker_url")
    @classmethod
    def _none_yet(cls, value: str) -> str:
        if value:
            raise ValueError("is not served by this version: leave it empty, the database tells what is new")
        return value

    @field_validator("language")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in KNOWN:
            raise ValueError(f"must be one of {', '.join(LANGUAGES)}")
        return value

    @field_validator("base_url")
    @classmethod
    def _without_slash(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return value.rstrip("/")

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


def load_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings; raises SettingsInvalid with one clear line for unknown names and unusable values."""
    environment = os.environ if environment is None else environment
    values: dict[str, Any] = {}
    if path := environment.get(CONFIG):
        values |= _from_file(Path(path))
    for name, value in environment.items():
        if name.startswith(PREFIX) and name != CONFIG and not name.startswith(PREFIX + "TEST_"):
            values[name.removeprefix(PREFIX).lower()] = value
    try:
        return Settings(**values)
    except ValidationError as error:
        raise SettingsInvalid(_first_line(error)) from error


def _from_file(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise SettingsInvalid(f"{CONFIG} names {path}, which cannot be read: {error}") from error


def _first_line(error: ValidationError) -> str:
    first = error.errors()[0]
    name = PREFIX + str(first["loc"][0]).upper()
    if first["type"] == "extra_forbidden":
        return f"{name} is no setting of Onethread. Remove it, or look at its spelling."
    return f"{name}: {first['msg']}."
