"""Unpacks winmail.dat: the files in Microsoft's TNEF ([MS-OXTNEF]), and the words where it holds any.

Only attributes of attachments and of the body (plain, HTML or RTF) are read. Every length is checked against
what is left, so a damaged stream ends where it breaks; what was found before stays.
"""

import codecs
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from channels.email.rtf import read_rtf, unpack_rtf

MAX_FILES = 200
MAX_ATTRIBUTES = 20_000
MAX_PROPERTIES = 5_000
MAX_DEPTH = 5

_SIGNATURE = 0x223E9F78
_BODY, _MAPI_OF_MESSAGE = 0x800C, 0x9003
_TITLE, _DATA, _BEGINS_FILE, _MAPI_OF_FILE = 0x8010, 0x800F, 0x9002, 0x9005
_CODE_PAGE = 0x9007
_PR_BODY, _PR_HTML, _PR_RTF = 0x1000, 0x1013, 0x1009
_PR_DISPLAY_NAME, _PR_DATA, _PR_FILENAME = 0x3001, 0x3701, 0x3704
_PR_LONG_FILENAME, _PR_MIME, _PR_CONTENT_ID = 0x3707, 0x370E, 0x3712
_SIZES = {2: 4, 3: 4, 4: 4, 5: 8, 6: 8, 7: 8, 10: 4, 11: 4, 20: 8, 64: 8, 72: 16}
_STRING, _UNICODE, _OBJECT, _BINARY = 0x1E, 0x1F, 0x0D, 0x0102
_MANY = 0x1000


@dataclass(slots=True)
class TnefFile:
    """A file as it stands in the stream; `name` and `content_type` are the sender's words, or ""."""

    name: str = ""
    content_type: str = ""
    content_id: str = ""
    content: bytes = field(default=b"", repr=False)
    is_mail: bool = False  # a mail in Microsoft's form, whose own files follow it in the list


@dataclass(slots=True)
class Tnef:
    """What a stream holds; `text` and `html` are the words of the mail, or ""."""

    files: list[TnefFile] = field(default_factory=list)
    text: str = ""
    html: str = ""


def read_tnef(stream: bytes) -> Tnef | None:
    """What is packed in a TNEF stream, or None where it is none."""
    found = Tnef()
    return found if _read(stream, found, 0) else None


def _read(stream: bytes, found: Tnef, depth: int) -> bool:
    if len(stream) < 6 or struct.unpack_from("<I", stream)[0] != _SIGNATURE or depth > MAX_DEPTH:
        return False
    codec = "cp1252"
    current: TnefFile | None = None
    for name, data in _attributes(stream):
        if name == _CODE_PAGE and len(data) >= 4:
            codec = _codec(struct.unpack_from("<I", data)[0])
        elif name == _BEGINS_FILE:
            if len(found.files) >= MAX_FILES:
                break
            current = TnefFile()
            found.files.append(current)
        elif name == _BODY and not depth:
            found.text = _text(data, codec)
        elif name == _MAPI_OF_MESSAGE and not depth:
            _read_message(data, found, codec)
        elif current is None:
            continue
        elif name == _TITLE:
            current.name = current.name or _text(data, codec)
        elif name == _DATA:
            current.content = data
        elif name == _MAPI_OF_FILE:
            _read_file(data, current, found, codec, depth)
    return True


def _attributes(stream: bytes) -> Iterator[tuple[int, bytes]]:
    position = 6
    for _ in range(MAX_ATTRIBUTES):
        if position + 9 > len(stream):
            return
        name, length = struct.unpack_from("<xHxxI", stream, position)
        position += 9
        if length > len(stream) - position:
            return
        yield name, stream[position : position + length]
        position += length + 2  # a checksum, which not every program writes right


def _read_message(data: bytes, found: Tnef, codec: str) -> None:
    rtf = b""
    for name, kind, value in _properties(data):
        if name == _PR_BODY and kind in (_STRING, _UNICODE):
            found.text = found.text or _string(kind, value, codec)
        elif name == _PR_HTML:
            found.html = found.html or _string(kind, value, codec)
        elif name == _PR_RTF and kind == _BINARY:
            rtf = value
    if rtf and not (found.html or found.text):
        words, is_html = read_rtf(unpack_rtf(rtf))
        found.html, found.text = (words, "") if is_html else ("", words)


def _read_file(data: bytes, current: TnefFile, found: Tnef, codec: str, depth: int) -> None:
    names: dict[int, str] = {}
    for name, kind, value in _properties(data):
        if name in (_PR_LONG_FILENAME, _PR_FILENAME, _PR_DISPLAY_NAME, _PR_MIME, _PR_CONTENT_ID):
            names[name] = _string(kind, value, codec)
        elif name == _PR_DATA and kind == _OBJECT and len(value) > 16:
            current.content = current.content or value[16:]  # the first 16 say what kind of object
            current.is_mail = _read(value[16:], found, depth + 1)
        elif name == _PR_DATA and kind == _BINARY:
            current.content = current.content or value
    current.name = (
        names.get(_PR_LONG_FILENAME)
        or current.name
        or names.get(_PR_FILENAME)
        or names.get(_PR_DISPLAY_NAME, "")
    )
    current.content_type = names.get(_PR_MIME, "")
    current.content_id = names.get(_PR_CONTENT_ID, "")


def _properties(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """(name, type, value) of the MAPI properties that have one value; ends where the data are damaged."""
    try:
        count, position = min(struct.unpack_from("<I", data)[0], MAX_PROPERTIES), 4
        for _ in range(count):
            kind, name = struct.unpack_from("<HH", data, position)
            position = _after_name(data, position + 4) if name >= 0x8000 else position + 4
            single = kind & ~_MANY
            if single in _SIZES:
                number = struct.unpack_from("<I", data, position)[0] if kind & _MANY else 1
                position += 4 if kind & _MANY else 0
                yield name, kind, data[position : position + _SIZES[single]]
                position += _SIZES[single] * number
                continue
            number = struct.unpack_from("<I", data, position)[0]
            position += 4
            for _ in range(min(number, MAX_PROPERTIES)):
                length = struct.unpack_from("<I", data, position)[0]
                position += 4
                if length > len(data) - position:
                    return
                yield name, kind, data[position : position + length]
                position += length + (-length % 4)
    except struct.error:
        return  # cut short or damaged: what was read stays


def _after_name(data: bytes, position: int) -> int:
    """Where a property that has a name of its own goes on: after its set and its number or letters."""
    is_word = struct.unpack_from("<I", data, position + 16)[0]
    if not is_word:
        return position + 24
    length = struct.unpack_from("<I", data, position + 20)[0]
    return position + 24 + int(length) + (-int(length) % 4)


def _string(kind: int, value: bytes, codec: str) -> str:
    if kind == _UNICODE:
        return value.decode("utf-16-le", "replace").split("\x00")[0]
    return _text(value, codec)


def _text(data: bytes, codec: str) -> str:
    return data.split(b"\x00")[0].decode(codec, "replace")


def _codec(page: int) -> str:
    name = "utf-8" if page == 65001 else f"cp{page}"
    try:
        codecs.lookup(name)
    except LookupError:
        return "cp1252"
    return name
