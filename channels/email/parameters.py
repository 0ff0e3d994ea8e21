"""Parameters of Content-Type and Content-Disposition: RFC 2045 §5.1, RFC 2231, and what senders write."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

from channels.email.charsets import decode
from channels.email.encoded_words import decode_header

MAX_PARAMETERS = 2_000

_PARAMETER = re.compile(rb';\s*([^\s=;"]+)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"?|([^;]*)))?', re.DOTALL)
_EXTENDED = re.compile(
    rb"((?:utf-8|iso-8859-\d{1,2}|windows-125\d|us-ascii))'[A-Za-z-]{0,12}'(.*%.*)", re.IGNORECASE
)
_SECTION = re.compile(rb"(.+?)(?:\*([0-9]{1,4}))?(\*)?", re.DOTALL)


@dataclass(slots=True)
class Parameters:
    """The parameters of one header field by lower-case name; of a name that comes twice the first counts."""

    values: Mapping[str, bytes] = field(default_factory=dict)
    extended: Mapping[str, str] = field(default_factory=dict)

    def raw(self, name: str) -> bytes:
        """The bytes as they stand, or b""."""
        return self.values.get(name, b"")

    def get(self, name: str, hint: str | None = None) -> str:
        """The decoded value, or ""; an RFC 2231 form goes before the plain one."""
        if extended := self.extended.get(name):
            return extended
        value = self.values.get(name, b"")
        if misplaced := _EXTENDED.fullmatch(value):  # the form of RFC 2231 under the plain name
            return decode(unquote_to_bytes(misplaced[2]), misplaced[1].decode("ascii"))
        return decode_header(value, hint)


def read_parameters(value: bytes) -> tuple[bytes, Parameters]:
    """What stands before the first ";", and the parameters after it."""
    value = value.replace(b"\r", b"").replace(b"\n", b"")
    head = value.partition(b";")[0]
    rest = value[len(head) :]
    words = head.split(None, 1)
    if len(words) == 2 and b"=" in words[1]:  # the first semicolon was forgotten
        head, rest = words[0], b";" + words[1] + rest
    plain: dict[str, bytes] = {}
    sections: dict[str, dict[int, tuple[bool, bytes]]] = {}
    for count, found in enumerate(_PARAMETER.finditer(rest)):
        if count >= MAX_PARAMETERS:
            break
        content = _unescaped(found[2]) if found[2] is not None else (found[3] or b"").strip()
        _file(found[1].lower(), content, plain, sections)
    return head.strip(), Parameters(plain, {name: _joined(parts) for name, parts in sections.items()})


def _file(
    key: bytes, content: bytes, plain: dict[str, bytes], sections: dict[str, dict[int, tuple[bool, bytes]]]
) -> None:
    section = _SECTION.fullmatch(key)
    if section is None:
        return
    name, number, extended = section[1].decode("ascii", "replace"), section[2], bool(section[3])
    if number is None and not extended:
        plain.setdefault(name, content)
    else:
        sections.setdefault(name, {}).setdefault(int(number or 0), (extended, content))


def _joined(parts: dict[int, tuple[bool, bytes]]) -> str:
    """RFC 2231 §4.1: the sections in order of their numbers; the first may name the charset."""
    charset = ""
    pieces: list[bytes] = []
    for index, number in enumerate(sorted(parts)):
        extended, content = parts[number]
        if extended and index == 0 and content.count(b"'") >= 2:
            label, _, content = content.split(b"'", 2)
            charset = label.decode("ascii", "replace")
        pieces.append(unquote_to_bytes(content) if extended else content)
    joined = b"".join(pieces)
    return decode(joined, charset) if charset or not joined.startswith(b"=?") else decode_header(joined)


def _unescaped(quoted: bytes) -> bytes:
    # Only these two: a backslash before anything else is one of a Windows path.
    return re.sub(rb'\\(["\\])', rb"\1", quoted)
