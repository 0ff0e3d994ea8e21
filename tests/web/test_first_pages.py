"""First pages of PDFs: drawn by a process that can do nothing else, and never at the server's cost."""

import hashlib
import io
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from structlog.testing import capture_logs

from inbox.errors import NotFound
from tests.web import pdfs
from web import drawing_process
from web.first_pages import CANNOT, HAS_PASSWORD, FirstPage, FirstPages

PROBE = f"""
import os, resource, socket
names = {{"__name__": "drawing"}}
exec(open({drawing_process.__file__!r}).read(), names)
names["_give_up_rights"]()
print(resource.getrlimit(resource.RLIMIT_AS)[1])
for attempt in (lambda: open("/etc/hostname"), socket.socket, lambda: os.dup(1)):
    try:
        attempt()
    except OSError as error:
        print(error.errno)
"""


async def drawn(folder: Path, content: bytes, *, side: int = 200, seconds: float = 12.0) -> FirstPage:
    path = folder / "blob"
    path.write_bytes(content)
    return await FirstPages(seconds=seconds).of(path, hashlib.sha256(content).hexdigest(), side=side)


async def test_a_first_page_is_drawn_as_pixels_of_our_own(tmp_path: Path) -> None:
    page = await drawn(tmp_path, pdfs.letter(tree=b"<</Type/Pages/Kids[3 0 R 3 0 R 3 0 R]/Count 3>>"))

    assert page.pages == 3
    assert page.picture.content_type == "image/jpeg"
    with Image.open(io.BytesIO(page.picture.data)) as image:
        assert image.height == 200 and 138 <= image.width <= 143
        shades = image.convert("L").tobytes()
    assert min(shades) < 100 and max(shades) == 255  # dark words on white
    # Neither the server's memory nor its start bears the library.
    assert not [name for name in sys.modules if "pdfium" in name]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", CANNOT),
        (b"<html><script>alert(1)</script>", CANNOT),
        (b"%PDF-1.7", CANNOT),
        (pdfs.letter()[:300], CANNOT),
        (pdfs.letter(tree=b"<</Type/Pages/Kids[2 0 R 2 0 R]/Count 99999999>>"), CANNOT),
        (pdfs.letter(tree=b"<</Type/Pages/Kids[]/Count 0>>"), CANNOT),
        (pdfs.swelling(), CANNOT),
        (pdfs.locked(), HAS_PASSWORD),
    ],
    ids=["empty", "page", "head", "cut", "endless tree", "no page", "swelling", "locked"],
)
async def test_what_cannot_be_drawn_is_said_and_logged(tmp_path: Path, content: bytes, reason: str) -> None:
    with capture_logs() as lines, pytest.raises(NotFound) as refusal:
        await drawn(tmp_path, content)

    assert str(refusal.value) == reason
    assert [(line["event"], line["reason"]) for line in lines] == [("pdf_not_drawn", reason)]


@pytest.mark.parametrize("box", [b"[0 0 1e30 1e30]", b"[0 0 999999999 1]", b"[0 0 0 0]", b"[9 9 -9 -9]"])
async def test_a_page_of_any_size_becomes_few_pixels(tmp_path: Path, box: bytes) -> None:
    page = await drawn(tmp_path, pdfs.letter(box=box))

    with Image.open(io.BytesIO(page.picture.data)) as image:
        assert 1 <= min(image.size) <= max(image.size) <= 200


async def test_a_page_that_is_never_done_is_given_up(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="cannot be shown"):
        await drawn(tmp_path, pdfs.branching(), seconds=0.6)


async def test_a_page_is_drawn_once_and_a_refusal_is_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, pages = tmp_path / "blob", FirstPages()
    path.write_bytes(pdfs.letter())
    first = await pages.of(path, "one", side=100)
    path.write_bytes(b"broken")
    with pytest.raises(NotFound):
        await pages.of(path, "two", side=100)

    monkeypatch.setattr("web.first_pages._PROGRAM", tmp_path / "is-not-there.py")
    assert await pages.of(path, "one", side=100) is first
    with pytest.raises(NotFound), capture_logs() as lines:
        await pages.of(path, "two", side=100)
    assert not lines


def test_the_process_can_open_nothing_once_it_reads() -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-c", PROBE], capture_output=True, text=True, timeout=30, env={}
    )

    memory, *errors = done.stdout.split()
    assert memory == str(drawing_process.MEMORY_BYTES), done.stderr
    assert errors == ["24", "24", "24"]  # EMFILE: no file, no socket, no second name for what is open
