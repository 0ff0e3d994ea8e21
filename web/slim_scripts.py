"""The two scripts that foreign sites fetch, as they are served: put together and made slim when the server
starts. There is no build step.

The panel is one script for each language: its three parts, its looks, its markup and its words share one
compression.
"""

import gzip
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from web.slimming import slim_markup, slim_script, slim_style
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


def _panel(words: Catalogue) -> SlimScript:
    script = "".join((_STATIC / part).read_text() for part in PARTS)
    markup = environment(words.language).get_template("webchat/_panel.html").render(w=words.panel)
    script = with_words(script, {**words.panel, **words.screens})
    script = script.replace("$STYLE$", _literal(slim_style((_STATIC / "panel.css").read_text())))
    script = script.replace("$MARKUP$", _literal(slim_markup(markup)))
    script = script.replace("$HOST$", _literal(words.host))
    return _slim("(function () {\n'use strict';\n" + script + "})();\n")


def _loader(languages: Iterable[Catalogue]) -> SlimScript:
    names = ("open", "dismiss")  # what it says before the panel has told it the rest
    words = {each.language: {name: each.host[name] for name in names} for each in languages}
    english = words.pop(DEFAULT)
    script = (_STATIC / "widget.js").read_text().replace("$ENGLISH$", _literal(english))
    return _slim(script.replace("$WORDS$", _literal(words)))


def _literal(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _slim(script: str) -> SlimScript:
    content = slim_script(script).encode()
    return SlimScript(content, _version(content))


def _version(*contents: bytes) -> str:
    return hashlib.sha256(b"".join(contents)).hexdigest()[:12]


LOADER = _loader(catalogues().values())
PANELS = {tag: _panel(words) for tag, words in catalogues().items()}
PANEL_VERSION = _version(*(script.content for script in PANELS.values()))  # of all that its document names
