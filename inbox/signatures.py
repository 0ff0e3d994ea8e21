"""What stands below a mail: the agent's signature and the mailbox's, written in Markdown and Liquid.

Liquid (never Jinja) sees plain texts alone, has no tags that repeat or load anything, and a bound on what it
writes.
"""

from functools import lru_cache
from typing import ClassVar

from liquid import Environment, Mode
from liquid.exceptions import LiquidError

from inbox.errors import Invalid
from inbox.models import Agent, Channel

LONGEST = 4_000
DELIMITER = "-- "  # RFC 3676 §4.3: mail programs fold or cut what stands below it
_TAGS = frozenset(["if", "unless", "case", "comment"])
_INNER_TAGS = frozenset(["content", "output", "illegal"])  # what texts and {{ … }} are to the parser
_FILTERS = frozenset(["capitalize", "default", "downcase", "strip", "truncate", "upcase"])


class _Environment(Environment):
    loop_iteration_limit: ClassVar[int | None] = 100
    local_namespace_limit: ClassVar[int | None] = 20_000
    output_stream_limit: ClassVar[int | None] = 20_000


def checked_template(template: str, *, field: str) -> str:
    """A signature as it may be kept; raises Invalid, naming *field*, where it cannot be filled in."""
    text = template.replace("\r\n", "\n").replace("\x00", "").strip()
    if len(text) > LONGEST:
        raise Invalid(f"A signature has at most {LONGEST:,} characters.", field=field)
    try:
        _environment().from_string(text).render(**_example())
    except LiquidError as error:
        raise Invalid(f"The signature cannot be filled in: {error.message}", field=field) from error
    return text


def signature_of(agent: Agent, mailbox: Channel) -> str:
    """The agent's signature with the mailbox's below it, filled in; "" where neither has one."""
    values = {
        "agent": {"name": agent.name, "first_name": _first(agent.name), "email": agent.email},
        "mailbox": {"name": mailbox.name, "address": mailbox.address or ""},
    }
    templates = (agent.signature, str(mailbox.settings.get("signature") or ""))
    parts = [_environment().from_string(one).render(**values).strip() for one in templates if one]
    return "\n\n".join(part for part in parts if part)


def _first(name: str) -> str:
    return name.split()[0] if name.split() else ""


def _example() -> dict[str, dict[str, str]]:
    return {
        "agent": {"name": "Maya Okafor", "first_name": "Maya", "email": "maya@shop.example"},
        "mailbox": {"name": "Support", "address": "support@shop.example"},
    }


@lru_cache(maxsize=1)
def _environment() -> _Environment:
    environment = _Environment(tolerance=Mode.STRICT, strict_filters=True)
    kept = _TAGS | _INNER_TAGS
    environment.tags = {name: tag for name, tag in environment.tags.items() if name in kept}
    environment.filters = {name: run for name, run in environment.filters.items() if name in _FILTERS}
    return environment
