"""The first lines of a stranger's file as words: nothing in it means anything but itself.

What is shown goes through templates that escape, in a document that may do nothing (SECURITY R12, R14).
"""

import csv
import json
import re
from dataclasses import dataclass
from pathlib import Path

from inbox.errors import NotFound
from inbox.phrases import N_
from inbox.showable import Look

MOST_BYTES = 64 * 1024
MOST_LINES = 200
MOST_ROWS = 100
MOST_CELLS = 20
LONGEST_LINE = 1_000
LONGEST_CELL = 200
CANNOT = N_("There is no text in this file. Save it to open it.")

_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f\ufffe\uffff]")
# What turns the direction of words around hides what stands there (Unicode TR 36 §3.1).
_TURNING = re.compile(r"[\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class TextLook:
    """Either `text` or `rows`, the first of which may be a head; `is_cut`: the file goes on."""

    text: str
    rows: tuple[tuple[str, ...], ...]
    is_cut: bool


def text_look(path: Path, look: Look) -> TextLook:
    """The beginning of a file. Blocks: call it in a thread.

    Raises NotFound where the file is gone, is empty or holds no text.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except FileNotFoundError as error:
        raise NotFound("There is no such file.") from error
    is_cut = len(content) > MOST_BYTES
    text = _decoded(content[:MOST_BYTES], is_cut=is_cut)
    if not text.strip() or len(_CONTROLS.findall(text)) * 20 > len(text):
        raise NotFound(CANNOT)
    text = _TURNING.sub("\N{REPLACEMENT CHARACTER}", _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", text))
    if look == Look.TABLE and (rows := _rows(text, is_cut=is_cut)):
        return TextLook("", tuple(rows[:MOST_ROWS]), is_cut or len(rows) > MOST_ROWS)
    lines = (text if is_cut else _in_lines(text)).splitlines()
    shown = [line if len(line) <= LONGEST_LINE else line[:LONGEST_LINE] + "…" for line in lines[:MOST_LINES]]
    is_shorter = is_cut or len(lines) > MOST_LINES or any(len(line) > LONGEST_LINE for line in lines)
    return TextLook("\n".join(shown), (), is_shorter)


def _decoded(content: bytes, *, is_cut: bool) -> str:
    for mark, codec in _MARKS:
        if content.startswith(mark):
            return content[len(mark) :].decode(codec, "replace")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        if is_cut and error.start > len(content) - 4:  # the cut went through a letter
            return content[: error.start].decode()
        return content.decode("cp1252", "replace")


def _in_lines(text: str) -> str:
    """JSON that stands in one line with a line for each of its values; anything else as it is."""
    if text.lstrip()[:1] not in ("{", "[") or "\n" in text.strip():
        return text
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text


def _rows(text: str, *, is_cut: bool) -> list[tuple[str, ...]]:
    """The rows of a table, one more than are shown at most; none where the text is no table."""
    first = text.lstrip().partition("\n")[0]
    separator = max(";\t,|", key=first.count)
    if not first.count(separator):
        return []
    whole = text.rpartition("\n")[0] if is_cut else text
    rows: list[tuple[str, ...]] = []
    try:
        for row in csv.reader(whole.splitlines(keepends=True), delimiter=separator):
            if row:
                rows.append(tuple(cell[:LONGEST_CELL] for cell in row[:MOST_CELLS]))
            if len(rows) > MOST_ROWS:
                break
    except csv.Error:
        return []
    return rows
