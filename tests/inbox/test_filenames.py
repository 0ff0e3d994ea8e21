"""Names of files: what a stranger wrote is fit to be shown, and to be saved on any system."""

import json
import os
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from inbox.filenames import MAX_LENGTH, clean_filename

DATA = Path(os.environ.get("ONETHREAD_TEST_DATA") or Path(__file__).parents[3] / "shared" / "data")
ATTACKS = DATA / "attacks" / "filenames.jsonl"
RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\.|$)")


def assert_fit(name: str) -> None:
    assert len(name) <= MAX_LENGTH
    assert not set(name) & set('/\\<>:"|?*')
    assert not {unicodedata.category(c) for c in name} & {"Cc", "Cs", "Zl", "Zp"}
    assert not any(unicodedata.bidirectional(c) in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI") for c in name)
    assert not RESERVED.match(name)
    assert name == name.strip(". ")
    assert clean_filename(name) == name, "what is fit stays as it is"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Invoice 7.pdf", "Invoice 7.pdf"),
        ("Übersicht (neu).xlsx", "Übersicht (neu).xlsx"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\photo.jpg", "photo.jpg"),
        ("report\u202efdp.exe", "reportfdp.exe"),
        ("file.txt\0.jpg", "file.txt.jpg"),
        ("invoice.pdf" + " " * 40 + ".exe", "invoice.pdf .exe"),
        ("NUL", "_NUL"),
        ("con.txt", "_con.txt"),
        (".. .htaccess", "htaccess"),
        ("a:b?.txt", "a_b_.txt"),
        ("x" * 300 + ".pdf", "x" * (MAX_LENGTH - 4) + ".pdf"),
        ("..", ""),
    ],
)
def test_a_name_is_made_fit(written: str, shown: str) -> None:
    assert clean_filename(written) == shown
    assert_fit(shown)


@given(st.text(max_size=200))
def test_any_name_becomes_fit(written: str) -> None:
    name = clean_filename(written)
    assert_fit(name)
    assert len(name) <= MAX_LENGTH


@pytest.mark.skipif(not ATTACKS.exists(), reason="the attacks are not here")
def test_published_names_become_fit() -> None:
    written = [json.loads(line)["payload"] for line in ATTACKS.read_text().splitlines()]
    names = [clean_filename(name) for name in written]
    changed = sum(name != before for name, before in zip(names, written, strict=True))
    print(f"\n{len(names)} names, {changed} made fit, {names.count('')} of which nothing is left")
    for name in names:
        assert_fit(name)
    assert len(names) >= 30
