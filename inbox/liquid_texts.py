"""Texts that people here write with places to be filled in: {{ customer.first_name | default: "there" }}.

Liquid (never Jinja) sees plain texts alone, has no tags that repeat or load anything, and a bound on what it
writes. A known name that has no value stays visible as {{ name }}, so that nobody sends a hole unseen.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import ClassVar

from liquid import BoundTemplate, Environment, Mode, StrictUndefined
from liquid.exceptions import LiquidError
from liquid.undefined import Undefined

from inbox.errors import Invalid
from inbox.phrases import phrase

Values = Mapping[str, Mapping[str, str]]
"""What can be filled in: {"agent": {"name": "Maya Okafor"}}; an empty text is a value that is not known."""

_TAGS = frozenset(["if", "unless", "case", "comment"])
_INNER_TAGS = frozenset(["content", "output", "illegal"])  # what texts and {{ … }} are to the parser
_FILTERS = frozenset(["capitalize", "default", "downcase", "strip", "truncate", "upcase"])


class _Environment(Environment):
    loop_iteration_limit: ClassVar[int | None] = 100
    local_namespace_limit: ClassVar[int | None] = 20_000
    output_stream_limit: ClassVar[int | None] = 20_000


class _Unknown(Undefined):
    """A name that exists and has no value: the filter `default` replaces it, else it stays to be seen."""

    __slots__ = ()

    def __str__(self) -> str:
        return f"{{{{ {self.name} }}}}"


def checked(template: str, *, example: Values, longest: int, what: str, field: str) -> str:
    """A template as it may be kept; raises Invalid, naming *field*, where the *example* cannot fill it."""
    text = template.replace("\r\n", "\n").replace("\x00", "").strip()
    if len(text) > longest:
        raise Invalid(
            "A %(what)s has at most %(most)d characters.", what=phrase(what), most=longest, field=field
        )
    try:
        _environment(StrictUndefined).from_string(text).render(**example)
    except LiquidError as error:
        raise Invalid(
            "The %(what)s cannot be filled in: %(message)s",
            what=phrase(what),
            message=error.message,
            field=field,
        ) from error
    return text


def filled(template: str, values: Values) -> str:
    """The text with everything filled in that is known."""
    known = {
        group: {name: text or _Unknown(f"{group}.{name}") for name, text in of_group.items()}
        for group, of_group in values.items()
    }
    return _read(template).render(**known).strip()


@lru_cache(maxsize=256)
def _read(template: str) -> BoundTemplate:
    return _environment(Undefined).from_string(template)


@lru_cache(maxsize=2)
def _environment(undefined: type[Undefined]) -> _Environment:
    environment = _Environment(tolerance=Mode.STRICT, strict_filters=True, undefined=undefined)
    kept = _TAGS | _INNER_TAGS
    environment.tags = {name: tag for name, tag in environment.tags.items() if name in kept}
    environment.filters = {name: run for name, run in environment.filters.items() if name in _FILTERS}
    return environment
