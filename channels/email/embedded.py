"""Files that stand amid the words of a mail: uuencoded, in yEnc, or packed in Microsoft's winmail.dat."""

import mimetypes
import re
from collections.abc import Iterable

from channels.email.headers import Headers
from channels.email.mime import Part
from channels.email.parameters import Parameters
from channels.email.tnef import Tnef, read_tnef
from channels.email.transfer import content_of, from_uuencode

MAX_FILES = 100

_BEGIN = re.compile(rb"^begin [0-7]{3,4} ([^\r\n]{1,255})\r?$", re.MULTILINE)
_END = re.compile(rb"^end[ \t\r]*$", re.MULTILINE)
_UU_LINE = re.compile(rb"[ -`][^\r\n]{0,90}\r?(?:\n|$)")
_YENC = re.compile(
    rb"^=ybegin [^\r\n]{0,200}?name=([^\r\n]{1,255})\r?\n(?:=ypart [^\r\n]{0,200}\r?\n)?", re.MULTILINE
)
_YENC_END = re.compile(rb"^=yend[^\r\n]{0,200}(?:\r?\n|\Z)", re.MULTILINE)
_YENC_TABLE = bytes((number - 42) % 256 for number in range(256))
_TNEF_TYPES = frozenset(("application/ms-tnef", "application/vnd.ms-tnef"))


def file_part(name: str, content_type: str, content: bytes, content_id: str = "") -> Part:
    """A file that no header of its own describes, in the shape of a part."""
    fields = [("content-disposition", b"attachment")]
    if content_id.isascii() and content_id.isprintable() and content_id:
        fields.append(("content-id", f"<{content_id}>".encode()))
    parameters = Parameters(extended={"name": name})
    return Part(Headers(fields), content, 0, len(content), content_type, parameters)


def take_files(content: bytes) -> tuple[bytes, list[Part]]:
    """The words without the uuencoded and yEnc files amid them, and those files."""
    files: list[Part] = []
    if b"begin " in content:
        content = _take_uuencoded(content, files)
    if b"=ybegin " in content:
        content = _take_yenc(content, files)
    return content, files


def unpacked(part: Part) -> Tnef | None:
    """What a winmail.dat holds, or None where the part is none or holds nothing that can be shown."""
    name = part.parameters.get("name").lower()
    if part.content_type not in _TNEF_TYPES and name != "winmail.dat":
        return None
    found = read_tnef(content_of(part))
    return found if found and (found.files or found.text or found.html) else None


def parts_of(tnef: Tnef) -> Iterable[Part]:
    """The files of a TNEF stream as parts; a mail in Microsoft's form is no file, its own files are."""
    for file in tnef.files:
        if not file.is_mail:
            kind = file.content_type.lower() or _kind(file.name)
            yield file_part(file.name, kind, file.content, file.content_id)


def _kind(name: str) -> str:
    """What a file seems to be that says nothing but its name."""
    return mimetypes.guess_type(name, strict=False)[0] or "application/octet-stream"


def _take_uuencoded(content: bytes, files: list[Part]) -> bytes:
    kept: list[bytes] = []
    position = 0
    while len(files) < MAX_FILES and (begin := _BEGIN.search(content, position)):
        if not _UU_LINE.match(content, begin.end() + 1):
            kept.append(content[position : begin.end()])
            position = begin.end()
            continue
        end = _END.search(content, begin.end())
        if end is None:
            break
        block = content[begin.start() : end.end()]
        kept.append(content[position : begin.start()])
        name = begin[1].decode("utf-8", "replace").strip()
        files.append(file_part(name, _kind(name), from_uuencode(block)))
        position = end.end()
    return b"".join([*kept, content[position:]])


def _take_yenc(content: bytes, files: list[Part]) -> bytes:
    kept: list[bytes] = []
    position = 0
    while len(files) < MAX_FILES and (begin := _YENC.search(content, position)):
        end = _YENC_END.search(content, begin.end())
        if end is None:
            break
        kept.append(content[position : begin.start()])
        name = begin[1].decode("utf-8", "replace").strip()
        files.append(file_part(name, _kind(name), _from_yenc(content[begin.end() : end.start()])))
        position = end.end()
    return b"".join([*kept, content[position:]])


def _from_yenc(lines: bytes) -> bytes:
    joined = lines.replace(b"\r", b"").replace(b"\n", b"")
    whole = re.sub(rb"=(.)", lambda found: bytes([(found[1][0] - 64) % 256]), joined, flags=re.DOTALL)
    return whole.translate(_YENC_TABLE)
