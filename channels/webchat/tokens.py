"""Visitors' bearer tokens: 256 random bits with our seal on them, bound to one channel.

A token is minted without writing anything down: until the first message nobody has come to be. The visitor's
id follows
from the token's bits, so that a message which was sent twice before its token was stored comes from one
visitor.
"""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence

TOKEN = re.compile(r"v1\.([A-Za-z0-9_-]{43})\.([0-9a-f]{32})")


class VisitorTokens:
    """Mints with the newest key, knows those of any (newest first)."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = tuple(keys)

    def mint(self, channel_key: str) -> str:
        """A token for a new visitor of this channel, or a new one for a known visitor."""
        bits = secrets.token_urlsafe(32)
        return f"v1.{bits}.{self._seal(self._keys[0], channel_key, bits)}"

    def is_ours(self, token: str, channel_key: str) -> bool:
        """Whether we minted this token, for this channel."""
        found = TOKEN.fullmatch(token)
        if not found:
            return False
        bits, seal = found.groups()
        genuine = [hmac.compare_digest(self._seal(key, channel_key, bits), seal) for key in self._keys]
        return any(genuine)

    @staticmethod
    def _seal(key: bytes, channel_key: str, bits: str) -> str:
        return hmac.new(key, f"visitor\n{channel_key}\n{bits}".encode(), hashlib.sha256).hexdigest()[:32]


def digest_of(token: str) -> str:
    """What is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def visitor_id_of(token: str) -> str:
    """128 bits as 26 characters: who shows this token, as long as no other id has been stored for it."""
    digest = hashlib.sha256(b"visitor id\n" + token.encode()).digest()[:16]
    return base64.b32encode(digest).decode().rstrip("=").lower()
