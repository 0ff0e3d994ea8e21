"""Every text that people may read stands in the catalogue, is translated, and is said in templates."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from inbox.words import ENGLISH, LANGUAGES, read_catalogue, words_in
from tests.web.bare_words import bare_words
from web.extraction import ENGLISH_ONLY, ROOT, SAYS, called_name, renewed, texts

TEMPLATES = ROOT / "web" / "templates"
OTHERS = sorted(set(LANGUAGES) - {ENGLISH})
PLACE = re.compile(r"%\(\w+\)[sd]|%%|\{\{.*?\}\}|\{\d\}|</?\w+|&\w+;")
# What stands bare and is no text of a language: names, examples, keys.
BARE = {
    "Onethread",
    "· Onethread",
    "Europe/Lisbon",
    "sales@supplier.example",
    "de",
    "name",
    "You",  # compared with
    "No subject",
    "Ctrl",
    "Space",
    "g m",
    "g u",
    "g a",
    "g p",
    "g s",
    "g r",
}
WRITES_ATTRIBUTES = re.compile(r"""^\W*$|^["\s]*[a-z-]+=|^required$""")


def templates() -> list[str]:
    return [path.relative_to(TEMPLATES).as_posix() for path in sorted(TEMPLATES.rglob("*.html"))]


@pytest.mark.parametrize("language", OTHERS)
def test_the_catalogue_holds_exactly_the_texts_of_the_sources(language: str) -> None:
    catalogue = read_catalogue(language)

    assert in_it(catalogue) == in_it(renewed(language, texts())), "make words"


def in_it(catalogue: Catalog) -> set[tuple[str, bool]]:
    """Each text, and whether a script says it."""
    return {
        (str(message.id), any(path.endswith(".js") for path, _ in message.locations)) for message in catalogue
    }


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_is_translated_with_the_same_places(language: str) -> None:
    for message in read_catalogue(language):
        if not message.id:
            continue
        english = [message.id] if isinstance(message.id, str) else list(message.id)
        said = [message.string] if isinstance(message.string, str) else list(message.string or ())
        assert said and all(said), f"not translated: {english[0]}"
        assert not message.fuzzy, f"in doubt: {english[0]}"
        known = {place for text in english for place in PLACE.findall(text)}
        for text in said:
            places = set(PLACE.findall(text))
            assert places == set(PLACE.findall(english[-1])) or (len(said) > 1 and places <= known), text
            assert '"' not in text or any('"' in one for one in english), f"a quote ends an attribute: {text}"


@pytest.mark.parametrize("name", [name for name in templates() if not name.startswith(("api/", "webchat/"))])
def test_no_text_stands_bare_in_a_template(name: str) -> None:
    found = [
        (one.line, one.text)
        for one in bare_words((TEMPLATES / name).read_text())
        if one.text not in BARE and not WRITES_ATTRIBUTES.match(one.text)
    ]

    assert found == [], "docs/words.md"


def interpolated(path: Path) -> Iterator[int]:
    """The lines in which an f-string goes where a text of the catalogue belongs."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        match node:
            case ast.Call(args=[ast.JoinedStr(), *_]) if called_name(node) in SAYS:
                yield node.lineno


def test_no_sentence_is_put_together_before_it_is_translated() -> None:
    paths = [path for package in ("inbox", "channels", "web") for path in (ROOT / package).rglob("*.py")]
    names = {path.relative_to(ROOT).as_posix(): path for path in paths}
    skipped = (*ENGLISH_ONLY, "web/server.py", "web/terminal.py")

    found = [
        f"{name}:{line}"
        for name, path in sorted(names.items())
        if not name.startswith(skipped)
        for line in interpolated(path)
    ]

    assert found == [], "docs/words.md"


@pytest.mark.parametrize(
    ("source", "bare"),
    [
        ("<p>Bare</p>", ["Bare"]),
        ('<p>{{ _("Said") }} · {{ name }}</p>', []),
        ('<i title="Bare" class="Not read">{{ icon(\'clock\') }}</i>', ["Bare"]),
        ("<input placeholder=\"{{ 'Bare' if a else _('Said') }}\">", ["Bare"]),
        ("{{ text('name', 'Bare', hint=_('Said')) }}", ["Bare"]),
        ("{{ 'two words' if n else counted('one', '%(number)d words', n) }}", ["two words"]),
        ("<style>p { color: red }</style><code>POST /forms</code>{# A remark #}", []),
        ("{% extends \"Layout of all.html\" %}{% if x == 'open' %}<b>…</b>{% endif %}", []),
    ],
)
def test_a_bare_text_is_found(source: str, bare: list[str]) -> None:
    assert [one.text for one in bare_words(source)] == bare


def test_scripts_get_their_words_and_no_others() -> None:
    scripts = words_in("de").scripts

    assert scripts["1 new message"] == ["1 neue Nachricht", "%(number)s neue Nachrichten"]
    assert scripts["Copied."] == "Kopiert."
    assert "Sign in" not in scripts
