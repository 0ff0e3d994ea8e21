"""Signed identities: what the host page's own server says of the person who is looking at it.

`signature` = hex HMAC-SHA256 with one of the channel's live identity secrets over
channel + "\\n" + id + "\\n" + email + "\\n" + expires, where `expires` is Unix seconds, at most a day ahead.
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from inbox.addresses import normalise_email
from inbox.errors import Invalid, NotPermitted

LONGEST_LIFE = 24 * 3600
SKEW = 300  # a host's clock may be ahead of ours
LONGEST_ID = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIdentity:
    """A user of the host's own site: proven by its server. `email` is normalised, or empty."""

    user_id: str
    email: str
    name: str


def verify(
    given: Mapping[str, Any], *, channel_key: str, secrets: Sequence[str], moment: datetime
) -> SignedIdentity:
    """The identity that was signed.

    Raises Invalid where something is missing or has expired, NotPermitted where the signature is not the
    channel's; the text is for whoever puts the widget into their page.
    """
    user_id, email = _text(given, "id"), _text(given, "email")
    expires, signature = _text(given, "expires"), _text(given, "signature").lower()
    if not user_id or len(user_id) > LONGEST_ID or "\n" in user_id + email:
        raise Invalid("identify() needs the id of the user, one line of at most 200 characters.", field="id")
    content = "\n".join((channel_key, user_id, email, expires)).encode()
    genuine = [hmac.compare_digest(signature.encode(), sign(secret, content).encode()) for secret in secrets]
    if not any(genuine):
        raise NotPermitted(
            "The signature is not this channel's. Sign channel, id, email and expires, joined by line feeds, "
            "with the channel's identity secret, on your server."
        )
    _check_expiry(expires, moment)
    return SignedIdentity(
        user_id=user_id, email=normalise_email(email) if email else "", name=_text(given, "name")[:200]
    )


def sign(secret: str, content: bytes) -> str:
    """The hex HMAC-SHA256 of *content*."""
    return hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()


def _check_expiry(expires: str, moment: datetime) -> None:
    if not (expires.isascii() and expires.isdigit() and len(expires) <= 12):
        raise Invalid("expires must be a time in whole Unix seconds.", field="expires")
    left = int(expires) - moment.timestamp()
    if left < 0:
        raise Invalid("The signature has expired. Sign anew for every page.", field="expires")
    if left > LONGEST_LIFE + SKEW:
        raise Invalid("expires may be at most 24 hours ahead.", field="expires")


def _text(given: Mapping[str, Any], name: str) -> str:
    value = given.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value).strip() if name != "id" else str(value)
