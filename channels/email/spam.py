"""What the receiving server's filter says of a mail, and only that filter: anybody may write such fields.

Believed is what stands above the topmost Received field of a way in from outside, as everything below it was
in the mail when it came. Exchange alone writes its level at the end of the header; it takes away what comes
from outside under that name, so its word counts where the topmost Received is its own.
"""

import re

from channels.email.authentication import is_local_hop
from channels.email.headers import Headers

_VERDICTS = frozenset(("x-spam-flag", "x-spam-status", "x-spam"))
_LEVEL = "x-ms-exchange-organization-scl"
_SPAM_LEVEL = 5  # from which Exchange itself puts a mail into the junk folder
_EXCHANGE = re.compile(rb"\bby\s+\S+\.outlook\.com\b|\bwith\s+Microsoft\s+SMTP\s+Server\b", re.IGNORECASE)


def is_spam(headers: Headers, authserv_id: str | None) -> bool:
    """Whether the trusted server calls this spam; False where none is configured."""
    if not authserv_id:
        return False
    for name, raw in headers.fields:
        text = raw.decode("latin-1")
        if name == "received" and not is_local_hop(text):
            break
        if name in _VERDICTS and text.strip().lower().startswith("yes"):
            return True
        if name == _LEVEL and _is_high(text):
            return True
    return bool(_EXCHANGE.search(headers.raw("received"))) and _is_high(headers.text(_LEVEL))


def _is_high(level: str) -> bool:
    level = level.strip()
    return level.isdecimal() and len(level) < 3 and int(level) >= _SPAM_LEVEL
