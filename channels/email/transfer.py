"""Content-Transfer-Encoding (RFC 2045 §6) undone, also where it is damaged or a lie; never raises."""

import binascii
import re
import string

from channels.email.mime import Part

_BASE64 = (string.ascii_letters + string.digits + "+/").encode()
_NOT_BASE64 = bytes(set(range(256)) - set(_BASE64))
_NOT_BASE64_BUT_PADDING = bytes(set(_NOT_BASE64) - set(b"="))
_ENCODING = re.compile(r"[a-z0-9-]+")
_COMMENT = re.compile(r"\([^()]{0,200}\)")
KEPT = 1 << 20  # bytes of a part that are not decoded anew each time
_SAMPLE = 4096
_ENCODED_LINES = re.compile(rb"(?:[A-Za-z0-9+/]{1,998}={0,2}[ \t]*\r?\n)+")
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def content_of(part: Part) -> bytes:
    """The bytes that a part carries."""
    if part.decoded is not None:
        return part.decoded
    content = _content_of(part)
    if len(content) <= KEPT:  # it is hashed, read and stored
        part.decoded = content
    return content


def _content_of(part: Part) -> bytes:
    written = part.headers.text("content-transfer-encoding").lower()
    found = _ENCODING.search(_COMMENT.sub(" ", written))
    encoding = found[0] if found else "7bit"
    content = part.content
    if encoding == "base64":
        if part.content_type.startswith("text/") and (with_footer := _with_plain_footer(content)):
            return with_footer
        return _from_base64(content) if _is_base64(content) else content
    if encoding in ("quoted-printable", "quotedprintable", "quoted", "quote", "qp"):
        return binascii.a2b_qp(content)
    if encoding in ("uuencode", "x-uuencode", "x-uue", "uue"):
        return from_uuencode(content)
    return content


def _with_plain_footer(content: bytes) -> bytes | None:
    """A text whose encoded lines are followed by plain ones, which lists and scanners append without a look
    at the encoding; None where it is not so."""
    found = _ENCODED_LINES.match(content)
    rest = content[found.end() :].strip() if found else b""
    if found is None or not rest or _is_base64(rest):
        return None
    encoded = b"".join(found[0].split())
    if len(encoded) % 4 or len(encoded) < 8:
        return None
    text = _from_base64(encoded)
    return None if _CONTROLS.search(text) else text + b"\n\n" + rest


def _is_base64(content: bytes) -> bool:
    """Whether it can be what it says: words with blanks and commas are plain text under a wrong label."""
    sample = content[:_SAMPLE]
    foreign = len(sample.translate(None, _BASE64 + b"=\r\n\t "))
    inner_blanks = len(re.findall(rb"[A-Za-z,.;] [A-Za-z]", sample)) if b" " in sample else 0
    return (foreign + inner_blanks) * 12 < max(len(sample), 12)


def _from_base64(content: bytes) -> bytes:
    """All blocks of it: some senders join what they encoded piece by piece, each with its padding."""
    pieces: list[bytes] = []
    for found in re.finditer(rb"[^=]+", content.translate(None, _NOT_BASE64_BUT_PADDING)):
        block = found[0]
        if len(block) > 1:
            whole = block[:-1] if len(block) % 4 == 1 else block
            pieces.append(binascii.a2b_base64(whole + b"=" * (-len(whole) % 4)))
    return b"".join(pieces)


def from_uuencode(content: bytes) -> bytes:
    """The bytes of a uuencoded file, from its `begin` to its `end`; *content* itself where there is none."""
    pieces: list[bytes] = []
    inside = False
    for line in content.splitlines():
        if not inside:
            inside = line.startswith(b"begin ")
        elif line.strip() in (b"end", b"`", b""):
            break
        else:
            pieces.append(_uu_line(line))
    return b"".join(pieces) if inside else content


def _uu_line(line: bytes) -> bytes:
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:
        wanted = (((line[0] - 32) & 63) * 4 + 5) // 3  # trailing junk or lost blanks, as in many encoders
        try:
            return binascii.a2b_uu(line[: wanted + 1])
        except binascii.Error:
            return b""
