"""The child process that draws a PDF's first page: the file on standard input, pixels on standard output.

It reads what strangers sent with a large library, so it can do nothing but count: no further file, no socket,
no child, bounded memory and time, and its answer is taken for a stranger's picture. It runs as a file of its
own (`python -I …/drawing_process.py SIDE`) and imports nothing of ours. Answers the number of pages in a line
of their own and a PNG (ISO/IEC 15948), or exits with the code of what is wrong.
"""

import ctypes
import os
import resource
import signal
import struct
import sys
import zlib
from typing import Any

HAS_PASSWORD, IS_BROKEN = 3, 4  # exit codes
MOST_BYTES = 50_000_000
MEMORY_BYTES = 512 * 1024 * 1024
CPU_SECONDS = 5
SECONDS = 10
_NO_NEW_PRIVILEGES = 38  # PR_SET_NO_NEW_PRIVS, prctl(2)
_LIMITS = {
    "RLIMIT_AS": MEMORY_BYTES,
    "RLIMIT_CPU": CPU_SECONDS,
    "RLIMIT_CORE": 0,
    "RLIMIT_FSIZE": 0,
    "RLIMIT_NOFILE": 3,  # those that are open; fonts of the machine are among what cannot be opened
    "RLIMIT_NPROC": 0,
}


def main() -> None:
    """Draw what standard input holds, at most as many pixels wide and high as the first argument says."""
    import pypdfium2  # before the limits: it opens its library

    _give_up_rights()
    content = sys.stdin.buffer.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES or b"%PDF-" not in content[:1024]:
        sys.exit(IS_BROKEN)
    try:
        pages, drawn = _first_page(pypdfium2, content, int(sys.argv[1]))
    except pypdfium2.PdfiumError as error:
        is_locked = getattr(error, "err_code", None) == pypdfium2.raw.FPDF_ERR_PASSWORD
        sys.exit(HAS_PASSWORD if is_locked else IS_BROKEN)
    sys.stdout.buffer.write(b"%d\n" % pages + drawn)
    sys.stdout.buffer.flush()
    os._exit(0)  # nothing is to be put in order


def _give_up_rights() -> None:
    signal.alarm(SECONDS)  # ends it also where nobody waits for it any more
    for name, most in _LIMITS.items():
        limit = getattr(resource, name)
        hard = resource.getrlimit(limit)[1]
        fitting = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(limit, (fitting, fitting))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)


def _first_page(pdfium: Any, content: bytes, side: int) -> tuple[int, bytes]:
    """How many pages there are, and the first one on white. Raises PdfiumError."""
    document = pdfium.PdfDocument(content)
    pages = len(document)
    page = document[0]
    width, height = page.get_size()
    if not (width > 0 and height > 0 and max(width, height) < float("inf")):
        raise pdfium.PdfiumError("Its first page has no size.")
    bitmap = page.render(scale=side / max(width, height), may_draw_forms=False, rev_byteorder=True)
    return pages, _png(bitmap.width, bitmap.height, bitmap.stride, bytes(bitmap.buffer))


def _png(width: int, height: int, stride: int, pixels: bytes) -> bytes:
    """Rows of red, green and blue, each row *stride* bytes long, as a PNG."""
    rows = (pixels[start : start + width * 3] for start in range(0, stride * height, stride))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row for row in rows), 1)
    chunks = ((b"IHDR", head), (b"IDAT", data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in chunks)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


if __name__ == "__main__":
    main()
