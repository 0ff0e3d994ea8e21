"""Public ids: unguessable, safe in URLs, file names, CSS selectors and mail addresses."""

import base64
import secrets

PUBLIC_ID_LENGTH = 26


def public_id() -> str:
    """128 random bits as 26 characters of lower-case base32."""
    return base64.b32encode(secrets.token_bytes(16)).decode().rstrip("=").lower()
