"""The first lines of files: words, or a small table, and nothing for what is neither."""

from pathlib import Path

import pytest

from inbox.errors import NotFound
from inbox.showable import Look
from web.text_looks import (
    LONGEST_CELL,
    LONGEST_LINE,
    MOST_BYTES,
    MOST_CELLS,
    MOST_LINES,
    MOST_ROWS,
    TextLook,
    text_look,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "file"


def looked_at(path: Path, content: bytes | str, look: Look = Look.TEXT) -> TextLook:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return text_look(path, look)


@pytest.mark.parametrize(
    "content",
    [
        "Grüße aus Köln\n".encode(),
        b"\xef\xbb\xbf" + "Grüße aus Köln\n".encode(),
        b"\xff\xfe" + "Grüße aus Köln\n".encode("utf-16-le"),
        b"\xfe\xff" + "Grüße aus Köln\n".encode("utf-16-be"),
        "Grüße aus Köln\n".encode("cp1252"),
    ],
)
def test_words_are_read_in_the_usual_encodings(path: Path, content: bytes) -> None:
    assert looked_at(path, content) == TextLook("Grüße aus Köln", (), False)


def test_a_long_file_is_cut_and_says_so(path: Path) -> None:
    many = looked_at(path, "line\n" * (MOST_LINES + 5))
    assert many.is_cut and len(many.text.splitlines()) == MOST_LINES
    wide = looked_at(path, "x" * (LONGEST_LINE + 1))
    assert wide.is_cut and len(wide.text) == LONGEST_LINE + 1
    large = looked_at(path, "ä" * MOST_BYTES)
    assert large.is_cut and set(large.text) <= {"ä", "…"}
    odd = looked_at(path, "x" + "ä" * MOST_BYTES)
    assert set(odd.text) == {"x", "ä", "…"}


def test_a_table_has_rows_and_cells(path: Path) -> None:
    shown = looked_at(path, 'Name;Town\r\n"Rui;\nS.";Porto\r\n\r\n=1+1;x\r\n', Look.TABLE)
    assert shown.rows == (("Name", "Town"), ("Rui;\nS.", "Porto"), ("=1+1", "x"))
    large = looked_at(path, (",".join(["y" * 300] * 30) + "\n") * 300, Look.TABLE)
    assert large.is_cut and len(large.rows) <= MOST_ROWS
    assert {len(row) for row in large.rows} == {MOST_CELLS}
    assert {len(cell) for row in large.rows for cell in row} == {LONGEST_CELL}


def test_what_is_no_table_is_shown_as_words(path: Path) -> None:
    assert looked_at(path, "one column\nof words\n", Look.TABLE).text == "one column\nof words"


def test_json_in_one_line_gets_a_line_for_each_value(path: Path) -> None:
    assert looked_at(path, '{"name": "Zoë", "n": [1]}').text == (
        '{\n  "name": "Zoë",\n  "n": [\n    1\n  ]\n}'
    )
    assert looked_at(path, "[" * 60_000).text.startswith("[[[")
    assert looked_at(path, '{"cut').text == '{"cut'


def test_words_cannot_turn_the_line_around(path: Path) -> None:
    assert looked_at(path, "invoice\u202efdp.exe and more").text == "invoice\ufffdfdp.exe and more"


@pytest.mark.parametrize("content", [b"", b" \n\t ", b"\0\1\2\3" * 400, bytes(range(256))])
def test_what_holds_no_text_is_not_shown(path: Path, content: bytes) -> None:
    with pytest.raises(NotFound, match="no text"):
        looked_at(path, content)


def test_a_file_that_is_gone_is_not_there(path: Path) -> None:
    with pytest.raises(NotFound):
        text_look(path, Look.TEXT)
