"""The installation's key, and what is derived from it.

The key file is made at the first start with mode 0600. Where data exists and the key does not, starting is
refused: a new key would leave every stored password unreadable and every strand token void.
"""

import base64
import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from inbox.errors import SettingsInvalid
from inbox.tokens import StrandTokens

MINIMUM_LENGTH = 32


class Keys:
    """Keys derived from the installation's secrets, newest first; each purpose has its own."""

    def __init__(self, secret_keys: list[str]) -> None:
        if not secret_keys or any(len(key) < MINIMUM_LENGTH for key in secret_keys):
            raise SettingsInvalid(f"The secret key needs at least {MINIMUM_LENGTH} characters.")
        self._roots = [key.encode() for key in secret_keys]
        self._derived: dict[str, list[bytes]] = {}
        self._box = MultiFernet(
            [Fernet(base64.urlsafe_b64encode(key)) for key in self.derive_all("secrets at rest")]
        )

    def derive(self, purpose: str) -> bytes:
        """32 bytes for one purpose, from the newest key."""
        return self.derive_all(purpose)[0]

    def derive_all(self, purpose: str) -> list[bytes]:
        """32 bytes for one purpose from each key, newest first."""
        if purpose not in self._derived:
            self._derived[purpose] = [
                HKDF(algorithm=SHA256(), length=32, salt=b"onethread", info=purpose.encode()).derive(root)
                for root in self._roots
            ]
        return self._derived[purpose]

    def strand_tokens(self) -> StrandTokens:
        return StrandTokens(self.derive_all("strand tokens"))

    def seal(self, secret: str) -> str:
        """Encrypt a secret for the database."""
        return self._box.encrypt(secret.encode()).decode()

    def unseal(self, sealed: str) -> str:
        """Decrypt what `seal()` made; raises SettingsInvalid where the key is another one."""
        try:
            return self._box.decrypt(sealed.encode()).decode()
        except InvalidToken as error:
            raise SettingsInvalid(
                "A stored secret cannot be read: the secret key is not the one it was stored with."
            ) from error


def load_keys(configured: str | None, key_file: Path, *, data_exists: bool) -> Keys:
    """The keys from the setting (comma-separated, newest first), else from the key file, made when there is
    no data yet.

    Raises SettingsInvalid where data exists but its key is gone.
    """
    if configured:
        return Keys([key.strip() for key in configured.split(",") if key.strip()])
    if not key_file.exists():
        if data_exists:
            raise SettingsInvalid(
                f"The key file {key_file} is missing, but there is data that was made with it. "
                "Put it back from your backup, or set ONETHREAD_SECRET_KEY."
            )
        _create(key_file)
    return Keys(key_file.read_text().split())


def _create(key_file: Path) -> None:
    key_file.parent.mkdir(parents=True, exist_ok=True)
    text = secrets.token_urlsafe(48) + "\n"
    partial = key_file.with_name(f".{key_file.name}.{secrets.token_hex(4)}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(partial, key_file)  # never replaces a key that another process made meanwhile
    except FileExistsError:
        return
    finally:
        partial.unlink()
