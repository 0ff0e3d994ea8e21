"""Finds what of a mail's text is quoted and what is signature; nothing is ever thrown away.

Line by line and in linear time. Where everything would be quoted, nothing is: a forwarded mail is its own
message.
"""

import re
from collections.abc import Sequence

from channels.email.quote_announcements import mark_announced
from channels.email.quote_lines import Is, Line, lines_of, spans_of
from channels.email.quote_patterns import ends_broken_attribution, introduces, is_rule
from channels.email.quote_signatures import mark_signatures
from inbox.envelopes import Span

__all__ = ["find_spans"]

MOST_NAMES = 20
MOST_SHOWN = 10

_QUOTED = re.compile(r"[>\uff1e]|\|(?!\s?(?:[^|]{1,80}\|){1,})\s")
_INITIALS = re.compile(r"[A-Z][A-Za-z]{0,2}> ?")
# What Emacs says of those whose words stand under their names.
_NAMED = re.compile(r'>{3,} "([^"\s]{1,40})" == ')


def find_spans(text: str, marked: Sequence[Span] = ()) -> tuple[Span, ...]:
    """Quoted and signature ranges, in order and apart; *marked* are those that are known already."""
    lines = lines_of(text, marked)
    if marked:
        _mark_rules_above(lines)
    _mark_quoted_lines(lines)
    mark_announced(lines)
    mark_signatures(lines)
    if not any(line.kind is Is.NEW for line in lines):
        for line in lines:
            if line.kind is Is.QUOTE:
                line.kind = Is.NEW
        if not any(line.kind is Is.NEW for line in lines):
            _keep_first_paragraph(lines)
    return spans_of(lines, len(text))


def _keep_first_paragraph(lines: Sequence[Line]) -> None:
    """Of a text that seems nothing but signatures, the first one is its words."""
    first = next((index for index, line in enumerate(lines) if line.kind is Is.SIGNATURE), len(lines))
    end = first
    while end < len(lines) and lines[end].kind is Is.SIGNATURE:
        end += 1
    if any(line.kind is Is.SIGNATURE for line in lines[end:]):
        for line in lines[first:end]:
            line.kind = Is.NEW


def _mark_rules_above(lines: Sequence[Line]) -> None:
    """The strokes and the announcement that a program set above what it marks as quoted."""
    for index in range(len(lines) - 1, 0, -1):
        if lines[index].kind is Is.QUOTE or (
            lines[index].kind is Is.BLANK and index + 1 < len(lines) and lines[index + 1].kind is Is.QUOTE
        ):
            above = lines[index - 1]
            if above.kind is Is.NEW and is_rule(above.text):
                above.kind = Is.QUOTE


def _mark_quoted_lines(lines: Sequence[Line]) -> None:
    """Lines under `>`; lines under `|` or under somebody's initials where there are several."""
    initials = sum(1 for line in lines if _INITIALS.match(line.text))
    names = tuple({f"{found[1]}>" for line in lines if (found := _NAMED.match(line.text))})[:MOST_NAMES]
    strokes = sum(1 for line in lines if line.text.startswith("|"))
    for line in lines:
        if line.kind is not Is.NEW:
            continue
        if line.text.startswith(">") and ends_broken_attribution(line.text):
            continue  # the second half of an announcement that was broken before its ">"
        if line.text[0] == "|" and strokes < 3:
            continue
        is_named = line.text.startswith(names) or (initials >= 3 and _INITIALS.match(line.text))
        if is_named or _QUOTED.match(line.text):
            line.kind, line.marked = Is.QUOTE, True
    if (shown := _shown_by_writer(lines)) is not None:
        for line in shown:
            line.kind, line.marked = Is.NEW, False


def _shown_by_writer(lines: Sequence[Line]) -> list[Line] | None:
    """What stands under `>` because its writer shows it ("I get this error:"): the only such lines, few, and
    introduced by words that announce no mail."""
    marked = [index for index, line in enumerate(lines) if line.marked]
    if not marked or len(marked) > MOST_SHOWN:
        return None
    first, last = marked[0], marked[-1]
    if any(line.kind is Is.NEW for line in lines[first:last]):
        return None
    above = next((line for line in reversed(lines[max(0, first - 3) : first]) if line.kind is Is.NEW), None)
    if above is None or not introduces(above.text):
        return None
    return [lines[index] for index in marked]
