"""The scripts of the widget, as they are put together."""

import re
from pathlib import Path

import pytest

from web.slim_scripts import PARTS, loader, panel, with_words
from web.visit_words import catalogues

STATIC = Path(__file__).parents[2] / "web" / "static"
SCRIPT = "".join((STATIC / part).read_text() for part in PARTS)
MARKUP = (STATIC.parent / "templates" / "webchat" / "_panel.html").read_text()
SAID_BY_SERVER = {"greeting", "lead", "expectation", "soon", "minutes", "hours"} | {
    "away",
    "back_today",
    "back_tomorrow",
    "back_on",
    "days",
}


def test_words_are_put_in_where_the_script_names_them() -> None:
    words = {"add": "Zufügen", "to": 'An "{0}"'}
    assert with_words("f(w('add')); g(w('to', x));", words) == 'f("Zufügen"); g(fill("An \\"{0}\\"", x));'
    with pytest.raises(KeyError):
        with_words("w('nothing')", words)


@pytest.mark.parametrize("tag", sorted(catalogues()))
def test_a_panel_says_everything_in_its_language_and_leaves_no_blank(tag: str) -> None:
    served = panel(tag).content.decode()
    assert catalogues()[tag].panel["write"] in served and catalogues()[tag].screens["prove_lead"] in served
    assert not re.search(r"\$[A-Z]+\$", served) and not re.search(r"\$[A-Z]+\$", loader().content.decode())


def test_every_word_of_the_catalogues_is_said_by_somebody() -> None:
    english = catalogues()["en"]
    named = set(re.findall(r"\bw\('(\w+)'", SCRIPT)) | set(re.findall(r"\bw\.(\w+)", MARKUP))
    assert {*english.panel, *english.screens} - named == SAID_BY_SERVER
