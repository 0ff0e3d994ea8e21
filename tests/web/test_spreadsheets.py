"""No cell computes anything."""

import csv
import io
import json
import os
from pathlib import Path

import pytest

from web.spreadsheets import cell_of, csv_of

DATA = Path(os.environ.get("ONETHREAD_TEST_DATA") or Path(__file__).parents[3] / "shared" / "data")
ATTACKS = DATA / "attacks" / "csv_injection.jsonl"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1+1", "@SUM(1)", "\t=1", " =1", "\r\n=1", "＝1", "|calc"])  # noqa: RUF001
def test_what_looks_like_a_formula_is_a_text(text: str) -> None:
    assert cell_of(text) == f"'{text}"


def test_other_words_and_numbers_are_as_they_were() -> None:
    row = ["a-b", 'a",=1+1,"b', "two\r\nlines", -5, 1.5, None, True]
    read = next(csv.reader(io.StringIO(csv_of([row])[1:], newline="")))
    assert read == ["a-b", 'a",=1+1,"b', "two\r\nlines", "-5", "1.5", "", "True"]


@pytest.mark.skipif(not ATTACKS.exists(), reason="the attacks are not here")
def test_published_attacks_stay_texts_and_come_back_as_they_were() -> None:
    payloads = [json.loads(line)["payload"] for line in ATTACKS.read_text().splitlines()]
    cells = next(csv.reader(io.StringIO(csv_of([payloads])[1:], newline="")))
    assert len(cells) == len(payloads) > 10
    for cell, payload in zip(cells, payloads, strict=True):
        assert cell.lstrip()[0] not in "=+-@" and cell in (payload, f"'{payload}")
