"""`python -m web.extraction` (`make words`): takes every text of the sources into the catalogues.

What is new stands there without a translation, what is gone goes. tests/web/test_extraction.py says what is
left to translate.
"""

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_javascript
from babel.messages.pofile import write_po
from jinja2.ext import babel_extract

from inbox.words import CATALOGUES, ENGLISH, LANGUAGES, read_catalogue

ROOT = Path(__file__).parent.parent
# Programs and operators read these: they speak English only.
ENGLISH_ONLY = ("web/api", "web/commands", "web/demo", "web/templates/api")
SAYS = frozenset(
    {"N_", "phrase", "said", "say", "Invalid", "Conflict", "NotPermitted", "TooMany", "TooLarge"}
    | {"Refused", "Unauthenticated"}
)
COUNTS = frozenset({"counted", "say_many"})
_LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)  # a catalogue changes only where a text does


@dataclass(frozen=True, slots=True)
class Text:
    """A text of the sources; with *many* it is counted. `path` says where it stands."""

    one: str
    path: str
    many: str = ""


def texts(root: Path = ROOT) -> Iterator[Text]:
    """Every text that people may read, in the order of the files."""
    for path in sorted((root / "web" / "templates").rglob("*.html")):
        yield from _of_file(path, root, _of_template)
    for package in ("channels", "inbox", "web"):
        for path in sorted((root / package).rglob("*.py")):
            yield from _of_file(path, root, _of_python)
    for path in sorted((root / "web" / "static").glob("*.js")):
        yield from _of_file(path, root, _of_script)


def renewed(language: str, found: Iterable[Text]) -> Catalog:
    """A language's catalogue with exactly these texts, translated where it had them."""
    template = Catalog(charset="utf-8", creation_date=_LONG_AGO, fuzzy=False)
    for text in found:
        template.add((text.one, text.many) if text.many else text.one, locations=[(text.path, 0)])
    catalogue = read_catalogue(language)
    catalogue.project, catalogue.version, catalogue.revision_date = "Onethread", "", _LONG_AGO
    catalogue.update(template, no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    return catalogue


def write(catalogue: Catalog, path: Path) -> None:
    """Write a catalogue in a form that changes only where a text does; whoever reads it meanwhile reads the
    one before."""
    beside = path.with_suffix(".new")
    with beside.open("wb") as file:
        write_po(file, catalogue, width=110, sort_by_file=True, include_lineno=False)
    beside.replace(path)


def main() -> None:
    """Renew all catalogues, and say how much is left to translate."""
    found = list(texts())
    for language in LANGUAGES:
        if language == ENGLISH:
            continue
        catalogue = renewed(language, found)
        write(catalogue, CATALOGUES / f"{language}.po")
        left = len([message for message in catalogue if message.id and not _is_said(message.string)])
        print(f"{language}: {len(catalogue)} texts, {left} of them not translated")


def _is_said(string: str | Iterable[str] | None) -> bool:
    return bool(string) if isinstance(string, str) else all(string or ("",))


def _of_file(path: Path, root: Path, read: Callable[[Path, str], Iterator[Text]]) -> Iterator[Text]:
    name = path.relative_to(root).as_posix()
    if not name.startswith(ENGLISH_ONLY):
        yield from read(path, name)


def _of_template(path: Path, name: str) -> Iterator[Text]:
    with path.open("rb") as file:
        for _, _, found, _ in babel_extract(file, ["_", "counted"], [], {"silent": "false"}):
            yield from _text(found, name)


def _of_script(path: Path, name: str) -> Iterator[Text]:
    with path.open("rb") as file:
        for _, _, found, _ in extract_javascript(file, {"words": None, "count": (1, 2)}, [], {"jsx": False}):
            yield from _text(found, name)


def _text(found: str | Sequence[str | None] | None, name: str) -> Iterator[Text]:
    one, many, *_ = (found, "") if isinstance(found, str) else (*(found or ()), "", "")
    if one:
        yield Text(one, name, many or "")


def _of_python(path: Path, name: str) -> Iterator[Text]:
    for node in ast.walk(ast.parse(path.read_bytes())):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        called = called_name(node)
        if called in COUNTS and len(node.args) > 1:
            one, many = node.args[:2]
            pairs = zip(_constants(one), _constants(many), strict=True)
            yield from (Text(text, name, more) for text, more in pairs)
        elif called in SAYS:
            yield from (Text(text, name) for text in _constants(node.args[0]))


def called_name(node: ast.Call) -> str:
    """What a call calls. Words say things as a method: a function of that name is somebody else's."""
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    name = str(getattr(node.func, "id", ""))
    return "" if name in ("said", "say", "say_many") else name


def _constants(node: ast.expr) -> Iterator[str]:
    """The text that an argument is, or the two of "one if so else the other"."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _constants(node.body)
        yield from _constants(node.orelse)


if __name__ == "__main__":
    main()
