"""HTML from templates, in the language of whoever looks. A page says what it shows; who looks and the form
token are added here."""

import re
from collections.abc import Mapping
from functools import cache, lru_cache, partial
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from jinja2.ext import Extension
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from inbox.queries.shown import Entry
from inbox.words import ENGLISH
from web.compiling import PlainOutput
from web.csrf import form_token
from web.drawn import DrawnEntries
from web.wording import TextsInPlace, language_of, speak

_PARTS = "entry|attributes|warnings|words|files|delivery|menu|why"  # those of every message
_LINES = r"conversations/_rows?\.html"  # those of every line of a list
_PART = re.compile(rf'\{{% include "(timeline/_(?:{_PARTS})\.html|{_LINES})" %\}}\n?')
_MACROS = re.compile(r'\{% from "_ui\.html" import ([\w, ]+) %\}\n?')
# What pages draw hundreds of times with few different values; each drawing is kept.
_SMALL = ("icon", "channel_icon", "channel_word", "avatar", "moment")
_MOST_KEPT = 4096


class PartsInPlace(Extension):
    """Puts the parts of a timeline entry, and a list's lines, in their place when a template is compiled.

    An include that happens while drawing costs more than what most of these parts draw; a message has eight,
    and a list fifty. What they set is theirs alone, so that the same words come out.
    """

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        whole = self._whole(source)
        if whole == source:
            return source
        macros = {macro.strip() for names in _MACROS.findall(whole) for macro in names.split(",")}
        begin = f'{{% from "_ui.html" import {", ".join(sorted(macros))} %}}\n' if macros else ""
        return begin + _MACROS.sub("", whole)

    def _whole(self, source: str) -> str:
        return _PART.sub(lambda found: self._whole(self._source_of(found[1])), source)

    def _source_of(self, name: str) -> str:
        assert self.environment.loader is not None
        return self.environment.loader.get_source(self.environment, name)[0].removesuffix("\n")


def environment(language: str = ENGLISH) -> Environment:
    """The Jinja environment of a language: everything is escaped, and a name that is not there is an
    error."""
    return _environment(language)


@cache
def _environment(language: str) -> Environment:
    made = Environment(
        loader=PackageLoader("web"),
        autoescape=True,
        auto_reload=False,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=[PartsInPlace, TextsInPlace],
    )
    made.code_generator_class = PlainOutput
    speak(made, language)
    made.globals["drawn"] = partial(drawn_entry, language=language)
    marks = made.get_template("_ui.html").module
    for name in _SMALL:
        setattr(marks, name, lru_cache(_MOST_KEPT)(getattr(marks, name)))
    return made


@cache
def _entries(language: str) -> DrawnEntries:
    return DrawnEntries(environment(language))


def drawn_entry(entry: Entry, *, language: str) -> Markup:
    """An entry of a timeline, the same for everybody who may see it and reads that language."""
    return _entries(language)(entry)


def page(
    request: Request,
    template: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **context: Any,
) -> HTMLResponse:
    """A template as a response."""
    names = {
        "request": request,
        "agent": getattr(request.state, "agent", None),
        "csrf_token": lambda: form_token(request),
        **context,
    }
    made = environment(language_of(request))
    return HTMLResponse(made.get_template(template).render(names), status, headers)
