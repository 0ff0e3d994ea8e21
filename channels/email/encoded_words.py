"""Header values to text: encoded words (RFC 2047) as senders write them, raw 8-bit (RFC 6532 or not)."""

import binascii
import re
import string

from channels.email.charsets import codec_of, decode

_PREFIX = re.compile(rb"=\?([^?\s=]{1,60})\?([bBqQ])\?")
# Some senders cut base64 anywhere: the first word ends within a group of four, the next one goes on.
_CUT_BASE64 = re.compile(
    rb"(=\?([^?\s=]{1,60})\?[bB]\?(?:[A-Za-z0-9+/]{4})*[A-Za-z0-9+/]{1,3})\?=[ \t]{1,80}=\?\2\?[bB]\?"
)
_STATEFUL_JAPANESE = re.compile(rb"\x1b(?:\$[@B]|\([BJI])")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_BLANKS = re.compile(r" {2,}")
_BASE64 = (string.ascii_letters + string.digits + "+/").encode()
_NOT_BASE64 = bytes(set(range(256)) - set(_BASE64))


def decode_header(value: bytes, hint: str | None = None) -> str:
    """The text of a raw header value on one line; never raises.

    *hint* is the charset of the mail's body, which is mostly that of an undeclared 8-bit header, too.
    """
    if not value:
        return ""
    if value.isascii() and b"=?" not in value and b"\x1b" not in value:
        text = value.decode("ascii")
        if text.isprintable() and "  " not in text:
            return text.strip()  # most fields, and cheap to read
        text = text.replace("\r", "").replace("\n", "")
    else:
        joined = value.replace(b"\r", b"").replace(b"\n", b"")
        text = "".join(_pieces(_CUT_BASE64.sub(rb"\1", joined), hint))
    return _BLANKS.sub(" ", _CONTROLS.sub(" ", text)).strip()


def _pieces(value: bytes, hint: str | None) -> list[str]:
    """Plain and decoded stretches; neighbouring words of one charset are joined before they are decoded."""
    pieces: list[str] = []
    pending, charset = b"", b""
    for plain, word_charset, content in _words(value):
        if word_charset is None:
            if pending and not plain.strip():
                continue  # white space between two encoded words is not part of the text
            pieces += [_text(pending, charset), _raw_text(plain, hint)]
            pending, charset = b"", b""
            continue
        if pending and word_charset != charset:
            pieces.append(_text(pending, charset))
            pending = b""
        pending, charset = pending + content, word_charset
    pieces.append(_text(pending, charset))
    return pieces


def _words(value: bytes) -> list[tuple[bytes, bytes | None, bytes]]:
    """(plain text, None, b"") or (b"", charset, decoded bytes), in order; one pass over the value."""
    found: list[tuple[bytes, bytes | None, bytes]] = []
    position = plain_from = 0
    while (start := value.find(b"=?", position)) >= 0:
        prefix = _PREFIX.match(value, start)
        if not prefix:
            position = start + 2
            continue
        end = value.find(b"?=", prefix.end())
        if end < 0:
            break
        if start > plain_from:
            found.append((value[plain_from:start], None, b""))
        content = _decoded(value[prefix.end() : end], prefix[2].lower())
        found.append((b"", prefix[1].lower().split(b"*")[0], content))
        position = plain_from = end + 2
    if plain_from < len(value):
        found.append((value[plain_from:], None, b""))
    return found


def _decoded(content: bytes, encoding: bytes) -> bytes:
    if encoding == b"q":
        return binascii.a2b_qp(content, header=True)
    digits = content.translate(None, _NOT_BASE64)
    if len(digits) % 4 == 1:
        digits = digits[:-1]
    return binascii.a2b_base64(digits + b"=" * (-len(digits) % 4))


def _text(content: bytes, charset: bytes) -> str:
    return decode(content, charset.decode("ascii", "replace")) if content else ""


def _raw_text(content: bytes, hint: str | None) -> str:
    if content.isascii():
        if _STATEFUL_JAPANESE.search(content):
            return decode(content, "iso-2022-jp")
        return content.decode("ascii")
    try:
        return content.decode()
    except UnicodeDecodeError:
        usable = hint if codec_of(hint) not in {None, "ascii", "utf_8"} else None
        return decode(content, usable)
