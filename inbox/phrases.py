"""Sentences that are said later, in the language of whoever reads them. How they are written says
docs/words.md."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_PLACE = re.compile(r"%(?:\((\w+)\)([sd])|%)")


def N_(text: str) -> str:
    """The text as it is: marks it for the catalogue where it is not said at once."""
    return text


@dataclass(frozen=True, slots=True)
class Phrase:
    """A sentence with places such as %(name)s, and the values for them; as text it is English.

    With *many* it is about `number` things, which both patterns may name as %(number)d.
    """

    pattern: str
    values: Mapping[str, object] = field(default_factory=dict)
    many: str = ""
    number: int = 1

    def __str__(self) -> str:
        pattern = self.many if self.many and self.number != 1 else self.pattern
        return filled(pattern, {"number": self.number, **self.values})


def phrase(pattern: str, /, **values: object) -> Phrase:
    """A phrase with the values of its places."""
    return Phrase(pattern, values)


def counted(one: str, many: str, number: int, /, **values: object) -> Phrase:
    """A phrase about a number of things, in both English forms."""
    return Phrase(one, values, many, number)


def filled(pattern: str, values: Mapping[str, object], separator: str = ",") -> str:
    """The pattern with its places filled, and %% as one sign: %(name)s, or %(name)d for a number whose
    thousands have a *separator*. A place without a value stays, since free text may look like one."""

    def put(found: re.Match[str]) -> str:
        if found[1] is None:
            return "%"
        value = values.get(found[1], found[0])
        if found[2] == "d" and isinstance(value, int):
            return f"{value:,}".replace(",", separator)
        return str(value)

    return _PLACE.sub(put, pattern) if "%" in pattern else pattern
