"""Signed strand tokens: what an answer carries back so that it finds its strand.

A token is `c.<strand's public id>.<80 bits of HMAC-SHA256>`, lower-case base32 throughout, so that it
survives servers which fold the case of a local part (RFC 5321 §2.4 asks them not to). It stands in our
plus-addresses (RFC 5233) and in our Message-IDs. A token is a pointer, not a permission: the sender rule
decides (SECURITY R4).
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence

TOKEN = re.compile(r"c\.([a-z2-7]{26})\.([a-z2-7]{16})")


class StrandTokens:
    """Mints with the newest key, reads with any of them (newest first)."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = tuple(keys)

    def mint(self, strand_id: str) -> str:
        """The token of a strand, given its public id."""
        return f"c.{strand_id}.{_seal(self._keys[0], strand_id)}"

    def read(self, token: str) -> str | None:
        """The public id of the strand that a token names, or None where the seal is not ours."""
        found = TOKEN.fullmatch(token.lower())
        if not found:
            return None
        strand_id, seal = found.groups()
        genuine = [hmac.compare_digest(_seal(key, strand_id), seal) for key in self._keys]
        return strand_id if any(genuine) else None


def found_tokens(text: str) -> list[str]:
    """What looks like a token in a Message-ID or an address."""
    return [found[0] for found in TOKEN.finditer(text.lower())]


def _seal(key: bytes, strand_id: str) -> str:
    digest = hmac.digest(key, b"strand\n" + strand_id.encode(), hashlib.sha256)
    return base64.b32encode(digest[:10]).decode().lower()


def mint_message_id(message_id: str, token: str, mailbox: str) -> str:
    """A Message-ID (without angle brackets) in the mailbox's own domain, which carries the strand's token."""
    return f"{message_id}.{token}@{mailbox.rpartition('@')[2]}"
