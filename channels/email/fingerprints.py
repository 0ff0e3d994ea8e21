"""What makes two raw mails the same mail: their content, whatever servers wrote around it."""

import hashlib
from collections.abc import Iterator

from channels.email.mime import Part
from channels.email.transfer import content_of

_NAMES = (
    "from",
    "sender",
    "reply-to",
    "to",
    "cc",
    "subject",
    "date",
    "message-id",
    "in-reply-to",
    "references",
)


def content_hash(root: Part) -> str:
    """SHA-256 (hex) of who wrote what to whom and when; not of boundaries, encodings, folding, transport."""
    whole = hashlib.sha256()
    for piece in _pieces(root):
        whole.update(len(piece).to_bytes(8, "big") + piece)
    return whole.hexdigest()


def _pieces(root: Part) -> Iterator[bytes]:
    for name in _NAMES:
        yield name.encode()
        yield "\n".join(" ".join(text.split()) for text in root.headers.texts(name)).encode(
            "utf-8", "replace"
        )
    for part in root.walk():
        yield part.content_type.encode("utf-8", "replace")
        if not part.children:
            yield part.parameters.get("name").encode("utf-8", "replace")
            yield hashlib.sha256(_canonical(part)).digest()


def _canonical(part: Part) -> bytes:
    """Line ends change on the way; in a file of bytes nothing does."""
    content = content_of(part)
    if not part.content_type.startswith(("text/", "message/", "multipart/")):
        return content
    return content.replace(b"\r\n", b"\n").replace(b"\r", b"\n").strip()
