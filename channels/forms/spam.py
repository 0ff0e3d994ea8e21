"""What gives a robot away: a field that people cannot see, and a hosted form sent faster than anybody
types."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from inbox.ids import public_id

TRAP = "contact_url"  # people do not see this field; robots fill in everything
OPENED = "_opened"  # when the hosted page was made, sealed
MINIMUM = timedelta(seconds=2)


class OpeningSeals:
    """Seals that say when a hosted form was opened and name its submission, so that a second press is
    known."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = tuple(keys)

    def mint(self, form_key: str, moment: datetime) -> str:
        """A seal for one rendering of a form's page."""
        content = f"{int(moment.timestamp())}.{public_id()}"
        return f"{content}.{_signature(self._keys[0], form_key, content)}"

    def read(self, form_key: str, seal: str) -> tuple[datetime, str] | None:
        """When the page was opened and the submission's id, or None where the seal is not ours."""
        content, _, signature = seal.rpartition(".")
        genuine = [
            hmac.compare_digest(_signature(key, form_key, content).encode(), signature.encode())
            for key in self._keys
        ]
        if not any(genuine):
            return None
        seconds, _, submission_id = content.partition(".")
        return datetime.fromtimestamp(int(seconds), UTC), submission_id


def suspicion(given: Mapping[str, str], *, opened_at: datetime | None, moment: datetime) -> str:
    """Why a submission looks like a robot's, in words, or nothing. It is kept all the same, as spam."""
    if given.get(TRAP, "").strip():
        return "A field that people cannot see was filled in."
    if opened_at is not None and moment - opened_at < MINIMUM:
        return "The form was sent faster than anybody can fill it in."
    return ""


def _signature(key: bytes, form_key: str, content: str) -> str:
    return hmac.new(key, f"form\n{form_key}\n{content}".encode(), hashlib.sha256).hexdigest()[:32]
