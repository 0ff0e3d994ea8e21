"""Sentences in the language of whoever reads them."""

import pytest

from inbox.errors import Invalid, OnethreadError
from inbox.phrases import N_, counted, filled, phrase
from inbox.words import ENGLISH, LENGTHENED, lengthened, words_in

GERMAN = words_in("de")


def test_a_phrase_is_english_until_it_is_told() -> None:
    it = phrase("%(name)s is responsible now.", name="Priya")

    assert str(it) == "Priya is responsible now."
    assert GERMAN.told(it) == "Zuständig ist jetzt Priya."


@pytest.mark.parametrize(
    ("number", "english", "german"), [(1, "1 file", "1 Datei"), (2, "2 files", "2 Dateien")]
)
def test_a_number_of_things_has_its_form(number: int, english: str, german: str) -> None:
    it = counted("%(number)d file", "%(number)d files", number)

    assert (str(it), GERMAN.told(it)) == (english, german)


def test_numbers_are_grouped_as_the_language_does() -> None:
    it = phrase("A note has at most %(most)d characters.", most=100_000)

    assert str(it) == "A note has at most 100,000 characters."
    assert GERMAN.told(it) == "Eine Notiz hat höchstens 100.000 Zeichen."


def test_a_phrase_within_a_phrase_is_told_too() -> None:
    it = phrase("#%(number)s: %(problem)s", number=7, problem=phrase("This was decided already."))

    assert str(it) == "#7: This was decided already."
    assert GERMAN.told(it) == "#7: Das ist schon entschieden."


def test_an_error_keeps_its_sentence_apart_from_what_fills_it() -> None:
    error = Invalid("There is already a team with the name %(name)s.", name="100 % %(name)s", field="name")

    assert str(error) == "There is already a team with the name 100 % %(name)s."
    assert GERMAN.told(error.phrase) == "Es gibt schon ein Team mit dem Namen 100 % %(name)s."
    assert error.field == "name"


def test_a_text_of_elsewhere_is_left_as_it_is() -> None:
    assert str(OnethreadError("550 %(not) 5 % of %s")) == "550 %(not) 5 % of %s"
    assert GERMAN.said("nobody has translated this") == "nobody has translated this"
    assert filled("%(unknown)s and 5 %%", {"known": 1}) == "%(unknown)s and 5 %"


def test_a_language_without_a_catalogue_is_english() -> None:
    assert words_in("xx").language == ENGLISH
    assert words_in(ENGLISH).say("Without %(words)s", words="tag:x") == "Without tag:x"


@pytest.mark.parametrize(
    "text", ["Saved replies", "Cc", "Nothing matches “%(words)s”.", "Type <kbd>/</kbd> &amp; go"]
)
def test_longer_english_keeps_its_places_and_tags(text: str) -> None:
    longer = lengthened(text)

    assert len(longer) >= 1.4 * len(text)
    for kept in ("%(words)s", "<kbd>/</kbd>", "&amp;"):
        assert (kept in longer) == (kept in text)
    assert words_in(LENGTHENED).said(text) == longer


def test_marking_a_text_changes_nothing() -> None:
    assert N_("Mine") == "Mine"
