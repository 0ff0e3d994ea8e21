"""The lines of a text while it is found out which of them are new, quoted, or signature."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from inbox.envelopes import Span, SpanKind

MAX_LINES = 10_000  # what comes below them is taken as one

# Marks of direction and other unseen characters, which some programs set around names and dates.
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")


class Is(Enum):
    """What a line is."""

    NEW = auto()
    BLANK = auto()
    QUOTE = auto()
    SIGNATURE = auto()


@dataclass(slots=True)
class Line:
    """A line of a text: `start` ≤ i < `end`, its line break included."""

    text: str  # without white space at its ends and unseen characters
    start: int
    end: int
    kind: Is = Is.NEW
    label: str | None = None  # which field of a mail's header it looks like
    marked: bool = False  # whether it stands under ">"


def lines_of(text: str, marked: Sequence[Span] = ()) -> list[Line]:
    """The lines; *marked* are ranges of which it is known already what they are."""
    lines: list[Line] = []
    position = 0
    for raw in text.split("\n", MAX_LINES):
        end = min(position + len(raw) + 1, len(text))
        words = _UNSEEN.sub("", raw).replace("\u00a0", " ").replace("&nbsp;", " ").strip()
        lines.append(Line(words, position, end, Is.NEW if words else Is.BLANK))
        position = end
    waiting = sorted(marked, key=lambda span: span.start, reverse=True)
    for line in lines:
        while waiting and waiting[-1].end <= line.start:
            waiting.pop()
        if line.kind is Is.NEW and waiting and waiting[-1].start <= line.start:
            line.kind = Is.QUOTE if waiting[-1].kind is SpanKind.QUOTE else Is.SIGNATURE
    return lines


def worded(lines: Sequence[Line], start: int, most: int) -> Iterator[Line]:
    """The lines with words among the *most* lines from *start*."""
    for index in range(start, min(start + most, len(lines))):
        if lines[index].kind is not Is.BLANK:
            yield lines[index]


def spans_of(lines: Sequence[Line], length: int) -> tuple[Span, ...]:
    """Neighbouring lines of a kind as one range, empty lines between them included."""
    spans: list[Span] = []
    joins = False
    for line in lines:
        if line.kind is Is.NEW:
            joins = False
        if line.kind not in (Is.QUOTE, Is.SIGNATURE):
            continue
        kind = SpanKind.QUOTE if line.kind is Is.QUOTE else SpanKind.SIGNATURE
        if joins and spans[-1].kind is kind:
            spans[-1] = Span(spans[-1].start, line.end, kind)
        else:
            spans.append(Span(line.start, line.end, kind))
        joins = True
    return tuple(Span(span.start, min(span.end, length), span.kind) for span in spans)
