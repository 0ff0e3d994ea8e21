"""Small facts handed to strangers and taken back: they can neither be read, changed, nor kept for ever."""

import base64
import json
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from inbox.secrets import Keys


class Seals:
    """Seals of one purpose; one of another purpose is no seal here."""

    def __init__(self, keys: Keys, purpose: str) -> None:
        self._box = MultiFernet(
            [Fernet(base64.urlsafe_b64encode(key)) for key in keys.derive_all(f"seal: {purpose}")]
        )

    def seal(self, **facts: Any) -> str:
        """The facts as one string that is safe in a URL."""
        content = json.dumps(facts, separators=(",", ":")).encode()
        return self._box.encrypt(content).decode().rstrip("=")

    def open(self, sealed: object, *, seconds: int | None = None) -> dict[str, Any] | None:
        """The facts, or None for what we did not seal or what is older than so many *seconds*."""
        if not isinstance(sealed, str) or len(sealed) > 4_000 or not sealed.isascii():
            return None
        try:
            content = self._box.decrypt(sealed + "=" * (-len(sealed) % 4), ttl=seconds)
        except InvalidToken:
            return None
        facts: dict[str, Any] = json.loads(content)
        return facts
