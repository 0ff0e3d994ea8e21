"""Texts that people here write with places to be filled in: {{ customer.first_name | default: "there" }}.

Liquid (never Jinja) sees plain texts alone, has no tags that repeat or load anything, and a bound on what it
writes. A known name that has no value stays visible as {{ name }}, so that nobody sends a hole unseen.
"""

from collections.abc import Mapping

from inbox.errors import Invalid
from inbox.phrases import phrase

Values = Mapping[str, Mapping[str, str]]
"""What can be filled in: {"agent": {"name": "Maya Okafor"}}; an empty text is a value that is not known."""


def checked(template: str, *, example: Values, longest: int, what: str, field: str) -> str:
    """A template as it may be kept; raises Invalid, naming *field*, where the *example* cannot fill it."""
    from inbox.liquid_engine import try_out

    text = template.replace("\r\n", "\n").replace("\x00", "").strip()
    if len(text) > longest:
        raise Invalid(
            "A %(what)s has at most %(most)d characters.", what=phrase(what), most=longest, field=field
        )
    try:
        try_out(text, example)
    except ValueError as error:
        raise Invalid(
            "The %(what)s cannot be filled in: %(message)s",
            what=phrase(what),
            message=str(error),
            field=field,
        ) from error
    return text


def filled(template: str, values: Values) -> str:
    """The text with everything filled in that is known."""
    from inbox.liquid_engine import fill

    return fill(template, values).strip()
