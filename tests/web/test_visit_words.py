"""The chat's languages."""

import ast
import re
from pathlib import Path

import pytest

from inbox.errors import Conflict
from inbox.words import words_in
from web.problems import in_words, too_fast
from web.visit_words import DEFAULT, catalogue_for, catalogues

ENGLISH = catalogues()[DEFAULT]
ROOT = Path(__file__).parents[2]
RAISED = ("Invalid", "Conflict", "NotPermitted")
SAYS_TO_VISITORS = (
    "channels/webchat/signatures.py",
    "inbox/actions/codes.py",
    "inbox/actions/ratings.py",
    "inbox/addresses.py",
    "web/live/visitor_exchange.py",
    "web/visit_codes.py",
    "web/visit_messages.py",
    "web/visit_wishes.py",
    "web/visits.py",
)
BLANK = re.compile(r"\{\d\}")


@pytest.mark.parametrize("tag", sorted(set(catalogues()) - {DEFAULT}))
def test_a_language_says_everything_that_english_says(tag: str) -> None:
    other = catalogues()[tag]
    for part in ("panel", "screens", "host"):
        ours, theirs = getattr(ENGLISH, part), getattr(other, part)
        assert ours.keys() == theirs.keys()
        for name, words in ours.items():
            assert sorted(BLANK.findall(words)) == sorted(BLANK.findall(theirs[name])), name
    assert len(other.screens["faces"].split(",")) == 5 and len(other.panel["days"].split(",")) == 7


@pytest.mark.parametrize(
    ("asked", "accepted", "language"),
    [
        ("de", "en", "de"),
        ("de-CH", "", "de"),
        ("auto", "fr;q=0.9, de-AT;q=0.8, en;q=0.5", "de"),
        ("", "en, de", "en"),
        ("", "de;q=0, en", "en"),
        ("xx", "de", "en"),
        (None, ";;q=a,,", "en"),
    ],
)
def test_a_language_is_what_the_page_asks_for_else_what_the_browser_prefers(
    asked: str | None, accepted: str, language: str
) -> None:
    assert catalogue_for(asked, accepted).language == language


def test_a_sentence_of_the_server_keeps_its_numbers() -> None:
    german = catalogues()["de"]
    assert german.told(Conflict(in_words(12))) == "Bitte in 12 Sekunden noch einmal versuchen."
    assert german.told(Conflict(in_words(1))) == "Bitte in 1 Sekunde noch einmal versuchen."
    assert german.told(Conflict(too_fast(600))).endswith("Bitte in 10 Minuten noch einmal versuchen.")
    assert german.told(Conflict("Nobody knows this one.")) == "Nobody knows this one."


def sentences() -> set[str]:
    """Every sentence that a panel may be refused with, as its code says it."""
    found: set[str] = set()
    for name in SAYS_TO_VISITORS:
        for call in ast.walk(ast.parse((ROOT / name).read_text())):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") in RAISED and call.args:
                found.add(said_by(call.args[0]))
    return found


def said_by(told: ast.expr) -> str:
    return str(told.value) if isinstance(told, ast.Constant) else ""


@pytest.mark.parametrize("tag", sorted(set(catalogues()) - {DEFAULT}))
def test_whatever_a_visitor_is_refused_is_said_in_every_language(tag: str) -> None:
    said = sentences() - {""}
    assert len(said) > 25
    left = {each for each in said if words_in(tag).said(each) == each}
    assert left == set()
