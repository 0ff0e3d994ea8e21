"""Says beforehand whether an HTML parser can bear a document.

Every parser that follows the HTML standard looks through the open elements at each tag, and opens
formatting elements anew in each block. Both are quadratic: 200,000 nested `<div>` keep a parser busy for
minutes, 15 kB of `<font>` before 80 kB of `<p>` take gigabytes. One linear pass over the tags finds out.
"""

import re


def names(text: str) -> frozenset[str]:
    """The words of *text*: a set of element or property names."""
    return frozenset(text.split())


MAX_DEPTH = 2_000
MAX_REOPENED = 500_000
_MAX_STEPS = 2_000_000

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:-]{0,30})")
_FORMATTING = names("a b big code em font i nobr s small strike strong tt u")
# They never stay open below each other, or hold nothing.
_SHALLOW = names(
    "p li dt dd option optgroup tr td th tbody thead tfoot br img hr input meta link col area base wbr "
    "source track embed param html head body"
)
_SCOPES = names(
    "table object applet marquee template select svg math caption foreignobject desc title button"
)


def is_bearable(html: str) -> bool:
    """Whether the document can be given to a parser; answers in linear time and errs on the safe side."""
    open_elements: list[str] = []
    active: dict[str, int] = {}
    formatting = reopened = steps = 0
    for found in _TAG.finditer(html):
        closing, name = found[1], found[2].lower()
        if name in _FORMATTING:
            count = active.get(name, 0)
            formatting += 1 if not closing else -(count > 0)
            active[name] = count + 1 if not closing else max(0, count - 1)
        else:
            reopened += formatting
        if name not in _SHALLOW:
            if not closing:
                open_elements.append(name)
            else:
                steps += _close(open_elements, name)
        if len(open_elements) > MAX_DEPTH or reopened > MAX_REOPENED or steps > _MAX_STEPS:
            return False
    return True


def crude_text(html: str) -> str:
    """What stands outside of tags, for a document that cannot be parsed; linear."""
    pieces = html.split("<")
    return " ".join([pieces[0], *(piece.partition(">")[2] for piece in pieces[1:])])


def _close(open_elements: list[str], name: str) -> int:
    """Take the element and what it holds from the stack, as an end tag does; answers the steps it took."""
    for back, candidate in enumerate(reversed(open_elements), start=1):
        if candidate == name:
            del open_elements[-back:]
            return back
        if candidate in _SCOPES:
            return back
    return len(open_elements)
