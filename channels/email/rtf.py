"""Reads the words of a mail that Outlook has kept as RTF: unpacked ([MS-OXRTFCP]), and as the HTML or the
plain text that stands inside ([MS-OXRTFEX]).

One pass over tokens with a stack of bounded depth. What is damaged ends where it breaks.
"""

import codecs
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

MAX_BYTES = 2_000_000  # of RTF
MAX_TOKENS = 400_000
MAX_DEPTH = 500

_PACKED, _PLAIN = 0x75465A4C, 0x414C454D  # "LZFu" and "MELA"
_WINDOW = 4096
# What the window holds before the first byte ([MS-OXRTFCP] §2.1.2.1).
_PRESET = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor "
    rb"MS Sans SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0"
    b"\r\n"
    rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)
_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,9})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])|([{}])|[\r\n]+|([^\\{}\r\n]+)",
    re.DOTALL,
)
_UNSEEN = frozenset(
    b"fonttbl colortbl stylesheet info pict object objdata header footer headerl headerr footerl footerr "
    b"generator mmathPr themedata colorschememapping datastore listtable listoverridetable rsidtbl xmlnstbl "
    b"latentstyles mhtmltag fldinst bkmkstart bkmkend".split()
)
_WORDS = {
    b"par": "\n", b"line": "\n", b"sect": "\n", b"page": "\n", b"row": "\n", b"tab": "\t", b"cell": "\t",
    b"lquote": "\u2018", b"rquote": "\u2019", b"ldblquote": "\u201c", b"rdblquote": "\u201d",
    b"endash": "\u2013", b"emdash": "\u2014", b"bullet": "\u2022",
}  # fmt: skip
_SIGNS = {b"\\": "\\", b"{": "{", b"}": "}", b"~": "\u00a0", b"_": "-", b"\n": "\n", b"\r": "\n"}
_CHARSETS = {
    77: "mac_roman", 128: "cp932", 129: "cp949", 134: "gb18030", 136: "cp950", 161: "cp1253",
    162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874",
    238: "cp1250",
}  # fmt: skip


def unpack_rtf(packed: bytes) -> bytes:
    """The RTF in a PidTagRtfCompressed property; b"" where it holds none."""
    if len(packed) < 16:
        return b""
    _, size, kind, _ = struct.unpack_from("<IIII", packed)
    if kind == _PLAIN:
        return packed[16 : 16 + min(size, MAX_BYTES)]
    return _expanded(packed, min(size, MAX_BYTES)) if kind == _PACKED else b""


def _expanded(packed: bytes, size: int) -> bytes:
    window = bytearray(_PRESET.ljust(_WINDOW, b"\x00"))
    write, position = len(_PRESET), 16
    found = bytearray()
    while position < len(packed) and len(found) < size:
        flags = packed[position]
        position += 1
        for bit in range(8):
            if position >= len(packed) or len(found) >= size:
                break
            if not flags >> bit & 1:
                piece = packed[position : position + 1]
                position += 1
            else:
                token = int.from_bytes(packed[position : position + 2])
                position += 2
                if token >> 4 == write:
                    return bytes(found)
                piece = _copied(window, token >> 4, (token & 15) + 2, write)
            for byte in piece:
                window[write] = byte
                write = (write + 1) % _WINDOW
            found += piece
    return bytes(found[:size])


def _copied(window: bytearray, start: int, length: int, write: int) -> bytes:
    """Bytes from the window, which may reach into those that the copy itself has written."""
    distance = (write - start) % _WINDOW or _WINDOW
    seen = bytes(window[(start + index) % _WINDOW] for index in range(min(length, distance)))
    return (seen * (length // len(seen) + 1))[:length]


@dataclass(slots=True)
class _Group:
    codec: str = "cp1252"
    skips: int = 1  # characters that stand in for one in Unicode
    is_unseen: bool = False
    is_tag: bool = False  # HTML as it was written
    is_rtf_only: bool = False
    in_fonts: bool = False

    def inner(self) -> "_Group":
        """A group inside of it, which begins as it is."""
        return _Group(self.codec, self.skips, self.is_unseen, self.is_tag, self.is_rtf_only, self.in_fonts)


@dataclass(slots=True)
class _Reader:
    pieces: list[str] = field(default_factory=list)
    fonts: dict[int, str] = field(default_factory=dict)
    font: int = 0
    pending: bytearray = field(default_factory=bytearray)
    to_skip: int = 0
    is_html: bool = False
    page: str = "cp1252"

    def put(self, text: str, group: _Group) -> None:
        self.flush(group)
        if not group.is_unseen and not (self.is_html and group.is_rtf_only and not group.is_tag):
            self.pieces.append(text)

    def put_bytes(self, content: bytes, group: _Group) -> None:
        skipped = min(self.to_skip, len(content))
        self.to_skip -= skipped
        self.pending += content[skipped:]

    def flush(self, group: _Group) -> None:
        if self.pending:
            text = bytes(self.pending).decode(group.codec, "replace")
            self.pending.clear()
            self.put(text, group)


def read_rtf(rtf: bytes) -> tuple[str, bool]:
    """The words, and whether they are HTML; "" where there are none."""
    if not rtf.lstrip()[:5].startswith(b"{\\rtf"):
        return "", False
    reader = _Reader(is_html=b"\\fromhtml" in rtf[:2_000])
    stack: list[_Group] = []
    group = _Group()
    starred = False
    for word, number, byte, sign, brace, text in _tokens(rtf[:MAX_BYTES]):
        if brace == b"{":
            reader.flush(group)
            if len(stack) >= MAX_DEPTH:
                break
            stack.append(group)
            group = group.inner()
        elif brace:
            reader.flush(group)
            if not stack:
                break
            group = stack.pop()
        elif word:
            _obey(word, int(number) if number else None, starred, group, reader)
        elif byte:
            reader.put_bytes(bytes.fromhex(byte.decode()), group)
        elif text:
            reader.put_bytes(text, group)
        elif sign and sign != b"*":
            reader.put(_SIGNS.get(sign, ""), group)
        starred = sign == b"*"
    reader.flush(group)
    whole = "".join(reader.pieces).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return whole.replace("\x00", "").strip(), reader.is_html


def _tokens(rtf: bytes) -> Iterator[tuple[bytes, bytes, bytes, bytes, bytes, bytes]]:
    for found in islice(_TOKEN.finditer(rtf), MAX_TOKENS):
        word, number, byte, sign, brace, text = found.groups(b"")
        yield word, number, byte, sign, brace, text


def _obey(word: bytes, number: int | None, starred: bool, group: _Group, reader: _Reader) -> None:
    if word == b"u" and number is not None:
        reader.put(chr(number % 65_536), group)  # UTF-16: beyond it half a character
        reader.to_skip = group.skips
        return
    reader.flush(group)
    if word == b"htmltag":
        group.is_tag, group.is_unseen = True, not reader.is_html
    elif word == b"htmlrtf":
        group.is_rtf_only = number != 0
    elif word in _UNSEEN or starred:
        group.is_unseen, group.in_fonts = True, word == b"fonttbl"
    elif word in _WORDS:
        reader.put(_WORDS[word], group)
    elif word == b"uc" and number is not None:
        group.skips = max(0, min(number, 8))
    elif word == b"ansicpg" and number:
        reader.page = group.codec = _known(f"cp{number}") or group.codec
    elif word == b"f" and number is not None:
        reader.font = number
        group.codec = group.codec if group.in_fonts else reader.fonts.get(number, reader.page)
    elif word == b"fcharset" and group.in_fonts and number is not None:
        reader.fonts[reader.font] = _CHARSETS.get(number, reader.page) if number else reader.page
    elif word == b"plain" and not group.is_unseen:
        group.codec = reader.page


def _known(name: str) -> str | None:
    try:
        return codecs.lookup("utf-8" if name == "cp65001" else name).name
    except LookupError:
        return None
