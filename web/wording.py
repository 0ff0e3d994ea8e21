"""The language of whoever asks, and how templates say things in it.

In a template: `_("Words")` and `_("Hello %(name)s", name=…)` for a text that stands there,
`counted("%(number)d case", "%(number)d cases", n)` for a number of things, and the filter `said` for a text
that comes from Python.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from babel.dates import format_skeleton
from jinja2 import Environment
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream
from markupsafe import Markup, escape
from starlette.requests import HTTPConnection

from inbox import clock
from inbox.phrases import Phrase
from inbox.words import ENGLISH, KNOWN, Words, words_in
from web.browsers import browser_words
from web.installation import installation_of
from web.preferences import preferred


def language_of(connection: HTTPConnection) -> str:
    """The agent's own language, else the installation's; at the door what the browser prefers goes before
    that."""
    default = installation_of(connection).settings.language
    agent = getattr(connection.state, "agent", None)
    if agent is not None:
        return agent.language if agent.language in KNOWN else default
    for tag in preferred(connection.headers.get("accept-language", "")):
        for language in (tag, tag.partition("-")[0].lower()):
            if language in KNOWN:
                return language
    return default


def words_for(connection: HTTPConnection) -> Words:
    """What is said to whoever asks."""
    return words_in(language_of(connection))


class TextsInPlace(Extension):
    """Puts texts without places into a template in its language when it is compiled: saying them while
    drawing would cost more than most of them are worth."""

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        words: Words = getattr(self.environment, "words", words_in(ENGLISH))
        waiting: list[Token] = []
        for token in stream:
            waiting.append(token)
            while waiting and not _may_begin(waiting):
                yield waiting.pop(0)
            if len(waiting) == len(_TEXT):
                yield from _in_place(waiting, words)
                waiting = []
        yield from waiting


_TEXT = (("name", "_"), ("lparen", None), ("string", None), ("rparen", None))


def _may_begin(tokens: list[Token]) -> bool:
    """Whether these tokens are, or may become, a text without places."""
    return all(
        token.type == kind and (value is None or token.value == value)
        for token, (kind, value) in zip(tokens, _TEXT, strict=False)
    )


def _in_place(tokens: list[Token], words: Words) -> Iterator[Token]:
    """The text as a safe constant, in brackets."""
    line = tokens[0].lineno
    yield Token(line, "lparen", "(")
    yield Token(line, "string", words.say(tokens[2].value))
    yield Token(line, "pipe", "|")
    yield Token(line, "name", "safe")
    yield Token(line, "rparen", ")")


def speak(environment: Environment, language: str) -> Environment:
    """Let an environment's templates speak a language. Made with the extension TextsInPlace it is quicker."""
    words = words_in(language)
    environment.extend(words=words)
    environment.globals |= {"_": _Saying(words), "counted": _Counting(words), "language": language}
    environment.filters |= {
        "said": _Said(words),
        "listed": _Listing(words),
        "decimal": _Decimal(words),
        "month": _Month(words),
        "hour": _Hour(words),
        "browser": browser_words,
    }
    return environment


class _Saying:
    """`_` in templates: the text is the template's own and may hold markup; values are escaped."""

    def __init__(self, words: Words) -> None:
        self._words = words

    def __call__(self, pattern: str, /, **values: Any) -> Markup:
        return Markup(self._words.say(pattern, **_escaped(values)))


class _Counting:
    """`counted` in templates; as `_`."""

    def __init__(self, words: Words) -> None:
        self._words = words

    def __call__(self, one: str, many: str, number: int, /, **values: Any) -> Markup:
        return Markup(self._words.say_many(one, many, number, **_escaped(values)))


class _Said:
    """The filter: a text or a phrase that Python names. It may hold anything, so that it is escaped."""

    def __init__(self, words: Words) -> None:
        self._words = words

    def __call__(self, text: str | Phrase, context: str = "") -> str:
        return self._words.told(text) if isinstance(text, Phrase) else self._words.said(text, context)


class _Listing:
    """The filter: "this, that and another" of texts."""

    def __init__(self, words: Words) -> None:
        self._words = words

    def __call__(self, items: Iterable[str]) -> Markup:
        *others, last = [escape(item) for item in items] or [Markup()]
        if not others:
            return last
        return Markup(self._words.say("%(others)s and %(last)s", others=Markup(", ").join(others), last=last))


class _Decimal:
    """The filter: a number with so many decimals, as the language writes it."""

    def __init__(self, words: Words) -> None:
        self._words = words

    def __call__(self, number: float, places: int = 1) -> str:
        return f"{number:.{places}f}".replace(".", self._words.decimal)


class _Month:
    """The filter: a moment's month and year."""

    def __init__(self, words: Words) -> None:
        self._locale = words.language.partition("-")[0]

    def __call__(self, at: datetime) -> str:
        return format_skeleton("yMMMM", at, locale=self._locale)


class _Hour:
    """The filter: the time of the day of a moment soon, with its weekday where that is not today's."""

    def __init__(self, words: Words) -> None:
        self._words = words

    def __call__(self, at: datetime) -> str:
        return self._words.hour(at, clock.now())


def _escaped(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value if isinstance(value, int) else escape(value) for name, value in values.items()}
