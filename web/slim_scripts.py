"""The scripts and looks that foreign sites fetch, without what only their authors need: there is no build
step."""

import gzip
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from web.visit_words import DEFAULT, catalogues

_STATIC = Path(__file__).parent / "static"
_TOKEN = re.compile(
    r"""
      (?P<text>'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*")
    | (?P<template>`(?:\\.|\$\{(?:[^{}`]|\{[^{}]*\}|`(?:\\.|[^`\\])*`)*\}|[^`\\])*`)
    | (?P<remark>/\*.*?\*/|(?<=[ \t]{2})//\ [^\n]*)
    | (?P<pattern>(?<=[(,=:!&|?{;\[>])\ ?/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n\[])+/[a-z]*)
    | (?P<space>[ \t\n]+)
    | (?P<word>[\w$]+)
    | (?P<mark>.)
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class SlimScript:
    """A script as it is served, and a name for exactly this content."""

    content: bytes
    version: str

    @property
    def weight(self) -> int:
        """Its bytes on the wire."""
        return len(gzip.compress(self.content, 9))


def slim(script: str) -> str:
    """A script without comments and without the space that only separates marks, its own names short. Lines
    keep their ends where a statement may end. A regular expression must follow a mark, never a word."""
    without_blocks = re.sub(r"^\s*/\*.*?\*/\n", "", script, flags=re.S | re.M)
    tokens = _renamed(_tokens(without_blocks))
    kept = []
    for number, (kind, token) in enumerate(tokens):
        before = tokens[number - 1][1][-1:] if number else ""
        after = tokens[number + 1][1][:1] if number + 1 < len(tokens) else ""
        kept.append(_space(token, before, after) if kind == "space" else token)
    return "".join(kept)


def _tokens(script: str) -> list[tuple[str, str]]:
    """The script's tokens without remarks; the space around one is one space."""
    found: list[tuple[str, str]] = []
    for token in _TOKEN.finditer(script):
        kind, text = str(token.lastgroup), token.group()
        if kind == "space" and found and found[-1][0] == "space":
            found[-1] = (kind, found[-1][1] + text)
        elif kind != "remark":
            found.append((kind, text))
    return found


def _renamed(tokens: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The tokens with short names for what the script declares itself. A name that is also a property, or
    stands in a text, keeps its length: what cannot be told apart is left alone."""
    solid = [token for token in tokens if token[0] != "space"]
    words = Counter(token for kind, token in solid if kind == "word")
    kept = _not_to_rename(solid)
    wanted = [name for name, count in words.most_common() if _is_worth_it(name, count) and name not in kept]
    declared = _declared(solid)
    short = _short_names(set(words) | kept)
    names = {name: next(short) for name in wanted if name in declared}
    return [(kind, names.get(token, token) if kind == "word" else token) for kind, token in tokens]


def _is_worth_it(name: str, count: int) -> bool:
    return len(name) > 2 and count > 1


def _declared(solid: list[tuple[str, str]]) -> set[str]:
    """Names after const, let and function, and those that go on after a comma with a value."""
    found = set()
    for (_, before), (kind, token), (_, after) in zip(solid, solid[1:], solid[2:], strict=False):
        if kind == "word" and (before in ("const", "let", "function") or (before == "," and after == "=")):
            found.add(token)
    return found


def _not_to_rename(solid: list[tuple[str, str]]) -> set[str]:
    """Properties, keys and whatever stands in texts, templates and braces that may be objects."""
    found = set()
    for index, (kind, token) in enumerate(solid):
        before = solid[index - 1][1] if index else ""
        after = solid[index + 1][1] if index + 1 < len(solid) else ""
        if kind != "word":
            found.update(re.findall(r"[\w$]+", token))
        elif (
            (before == "." and solid[index - 2][1] != ".")
            or token in ("get", "set")
            or before in ("get", "set")
            or (after == ":" and before != "?")
            or (before in "{," and after in (",", "}"))
        ):
            found.add(token)
    return found


def _short_names(taken: set[str]) -> Iterator[str]:
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    singles = (letter for letter in letters if letter not in taken)
    doubles = (a + b for a in letters for b in letters if a + b not in taken | {"do", "if", "in", "is", "of"})
    return chain(singles, doubles)


def slim_style(style: str) -> str:
    """A style sheet without comments and without the space between its marks."""
    bare = re.sub(r"/\*.*?\*/", "", style, flags=re.S)
    tight = re.sub(r"\s*([{};,>])\s*", r"\1", re.sub(r"\s+", " ", bare))
    return tight.replace(";}", "}").strip()


def _space(token: str, before: str, after: str) -> str:
    if "\n" in token:
        return "" if before in "{;,(=&|?:[" or (after in "})]?:&|." and before != "}") else "\n"
    joins_words = _is_word(before) and _is_word(after)
    return " " if joins_words or (before in "+-" and after == before) else ""


def _is_word(character: str) -> bool:
    return character.isalnum() or character in ("_", "$")


def _slim_script(name: str, **values: str) -> SlimScript:
    script = (_STATIC / name).read_text()
    for placeholder, value in values.items():
        script = script.replace(f"${placeholder}$", value)
    content = slim(script).encode()
    return SlimScript(content, _version(content))


def _version(*contents: bytes) -> str:
    return hashlib.sha256(b"".join(contents)).hexdigest()[:24]


_OPEN = {tag: words.host["open"] for tag, words in catalogues().items() if tag != DEFAULT}
LOADER = _slim_script("widget.js", OPEN=json.dumps(_OPEN, ensure_ascii=False))
PANEL = _slim_script("panel.js")
SCREENS = {
    tag: _slim_script(
        "screens.js",
        WORDS=json.dumps(dict(words.screens), ensure_ascii=False),
        STYLE=json.dumps(slim_style((_STATIC / "screens.css").read_text())),
    )
    for tag, words in catalogues().items()
}
_STYLE = slim_style((_STATIC / "widget.css").read_text()).encode()
STYLE = SlimScript(_STYLE, _version(_STYLE))
PANEL_VERSION = _version(
    PANEL.content, STYLE.content, *(script.content for script in SCREENS.values())
)  # of all that its document names
