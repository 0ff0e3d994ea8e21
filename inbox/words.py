"""What people read, in their language.

English stands in the code; other languages stand in catalogues (GNU gettext, `catalogues/*.po`), each read
when it is first asked for: there is nothing to compile.
"""

import gettext
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path

from babel import Locale
from babel.dates import format_datetime, format_skeleton
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from inbox.phrases import Phrase, filled

ENGLISH = "en"
LENGTHENED = "en-XA"  # English made longer, to try layouts with; nobody is offered it
LANGUAGES: Mapping[str, str] = {ENGLISH: "English", "de": "Deutsch"}
KNOWN = frozenset({*LANGUAGES, LENGTHENED})

CATALOGUES = Path(__file__).parent / "catalogues"
_KEPT = re.compile(r"(<[^>]*>|&\w+;|%(?:\(\w+\)[sd]|%))")
_VOWEL = re.compile(r"[aeiou]")


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """A language, and what it says. Texts are known by their English words, and by a context where the same
    words have several meanings. What its catalogue does not know is said in English.

    `scripts` is what the scripts of agents' pages say, by the English words.
    """

    language: str
    single: Callable[[str, str], str]
    plural: Callable[[str, str, int], str]
    separator: str = ","
    decimal: str = "."
    scripts: Mapping[str, object] = field(default_factory=dict)

    def said(self, text: str, context: str = "") -> str:
        """A text, its places left open."""
        return self.single(text, context)

    def say(self, pattern: str, /, **values: object) -> str:
        """A sentence with its places filled."""
        return filled(self.single(pattern, ""), values, self.separator)

    def say_many(self, one: str, many: str, number: int, /, **values: object) -> str:
        """A sentence about a number of things, which the pattern may name as %(number)d."""
        return filled(self.plural(one, many, number), {"number": number, **values}, self.separator)

    def told(self, it: Phrase) -> str:
        """A phrase in this language."""
        values = {name: self._value(value) for name, value in it.values.items()}
        if it.many:
            return self.say_many(it.pattern, it.many, it.number, **values)
        return self.say(it.pattern, **values)

    def moment(self, at: datetime) -> str:
        """A day and a time, where no script writes them."""
        return format_datetime(at, self.said("EEE dd MMM HH:mm"), locale=self.language.partition("-")[0])

    def hour(self, at: datetime, now: datetime) -> str:
        """The time of the day of a moment within a week, with its weekday where that is another one."""
        skeleton = "Hm" if at.date() == now.astimezone(at.tzinfo).date() else "EHm"
        return format_skeleton(skeleton, at, locale=self.language.partition("-")[0])

    def _value(self, value: object) -> object:
        return self.told(value) if isinstance(value, Phrase) else value


@cache
def words_in(language: str) -> Words:
    """The words of a language; English where there is no catalogue for it."""
    if language == LENGTHENED:
        scripts = {key: _lengthened_forms(key, said) for key, said in words_in("de").scripts.items()}
        return Words(LENGTHENED, lambda text, _: lengthened(text), _lengthened_plural, scripts=scripts)
    if language == ENGLISH or language not in LANGUAGES:
        return Words(ENGLISH, lambda text, _: text, _english_plural)
    return _from(read_catalogue(language), language)


def read_catalogue(language: str) -> Catalog:
    """A language's catalogue as it stands in the tree."""
    with (CATALOGUES / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def lengthened(text: str) -> str:
    """English words 40 % longer; places, tags and entities stay."""
    longer = "".join(
        part if _KEPT.fullmatch(part) else _VOWEL.sub(lambda found: found[0] * 2, part)
        for part in _KEPT.split(text)
    )
    return longer + "~" * (-(-len(text) * 7 // 5) - len(longer))


def _lengthened_forms(key: str, said: object) -> object:
    """What a script of the lengthened language says for a text that another language says so."""
    return lengthened(key) if isinstance(said, str) else [lengthened(key)] * 2


def _lengthened_plural(one: str, many: str, number: int) -> str:
    return lengthened(_english_plural(one, many, number))


def _english_plural(one: str, many: str, number: int) -> str:
    return one if number == 1 else many


def _from(catalogue: Catalog, language: str) -> Words:
    """The words of a catalogue; what is not translated, or marked as doubtful, is not among them."""
    choose = gettext.c2py(catalogue.plural_expr)
    single: dict[tuple[str, str], str] = {}
    plurals: dict[str, tuple[str, ...]] = {}
    scripts: dict[str, object] = {}
    for message in catalogue:
        if not message.id or message.fuzzy or not message.string:
            continue
        key = message.id if isinstance(message.id, str) else message.id[0]
        if isinstance(message.string, str):
            single[key, message.context or ""] = message.string
        elif all(message.string):
            plurals[key] = tuple(message.string)
        if any(path.endswith(".js") for path, _ in message.locations):
            scripts[key] = message.string if isinstance(message.string, str) else list(message.string)

    def plural(one: str, many: str, number: int) -> str:
        forms = plurals.get(one)
        return forms[choose(number)] if forms else _english_plural(one, many, number)

    signs = Locale.parse(language).number_symbols["latn"]
    return Words(
        language,
        lambda text, context: single.get((text, context), text),
        plural,
        signs["group"],
        signs["decimal"],
        scripts,
    )
