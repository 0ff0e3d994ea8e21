"""Finds what an announcement, a delimiter or a header block says is somebody else's words."""

from collections.abc import Sequence

from channels.email.quote_lines import Is, Line, worded
from channels.email.quote_patterns import (
    MAX_ANNOUNCEMENT,
    announces_on_its_line,
    bare_label,
    has_email,
    has_moment,
    has_time,
    introduces,
    is_announcement_of_quote,
    is_attribution,
    is_bare_title,
    is_dashed_title,
    is_delimiter,
    is_moment_alone,
    is_notes_summary,
    is_notes_table,
    is_rule,
    label_kind,
    may_end_attribution,
    opens_attribution,
)

_MOST_LINES = 4  # of an announcement
_HEADER_LINES = 16
_LONGEST_FIELD = 400


def mark_announced(lines: Sequence[Line]) -> None:
    """Quote what is announced: down to where the `>` end, or to the end of the text."""
    for line in lines:
        line.label = label_kind(line.text) if ":" in line.text[:60] or "\uff1a" in line.text[:60] else None
    index = 0
    while index < len(lines):
        line = lines[index]
        if line.kind is not Is.NEW:
            if line.marked and is_delimiter(line.text) and line.text.startswith(">>>"):
                _quote_from(lines, index, len(lines))
                return
            index += 1
            continue
        if _begins_quoted_mail(lines, index):
            if _is_answered_below(lines, index):
                index = _quote_header(lines, index)
                continue
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


def _begins_quoted_mail(lines: Sequence[Line], index: int) -> bool:
    line = lines[index]
    if is_delimiter(line.text) or _is_header_block(lines, index) or _is_notes_header(lines, index):
        return True
    if announces_on_its_line(line.text) or is_notes_table(line.text) or is_notes_summary(line.text):
        return True
    if not is_dashed_title(line.text):
        return False
    below = next(worded(lines, index + 1, 3), None)  # whatever the title says, in whatever language
    return below is not None and (
        below.label is not None or (opens_attribution(below.text) and has_moment(below.text))
    )


def _attribution_start(lines: Sequence[Line], last: int) -> int | None:
    """The first line of the announcement that ends on line *last*, or None."""
    goes_on = last + 1 < len(lines) and lines[last + 1].kind is Is.NEW
    if not may_end_attribution(lines[last].text, goes_on=goes_on):
        return None
    found = None
    joined = ""
    blanks = 0
    for first in range(last, max(-1, last - _MOST_LINES - 3), -1):
        line = lines[first]
        if line.kind is Is.BLANK:
            blanks += 1
            if blanks > 2:
                break
            continue
        if line.kind is not Is.NEW and not (line.marked and first != last):
            break
        if last - first >= _MOST_LINES and not blanks:
            break
        complete = found is not None and has_moment(joined)
        joined = f"{line.text} {joined}".strip()
        if len(joined) > MAX_ANNOUNCEMENT:
            break
        if blanks and not (opens_attribution(line.text) and has_moment(line.text)):
            continue
        if found is not None and not opens_attribution(line.text) and (complete or not has_moment(line.text)):
            continue
        if is_attribution(joined):
            found = first
    if found is None and _begins_paragraph(lines, last) and _followed_by_quote(lines, last):
        return last if is_announcement_of_quote(lines[last].text) else None
    return found


def _begins_paragraph(lines: Sequence[Line], index: int) -> bool:
    return not index or lines[index - 1].kind is not Is.NEW


def _followed_by_quote(lines: Sequence[Line], index: int) -> bool:
    below = next(worded(lines, index + 1, 5), None)
    return below is not None and below.kind is Is.QUOTE


def _is_header_block(lines: Sequence[Line], index: int) -> bool:
    """Three fields of a mail's header close together, the sender among them; two below a rule."""
    if lines[index].label is None or len(lines[index].text) > _LONGEST_FIELD:
        return False
    kinds: set[str] = set()
    written = ""
    others = 0
    for line in lines[index : index + _HEADER_LINES]:
        if line.label:
            kinds.add(line.label)
            written += f"{line.text}\n" if line.label in ("from", "date") else ""
            others = 0
        else:
            others += 1
        if others > 2:
            break
    if "from" not in kinds or not kinds & {"date", "subject"}:
        return False
    above = list(worded(lines, max(0, index - 3), min(index, 3)))
    enough = 2 if above and is_rule(above[-1].text) else 3
    if len(kinds) < enough:
        return False
    if enough == 3 and "to" not in kinds and above and introduces(above[-1].text):
        return False  # "You have a message from your website:"
    # Without a subject, an address and a time of day it may be a journey: from, to, date.
    return "subject" in kinds or enough == 2 or has_email(written) or has_time(written)


def _is_notes_header(lines: Sequence[Line], index: int) -> bool:
    """Lotus Notes: the sender, perhaps who wrote for them, the moment alone, and below it whom it went to:
    labels alone on their lines, or before what they label and a subject among them."""
    if len(lines[index].text) > 120:
        return False
    near = list(worded(lines, index + 1, 14))
    if len(near) > 2 and ":" in near[0].text and is_moment_alone(near[1].text):
        near = near[1:]
    if len(near) < 2 or not is_moment_alone(near[0].text):
        return False
    if any(bare_label(line.text) == "to" for line in near[1:6]):
        return True
    first_words = (line.text.partition(" ")[0] for line in near[1:6])
    kinds = {bare_label(word) for word in first_words}
    return {"to", "subject"} <= kinds and (has_email(lines[index].text) or "cc" in kinds)


def _is_answered_below(lines: Sequence[Line], index: int) -> bool:
    """Whether nothing new stands above, but below what is quoted under `>`."""
    if any(line.kind is Is.NEW for line in lines[:index]):
        return False
    last = max((number for number, line in enumerate(lines) if line.marked), default=-1)
    return last > index and any(line.kind is Is.NEW for line in lines[last + 1 :])


def _quote_header(lines: Sequence[Line], index: int) -> int:
    """Quote from a line down to the first one under `>`; answers where that is."""
    end = index
    while end < len(lines) and not lines[end].marked:
        end += 1
    _quote_from(lines, index, end)
    return end


def _with_rules_above(lines: Sequence[Line], index: int) -> int:
    """The rules and empty lines that a program set above what it quotes belong to it."""
    while index and (lines[index - 1].kind is Is.BLANK or is_rule(lines[index - 1].text)):
        index -= 1
    if lines[index].label and index and is_bare_title(lines[index - 1].text):
        return index - 1
    return index


def _quote_from(lines: Sequence[Line], first: int, end: int) -> None:
    for line in lines[first:end]:
        if line.kind is not Is.BLANK:
            line.kind = Is.QUOTE
