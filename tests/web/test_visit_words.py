"""The chat's languages."""

import re

import pytest

from web.visit_words import DEFAULT, catalogue_for, catalogues

ENGLISH = catalogues()[DEFAULT]
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
    assert german.sentence("Please try again in 12 seconds.") == "Bitte in 12 Sekunden noch einmal versuchen."
    assert german.sentence("Nobody knows this one.") == "Nobody knows this one."
