"""Splits a raw mail into its parts (RFC 2045, 2046), in linear time and within limits.

The standard library's parser recurses for each nested part and is quadratic on several inputs; here a part
is a range of the one bytes object, and the limits are counted before anything is built from them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from channels.email.headers import Headers
from channels.email.parameters import Parameters
from inbox.errors import Refused

MAX_DEPTH = 50
MAX_PARTS = 1_000
MAX_HEADER_LINES = 1_000
MAX_HEADER_BYTES = 256 * 1024

_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\n|\r|$)")
_MBOX_LINE = re.compile(rb">?From (?![ \t]{0,9}:)")
_DOUBLED_CR = re.compile(rb"[^\r\n]{1,900}\r\r\n[^\r\n]{1,900}\r\r\n")
_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:")
_KNOWN = re.compile(
    rb"(?:from|to|cc|subject|date|message-id|mime-version|content-type|content-transfer-encoding|reply-to|sender"
    rb"|received|return-path|references|in-reply-to|x-[a-z0-9-]+)[ \t]*:",
    re.IGNORECASE,
)
_UNSAID_BOUNDARY = re.compile(rb"(?:^|[\r\n])--([^\s-][^\r\n]{0,69})(?=[\r\n])")
_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+*-]+")


@dataclass(slots=True)
class Part:
    """A header block and the range of bytes that it describes; `children` are the parts of a multipart."""

    headers: Headers
    raw: bytes = field(repr=False)
    start: int
    end: int
    content_type: str = "text/plain"
    parameters: Parameters = field(default_factory=Parameters)
    children: list["Part"] = field(default_factory=list)
    declared: bool = True  # whether there was a usable Content-Type
    decoded: bytes | None = field(default=None, repr=False)  # its content, where that was asked for before

    @property
    def content(self) -> bytes:
        """The bytes as they stand, still under their transfer encoding."""
        return self.raw[self.start : self.end]

    def walk(self) -> Iterator["Part"]:
        """This part and all below it, in the order of the mail."""
        waiting = [self]
        while waiting:
            part = waiting.pop()
            yield part
            waiting.extend(reversed(part.children))


def split(raw: bytes) -> Part:
    """The tree of parts of a mail; raises Refused where it goes beyond the limits."""
    if raw.startswith(b"\xef\xbb\xbf"):
        raw = raw[3:]
    if _DOUBLED_CR.match(raw):
        raw = raw.replace(b"\r\r\n", b"\r\n")  # some gateway has taken each line feed for a bare one
    headers, start = read_headers(raw, 0, len(raw), top=True)
    root = _part(headers, raw, start, len(raw), "text/plain")
    waiting = [(root, 1)]
    count = 1
    while waiting:
        part, depth = waiting.pop()
        if not part.content_type.startswith("multipart/"):
            continue
        for child in _children(part):
            count += 1
            if count > MAX_PARTS:
                raise Refused("The mail has more than 1,000 parts.")
            part.children.append(child)
            if child.content_type.startswith("multipart/"):
                if depth >= MAX_DEPTH:
                    raise Refused("The parts of the mail are nested more than 50 deep.")
                waiting.append((child, depth + 1))
    _share_charset(root)
    return root


def _share_charset(root: Part) -> None:
    """The charset of the first text is the best hint for undeclared 8-bit header fields."""
    hint = next((label for part in root.walk() if (label := part.parameters.get("charset"))), None)
    for part in root.walk():
        part.headers.hint = hint


def read_headers(raw: bytes, start: int, end: int, *, top: bool = False) -> tuple[Headers, int]:
    """The header fields from *start*, and where the body begins; raises Refused beyond the limits.

    Lines that belong to no field are passed over where fields follow, and start the body where none do.
    """
    fields: list[tuple[str, bytes]] = []
    position, lines = (_skip_blank(raw, start, end) if top else start), 0
    if top and _MBOX_LINE.match(raw, position):
        position = _line(raw, position, end)[1]  # the separator line of an mbox file
    first = position
    while position < end:
        line, following = _line(raw, position, end)
        lines += 1
        if lines > MAX_HEADER_LINES or position - first > MAX_HEADER_BYTES:
            raise Refused("The header of the mail is longer than 1,000 lines or 256 KiB.")
        text = line.rstrip(b"\r\n")
        if not text.strip(b" \t"):
            if not text and not (top and _goes_on(raw, following, end, fields)):
                return Headers(fields), following
        elif text[:1] in b" \t" and fields:
            name, value = fields[-1]
            fields[-1] = (name, value + b"\n" + text) if len(value) < MAX_HEADER_BYTES else fields[-1]
        elif found := _FIELD.match(text):
            fields.append((found[1].decode("ascii").lower(), text[found.end() :]))
        elif not _resumes(raw, following, end, lenient=top and bool(fields)):
            return Headers(fields), position
        position = following
    return Headers(fields), end


def _line(raw: bytes, position: int, end: int) -> tuple[bytes, int]:
    found = _LINE.match(raw, position, end)
    following = found.end() if found else end
    if following - position > MAX_HEADER_BYTES:
        return raw[position : position + MAX_HEADER_BYTES], following
    return raw[position:following], following


def _skip_blank(raw: bytes, position: int, end: int) -> int:
    while position < end and raw[position] in b"\r\n":
        position += 1
    return position


def _goes_on(raw: bytes, position: int, end: int, fields: list[tuple[str, bytes]]) -> bool:
    """Whether an empty line stands in the header by mistake: no word of who wrote, and a field follows."""
    names = {name for name, _ in fields}
    return not names & {"from", "subject", "date", "content-type"} and bool(_KNOWN.match(raw, position, end))


def _resumes(raw: bytes, position: int, end: int, *, lenient: bool) -> bool:
    """Whether a line that is no field stands among fields."""
    line, _ = _line(raw, position, end)
    return bool((_FIELD if lenient else _KNOWN).match(line))


def _part(headers: Headers, raw: bytes, start: int, end: int, default: str) -> Part:
    value, parameters = headers.with_parameters("content-type")
    value = value.lower().strip()
    declared = bool(_TYPE.fullmatch(value))
    if not declared:
        value = {"text": "text/plain", "html": "text/html", "multipart": "multipart/mixed"}.get(
            value, default
        )
        if parameters.get("boundary") and "content-type" in headers:
            value = "multipart/mixed"
    return Part(headers, raw, start, end, value, parameters, declared=declared)


def _children(part: Part) -> Iterator[Part]:
    boundary = part.parameters.raw("boundary").rstrip()
    if not boundary:
        boundary = _likely_boundary(part)
    if not boundary:
        return
    default = "message/rfc822" if part.content_type == "multipart/digest" else "text/plain"
    ranges = list(islice(_ranges(part.raw, part.start, part.end, b"--" + boundary), MAX_PARTS + 1))
    if not ranges and (likely := _likely_boundary(part)):  # it says another one than it uses
        ranges = list(islice(_ranges(part.raw, part.start, part.end, b"--" + likely), MAX_PARTS + 1))
        if not any(_FIELD.match(part.raw, start, end) for start, end in ranges):
            return  # lines of text that begin with dashes
    for start, end in ranges:
        headers, body = read_headers(part.raw, start, end)
        yield _part(headers, part.raw, min(body, end), end, default)


def _likely_boundary(part: Part) -> bytes:
    """A multipart that does not say its boundary: the first line that looks like one."""
    found = _UNSAID_BOUNDARY.search(part.raw, max(part.start - 1, 0), part.end)
    return found[1].rstrip() if found else b""


def _ranges(raw: bytes, start: int, end: int, delimiter: bytes) -> Iterator[tuple[int, int]]:
    """Where each part begins and ends; a part ends before the line break that precedes the next delimiter."""
    opened: int | None = None
    position = raw.find(delimiter, start, end)
    while position >= 0:
        after = position + len(delimiter)
        line_end = _delimiter_end(raw, position, after, start, end)
        if line_end is None:
            position = raw.find(delimiter, after, end)
            continue
        if opened is not None:
            yield opened, max(opened, _before_break(raw, position, opened))
        if raw[after : after + 2] == b"--":
            return
        opened = line_end
        position = raw.find(delimiter, line_end, end)
    if opened is not None and opened < end:
        yield opened, end


def _delimiter_end(raw: bytes, position: int, after: int, start: int, end: int) -> int | None:
    """Where the line after a delimiter begins, or None where the match is only part of another line."""
    if position > start and raw[position - 1] not in b"\r\n":
        return None
    tail = _LINE.match(raw, after, min(end, after + 200))
    if tail is None or tail[0].strip() not in (b"", b"--"):
        return None
    return tail.end()


def _before_break(raw: bytes, position: int, opened: int) -> int:
    if raw[position - 2 : position] == b"\r\n":
        return max(opened, position - 2)
    return max(opened, position - 1)
