"""First pages of PDFs as pictures, drawn by a process that lives for one file (`web/drawing_process.py`).

Nothing but pixels comes of it: what the process answers is decoded and encoded anew, as a stranger's picture.
"""

import asyncio
import contextlib
import io
import sys
import time
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

from inbox.errors import NotFound
from inbox.loggers import get_logger
from inbox.phrases import N_
from web.pictures import Picture, encoded_anew

PAGE_SIDE = 1_600  # a page of text can be read
SECONDS = 12.0  # of the clock; the process allows itself fewer of the processor's
MOST_BYTES = 24_000_000  # of what it answers: the pixels, were they not packed at all
MOST_PAGES = 100_000
KEPT_BYTES = 2_000_000
REFUSED_SECONDS = 600.0

CANNOT = N_("This PDF cannot be shown here. Save it to open it.")
HAS_PASSWORD = N_("This PDF asks for a password. Save it to open it.")
_EXIT_HAS_PASSWORD = 3
_PROGRAM = Path(__file__).with_name("drawing_process.py")
_COST = 300  # bytes that a refusal counts for, and each page beside its picture

log = get_logger("onethread.first_pages")


@dataclass(frozen=True, slots=True)
class FirstPage:
    """`pages` is how many the document says it has."""

    picture: Picture
    pages: int


@dataclass(frozen=True, slots=True)
class _Refusal:
    reason: str
    until: float


class FirstPages:
    """Draws them, *at_once* at a time, and remembers the last ones."""

    def __init__(self, *, at_once: int = 2, seconds: float = SECONDS) -> None:
        self._turns = asyncio.Semaphore(at_once)
        self._seconds = seconds
        self._kept: OrderedDict[tuple[str, int], FirstPage | _Refusal] = OrderedDict()

    async def of(self, path: Path, digest: str, *, side: int = PAGE_SIDE) -> FirstPage:
        """The first page of the file at *path*, whose content has that digest, *side* pixels high or wide.

        Raises NotFound where there is none that can be drawn: broken, locked, too large or built to hurt.
        """
        key = digest, side
        if (known := self._known(key)) is None:
            async with self._turns:  # somebody before may have drawn it meanwhile
                known = self._known(key) or await self._keep(key, path)
        if isinstance(known, _Refusal):
            raise NotFound(known.reason)
        return known

    def _known(self, key: tuple[str, int]) -> FirstPage | _Refusal | None:
        known = self._kept.get(key)
        if isinstance(known, _Refusal) and known.until < time.monotonic():
            return None
        if known is not None:
            self._kept.move_to_end(key)
        return known

    async def _keep(self, key: tuple[str, int], path: Path) -> FirstPage | _Refusal:
        digest, side = key
        found: FirstPage | _Refusal
        try:
            found = await self._drawn(path, side)
        except NotFound as refusal:
            log.info("pdf_not_drawn", digest=digest, reason=str(refusal))
            found = _Refusal(str(refusal), time.monotonic() + REFUSED_SECONDS)
        self._kept[key] = found
        while sum(map(_cost, self._kept.values())) > KEPT_BYTES:
            self._kept.popitem(last=False)
        return found

    async def _drawn(self, path: Path, side: int) -> FirstPage:
        try:
            async with asyncio.timeout(self._seconds):
                code, answer = await _answer(path, side)
        except TimeoutError as error:
            raise NotFound(CANNOT) from error
        if code == _EXIT_HAS_PASSWORD:
            raise NotFound(HAS_PASSWORD)
        pages, _, drawn = answer.partition(b"\n")
        if code or not pages.isdigit() or not 0 < len(pages) < 10:
            raise NotFound(CANNOT)
        picture = await asyncio.to_thread(encoded_anew, io.BytesIO(drawn), side=side)
        return FirstPage(picture, min(int(pages), MOST_PAGES))


async def _answer(path: Path, side: int) -> tuple[int, bytes]:
    """The exit code of a process and what it wrote; it is gone when this ends, whichever way.

    Raises NotFound where the file is gone.
    """
    try:
        file = await asyncio.to_thread(path.open, "rb")
    except FileNotFoundError as error:
        raise NotFound("There is no such file.") from error
    with file:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", str(_PROGRAM), str(side)),
            stdin=file,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={},
            start_new_session=True,
        )
    assert process.stdout  # it is a pipe
    try:
        pieces, left = [], MOST_BYTES
        while left > 0 and (piece := await process.stdout.read(left)):
            pieces.append(piece)
            left -= len(piece)
        if left <= 0:
            raise NotFound(CANNOT)
        return await process.wait(), b"".join(pieces)
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


def _cost(kept: FirstPage | _Refusal) -> int:
    return _COST + (len(kept.picture.data) if isinstance(kept, FirstPage) else 0)
