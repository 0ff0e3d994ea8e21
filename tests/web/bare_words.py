"""Finds what people would read in a template though it is in no catalogue."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""
      (?P<remark>\{\#.*?\#\}|<!doctype[^>]*>)
    | (?P<jinja>\{%.*?%\}|\{\{(?:"[^"]*"|'[^']*'|[^"'])*?\}\})
    | (?P<tag></?[a-zA-Z](?:\{\{.*?\}\}|\{%.*?%\}|"(?:\{\{.*?\}\}|\{%.*?%\}|[^"])*"
                           |'(?:\{\{.*?\}\}|\{%.*?%\}|[^'])*'|[^>"'{])*>)
    | (?P<text>(?:(?!\{[\#%{]|<[/!a-zA-Z]).)+|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_READ = re.compile(
    r'\b(?:placeholder|aria-label|title|alt|label|data-placeholder-note)="((?:\{\{.*?\}\}|\{%.*?%\}|[^"])*)"',
    re.DOTALL,
)
_JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_SAID = re.compile(
    r"""\b(?:_|counted)\(\s*(?:"[^"]*"|'[^']*')(?:\s*,\s*(?:"[^"]*"|'[^']*'))?""",
)
_LITERAL = re.compile(
    r"""(?<![\w"'])(["'])([A-Z][^"'\n]*?[a-z][^"'\n]*?|[ ,.:·]*[a-z’]+(?:[ ,]+[a-z’]+)+[ ,.:·]*)\1"""  # noqa: RUF001
)
_CODE = re.compile(
    r"\{%-?\s*(endblock|block (?:sheet|pane|app_class|app_attributes)\b)"
)  # what these write is code
_LETTERS = re.compile(r"[^\W\d_]{2,}")
_UNREAD = frozenset({"style", "script", "code", "pre", "kbd", "svg"})  # elements whose text is nobody's words


@dataclass(frozen=True, slots=True)
class Bare:
    """A text that stands bare, and where."""

    line: int
    text: str


def bare_words(source: str) -> Iterator[Bare]:
    """Texts between tags, in attributes that are read out, and in expressions, that `_` does not say."""
    line, unread = 1, ""
    for token in _TOKEN.finditer(source):
        kind, text = str(token.lastgroup), token.group()
        if kind == "tag":
            name = re.match(r"</?(\w+)", text)
            if name is not None and name[1] in _UNREAD:
                unread = "" if text.startswith("</") else name[1]
            for value in _READ.findall(text):
                yield from (Bare(line, one) for one in _bare(_JINJA.sub(" ", value)))
            for inner in _JINJA.findall(text):
                yield from (Bare(line, one) for one in _literals(inner))
        elif kind == "jinja":
            if found := _CODE.match(text):
                unread = "" if found[1] == "endblock" else unread or found[1]
            yield from (Bare(line, one) for one in _literals(text))
        elif kind == "text" and not unread:
            yield from (Bare(line, one) for one in _bare(text))
        line += text.count("\n")


def _bare(text: str) -> list[str]:
    without = re.sub(r"&\w+;", "", text).strip()
    return [without] if _LETTERS.search(without) else []


def _literals(jinja: str) -> list[str]:
    if re.match(r"\{%-?\s*(?:from|import|include|extends)\b", jinja):
        return []
    return [text for _, text in _LITERAL.findall(_SAID.sub("", jinja))]
