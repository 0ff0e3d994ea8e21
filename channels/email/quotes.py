"""Finds what of a mail's text is quoted and what is signature; nothing is ever thrown away.

Line by line and in linear time. Where everything would be quoted, nothing is: a forwarded mail is its own
message.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from channels.email.quote_patterns import (
    ends_broken_attribution,
    has_moment,
    is_attribution,
    is_delimiter,
    is_device_signature,
    is_rule,
    is_signature_dashes,
    label_kind,
    may_end_attribution,
    opens_attribution,
)
from inbox.envelopes import Span, SpanKind

MAX_LINES = 10_000  # what comes below them is taken as one
MAX_SIGNATURE_LINES = 14

_NEAR = 20  # lines that are looked at for the next or the last one with words
_QUOTED = re.compile(r"[ \t]{0,3}>")
# "-Bob", "— Jane Doe"; "- item" may be one of a list.
_NAME = re.compile(
    r"(?:[-\u2013~]{1,2}|\u2014 ?|[-\u2013~]{1,2} (?=[A-Z]))"
    r"[^\W\d_][\w.'\u2019-]{0,20}(?: [A-Z][\w.'\u2019-]{0,20}){0,2}"
)
_INITIALS = re.compile(r"[A-Z][A-Za-z]{0,2}> ?")


class _Is(Enum):
    NEW = auto()
    BLANK = auto()
    QUOTE = auto()
    SIGNATURE = auto()


@dataclass(slots=True)
class _Line:
    text: str  # without white space at its ends
    start: int
    end: int  # after the line break
    kind: _Is = _Is.NEW
    label: str | None = None  # which field of a mail's header it looks like


def find_spans(text: str, marked: Sequence[Span] = ()) -> tuple[Span, ...]:
    """Quoted and signature ranges, in order and apart; *marked* are those that are known already."""
    lines = _lines(text, marked)
    _mark_quoted_lines(lines)
    _mark_announced(lines)
    _mark_signatures(lines)
    if not any(line.kind is _Is.NEW for line in lines):
        for line in lines:
            if line.kind is _Is.QUOTE:
                line.kind = _Is.NEW
    return _spans(lines, len(text))


def _lines(text: str, marked: Sequence[Span]) -> list[_Line]:
    lines: list[_Line] = []
    position = 0
    for raw in text.split("\n", MAX_LINES):
        end = min(position + len(raw) + 1, len(text))
        words = raw.strip()
        lines.append(_Line(words, position, end, _Is.NEW if words else _Is.BLANK))
        position = end
    waiting = sorted(marked, key=lambda span: span.start, reverse=True)
    for line in lines:
        while waiting and waiting[-1].end <= line.start:
            waiting.pop()
        if line.kind is _Is.NEW and waiting and waiting[-1].start <= line.start:
            line.kind = _Is.QUOTE if waiting[-1].kind is SpanKind.QUOTE else _Is.SIGNATURE
    return lines


def _mark_quoted_lines(lines: list[_Line]) -> None:
    """Lines under `>`; lines under somebody's initials where there are several."""
    initials = sum(1 for line in lines if _INITIALS.match(line.text))
    for line in lines:
        if line.kind is not _Is.NEW:
            continue
        if line.text.startswith(">") and ends_broken_attribution(line.text):
            continue  # the second half of an announcement that was broken before its ">"
        if _QUOTED.match(line.text) or (initials >= 3 and _INITIALS.match(line.text)):
            line.kind = _Is.QUOTE


def _mark_announced(lines: list[_Line]) -> None:
    """What an announcement, a delimiter or a header block says is somebody else's."""
    for line in lines:
        line.label = label_kind(line.text) if ":" in line.text[:60] or "\uff1a" in line.text[:60] else None
    index = 0
    while index < len(lines):
        line = lines[index]
        if line.kind is not _Is.NEW:
            index += 1
            continue
        if is_delimiter(line.text) or _is_header_block(lines, index):
            _quote_from(lines, _with_rules_above(lines, index), len(lines))
            return
        first = _attribution_start(lines, index)
        if first is None:
            index += 1
            continue
        if not _followed_by_quote(lines, index):
            _quote_from(lines, _with_rules_above(lines, first), len(lines))
            return
        _quote_from(lines, first, index + 1)
        index += 1


def _attribution_start(lines: list[_Line], last: int) -> int | None:
    """The first line of the announcement that ends on line *last*, or None."""
    if not may_end_attribution(lines[last].text):
        return None
    found = None
    joined = ""
    blanks = 0
    for first in range(last, max(-1, last - 7), -1):
        line = lines[first]
        if line.kind is _Is.BLANK:
            blanks += 1
            if blanks > 2:
                break
            continue
        if line.kind is not _Is.NEW and not (line.text.startswith(">") and first != last):
            break
        if last - first > 3 and not blanks:
            break
        joined = f"{line.text} {joined}".strip()
        if blanks and not (opens_attribution(line.text) and has_moment(line.text)):
            continue
        if is_attribution(joined) and (found is None or opens_attribution(line.text)):
            found = first
    return found


def _followed_by_quote(lines: list[_Line], index: int) -> bool:
    for line in lines[index + 1 : index + 6]:
        if line.kind is not _Is.BLANK:
            return line.kind is _Is.QUOTE
    return False


def _is_header_block(lines: list[_Line], index: int) -> bool:
    """Three fields of a mail's header close together, the sender among them; two below a rule."""
    if lines[index].label is None:
        return False
    kinds: set[str] = set()
    others = 0
    for line in lines[index : index + 14]:
        if line.kind is _Is.BLANK:
            others += 1
        elif line.label:
            kinds.add(line.label)
            others = 0
        else:
            others += 1
        if others > 2:
            break
    if "from" not in kinds or len(lines[index].text) > 400:
        return False
    above = next(
        (line for line in reversed(lines[max(0, index - 3) : index]) if line.kind is not _Is.BLANK), None
    )
    enough = 2 if above is not None and is_rule(above.text) else 3
    return len(kinds) >= enough and bool(kinds & {"date", "subject"})


def _with_rules_above(lines: list[_Line], index: int) -> int:
    """The rules and empty lines that a program set above what it quotes belong to it."""
    while index and (lines[index - 1].kind is _Is.BLANK or is_rule(lines[index - 1].text)):
        index -= 1
    return index


def _quote_from(lines: list[_Line], first: int, end: int) -> None:
    for line in lines[first:end]:
        if line.kind is not _Is.BLANK:
            line.kind = _Is.QUOTE


def _mark_signatures(lines: list[_Line]) -> None:
    """What stands below `-- ` or is set there by a telephone, down to the next quote or the end."""
    for index, line in enumerate(lines):
        if line.kind is not _Is.NEW:
            continue
        if is_device_signature(line.text) or (_NAME.fullmatch(line.text) and _stands_alone(lines, index)):
            line.kind = _Is.SIGNATURE
        elif is_signature_dashes(line.text) or _is_footer_rule(lines, index):
            block = _block(lines, index)
            if len([one for one in block if one.kind is _Is.NEW]) <= MAX_SIGNATURE_LINES + 1:
                for one in block:
                    if one.kind is _Is.NEW:
                        one.kind = _Is.SIGNATURE


def _stands_alone(lines: list[_Line], index: int) -> bool:
    """Whether something that is no list stands above, and nothing new below."""
    below = next((line for line in lines[index + 1 : index + _NEAR] if line.kind is not _Is.BLANK), None)
    if below is not None and below.kind is _Is.NEW and not is_rule(below.text):
        return False
    near = reversed(lines[max(0, index - _NEAR) : index])
    above = next((line for line in near if line.kind is not _Is.BLANK), None)
    return above is not None and above.kind is _Is.NEW and above.text[0] not in "-*\u2022"


def _is_footer_rule(lines: list[_Line], index: int) -> bool:
    """A stroke with nothing but a few lines below it, down to the end."""
    if not is_rule(lines[index].text):
        return False
    if len(lines) - index > 3 * MAX_SIGNATURE_LINES or lines[index].text[0] not in "_-=\u2014\u1427":
        return False
    block = _block(lines, index)
    below = [line for line in block if line.kind is _Is.NEW and not is_rule(line.text)]
    return len(below) <= 6 and len(block) == len(lines) - index


def _block(lines: list[_Line], index: int) -> list[_Line]:
    """From a line down to the next quote or the end, and no further than a signature may reach."""
    end = index
    while end < len(lines) and lines[end].kind is not _Is.QUOTE and end - index < 3 * MAX_SIGNATURE_LINES:
        end += 1
    return lines[index:end]


def _spans(lines: list[_Line], length: int) -> tuple[Span, ...]:
    """Neighbouring lines of a kind as one range, empty lines between them included."""
    spans: list[Span] = []
    joins = False
    for line in lines:
        if line.kind is _Is.NEW:
            joins = False
        if line.kind not in (_Is.QUOTE, _Is.SIGNATURE):
            continue
        kind = SpanKind.QUOTE if line.kind is _Is.QUOTE else SpanKind.SIGNATURE
        if joins and spans[-1].kind is kind:
            spans[-1] = Span(spans[-1].start, line.end, kind)
        else:
            spans.append(Span(line.start, line.end, kind))
        joins = True
    return tuple(Span(span.start, min(span.end, length), span.kind) for span in spans)
