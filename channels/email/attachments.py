"""The parts of a mail that are files: named, measured, stored; inline where the HTML shows them."""

import re
from collections.abc import Callable, Sequence
from urllib.parse import unquote

from channels.email.bodies import filename_of
from channels.email.filenames import default_filename
from channels.email.mime import Part, read_headers
from channels.email.transfer import content_of
from inbox.envelopes import InboundAttachment
from inbox.errors import Refused
from inbox.filenames import clean_filename

_CID = re.compile(r"cid:([^\s\"'<>)]{1,500})", re.IGNORECASE)
_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,62}/[a-z0-9][a-z0-9!#$&^_.+-]{0,62}")
_SIGNATURE_TYPES = frozenset(
    ("application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature")
)


def read_attachments(
    parts: Sequence[Part], html: str, store: Callable[[bytes], str]
) -> tuple[InboundAttachment, ...]:
    """The attachments in order. Nothing is fetched or unpacked; detached signatures are left out."""
    shown = {unquote(content_id) for content_id in _CID.findall(html)}
    return tuple(
        _attachment(part, shown, html, store) for part in parts if part.content_type not in _SIGNATURE_TYPES
    )


def _attachment(part: Part, shown: set[str], html: str, store: Callable[[bytes], str]) -> InboundAttachment:
    content = content_of(part)
    content_id = part.headers.text("content-id").strip().strip("<>").strip()[:500] or None
    location = part.headers.text("content-location").strip()
    inline = content_id in shown
    if not inline and 3 < len(location) <= 500 and location in html:
        content_id, inline = location, True
    return InboundAttachment(
        filename=_filename(part, content),
        content_type=part.content_type if _TYPE.fullmatch(part.content_type) else "application/octet-stream",
        size=len(content),
        digest=store(content),
        content_id=content_id,
        inline=inline and part.content_type.startswith("image/"),
    )


def _filename(part: Part, content: bytes) -> str:
    if named := clean_filename(filename_of(part)):
        return named
    if part.content_type == "message/rfc822" and (subject := clean_filename(_subject(content)[:80])):
        return subject + ".eml"
    if part.content_type == "application/ms-tnef":
        return "winmail.dat"
    return default_filename(part.content_type)


def _subject(content: bytes) -> str:
    try:
        headers = read_headers(content, 0, len(content), top=True)[0]
    except Refused:
        return ""  # its header is longer than any may be; it is kept, without a name of its own
    return re.sub(r"[/\\]", "-", headers.text("subject"))
