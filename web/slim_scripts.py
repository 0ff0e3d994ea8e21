"""The two scripts that foreign sites fetch, as they are served: put together and made slim when one is
first asked for. There is no build step.

The panel is one script for each language: its three parts, its looks, its markup and its words share one
compression.
"""

import gzip
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from web.slimming import MARKUP, SCRIPT, STYLE, slim
from web.visit_words import DEFAULT, Catalogue, catalogues
from web.visiting import environment

PARTS = ("panel.js", "panel_log.js", "panel_screens.js")
_STATIC = Path(__file__).parent / "static"
_WORD = re.compile(r"\bw\('(\w+)'([,)])")


@dataclass(frozen=True, slots=True)
class SlimScript:
    """A script as it is served, and a name for exactly this content."""

    content: bytes
    version: str

    @property
    def weight(self) -> int:
        """Its bytes on the wire."""
        return len(gzip.compress(self.content, 9))


def with_words(script: str, words: Mapping[str, str]) -> str:
    """The script with the words themselves where it names them: w('name') is a text, w('name', …) a text
    whose blanks are filled. Raises KeyError for a name that there is no word for."""

    def said(named: re.Match[str]) -> str:
        word = _literal(words[named[1]])
        return word if named[2] == ")" else f"fill({word},"

    return _WORD.sub(said, script)


def loader() -> SlimScript:
    """widget.js, for every language."""
    return _made().loader


def panel(language: str) -> SlimScript:
    """The panel's script in this language, or in English where there is none in it."""
    panels = _made().panels
    return panels.get(language, panels[DEFAULT])


def panel_version() -> str:
    """A name for exactly what the panels' document names."""
    return _version(*(script.content for script in _made().panels.values()))


@dataclass(frozen=True, slots=True)
class _Made:
    loader: SlimScript
    panels: Mapping[str, SlimScript]


@lru_cache
def _made() -> _Made:
    """All of them, once, when the first is asked for."""
    languages = list(catalogues().values())
    template = "webchat/_panel.html"
    markups = [environment(each.language).get_template(template).render(w=each.panel) for each in languages]
    style = (_STATIC / "panel.css").read_text()
    style, *markups = slim((STYLE, style), *((MARKUP, markup) for markup in markups))
    panels = [_panel(each, style, markup) for each, markup in zip(languages, markups, strict=True)]
    first, *others = (
        _slimmed(one) for one in slim(*((SCRIPT, one) for one in (_loader(languages), *panels)))
    )
    return _Made(first, dict(zip((each.language for each in languages), others, strict=True)))


def _panel(words: Catalogue, style: str, markup: str) -> str:
    script = "".join((_STATIC / part).read_text() for part in PARTS)
    script = with_words(script, {**words.panel, **words.screens})
    script = script.replace("$STYLE$", _literal(style)).replace("$MARKUP$", _literal(markup))
    return f"(function () {{\n'use strict';\n{script.replace('$HOST$', _literal(words.host))}}})();\n"


def _loader(languages: Iterable[Catalogue]) -> str:
    names = ("open", "dismiss")  # what it says before the panel has told it the rest
    words = {each.language: {name: each.host[name] for name in names} for each in languages}
    english = words.pop(DEFAULT)
    script = (_STATIC / "widget.js").read_text().replace("$ENGLISH$", _literal(english))
    return script.replace("$WORDS$", _literal(words))


def _literal(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _slimmed(script: str) -> SlimScript:
    content = script.encode()
    return SlimScript(content, _version(content))


def _version(*contents: bytes) -> str:
    return hashlib.sha256(b"".join(contents)).hexdigest()[:12]
