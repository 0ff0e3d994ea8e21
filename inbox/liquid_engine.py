"""The Liquid that texts are filled in with. Only `inbox.liquid_texts` imports it, when the first text is
filled: it takes longer to import, and more memory, than most servers ever need of it."""

from collections.abc import Mapping
from functools import lru_cache
from typing import ClassVar

from liquid import BoundTemplate, Environment, Mode, StrictUndefined
from liquid.exceptions import LiquidError
from liquid.undefined import Undefined

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


def try_out(template: str, example: Mapping[str, Mapping[str, str]]) -> None:
    """Fill a template in; raises ValueError with a sentence where it names what the example has not."""
    try:
        _environment(StrictUndefined).from_string(template).render(**example)
    except LiquidError as error:
        raise ValueError(error.message) from error


def fill(template: str, values: Mapping[str, Mapping[str, str]]) -> str:
    """The text with everything filled in that is known; an empty value is not."""
    known = {
        group: {name: text or _Unknown(f"{group}.{name}") for name, text in of_group.items()}
        for group, of_group in values.items()
    }
    return _read(template).render(**known)


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
