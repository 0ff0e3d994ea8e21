"""What a raw mail says of itself at a glance, for the list of those that nobody could parse: most of them lie
there because they are built in a way that nobody foresaw."""

from dataclasses import dataclass

from channels.email.mime import read_headers
from inbox.errors import Refused

HEAD_BYTES = 16_384
LONGEST = 200


@dataclass(frozen=True, slots=True)
class Glance:
    """From and Subject as the mail has them: shown to agents, believed by nobody."""

    sender: str = ""
    subject: str = ""


def glance(head: bytes) -> Glance:
    """Who it says it is from, and about what, by its first bytes; empty where that cannot be read."""
    for length in (HEAD_BYTES, HEAD_BYTES // 4):  # a header that goes on and on may begin well
        try:
            headers, _ = read_headers(head, 0, min(len(head), length), top=True)
            return Glance(headers.text("from")[:LONGEST], headers.text("subject")[:LONGEST])
        except (Refused, ValueError, LookupError, ArithmeticError, RecursionError):
            continue
    return Glance()
