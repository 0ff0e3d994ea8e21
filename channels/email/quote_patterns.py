"""Recognises single lines by which mail programs announce quotes.

Every pattern is applied to one line, or to the few lines of an announcement joined, of bounded length.
"""

import re
from itertools import islice

from channels.email.quote_words import (
    BEGIN_FORWARD,
    LABELS,
    OPENING,
    ORIGINAL,
    PRONOUNS,
    QUOTING,
    REPLY_ABOVE,
    WROTE,
)

MAX_LINE = 500
MAX_ANNOUNCEMENT = 600

_VERB = re.compile(rf"(?<![^\W_])(?:{WROTE})(?![^\W_])", re.IGNORECASE)
_CJK_VERB = re.compile("写道|寫道|書きました|작성|のメール|쓴 글|提到")
_VERB_LAST = re.compile(rf"(?<![^\W_])(?:{WROTE})\W{{0,6}}$", re.IGNORECASE)
_ABOUT_ANOTHER = re.compile(
    rf"(?<![^\W_])(?:{PRONOUNS})\s(?:[^\W\d_]{{1,10}}\s){{0,2}}?(?:{WROTE})(?![^\W_])", re.IGNORECASE
)
_QUOTING = re.compile(rf"(?:{QUOTING})[\s\"'\u201c]", re.IGNORECASE)
_EMAIL = re.compile(r"[^\s<>()\[\]:,;\"]{1,80}@[^\s<>()\[\]:,;\"]{2,120}")
_DATE = re.compile(
    r"\d{4}[-./\u5e74]\s?\d{1,2}|\d{1,2}[-./]\s?\d{1,2}[-./]\s?\d{2,4}|\d{1,2}[:.h]\d{2}|\b(?:19|20)\d\d\b"
    r"|\b\d{1,2}\.? ?(?:de )?[^\W\d_]{3,12}\b|\b[^\W\d_]{3,12}\.? \d{1,2}\b"
)
_DAY = re.compile(r"\d{4}[-./\u5e74]\s?\d{1,2}|\d{1,2}[-./]\s?\d{1,2}[-./]\s?\d{2,4}|\b(?:19|20)\d\d\b")
_MOMENT = re.compile(r"\b(?:19|20)\d\d\b|\b\d{1,2}[:.h]\d\d\b|\d{4}\u5e74|\b\d{1,2}[./-]\d{1,2}[./-]\d\d\b")
_MOMENT_ALONE = re.compile(
    r"(?:[^\W\d_]{2,10}[,.]? )?"
    r"(?:\d{1,4}[-./]\d{1,2}[-./]\d{1,4}|\d{1,2}\.? [^\W\d_]{3,10}\.? \d{4})"
    r"[ ,]{1,3}"
    r"\d{1,2}[:.]\d\d(?:[:.]\d\d)?(?: [AaPp]\.?[Mm]\.?)?(?: [A-Z]{2,5})?"
)
_TIME = re.compile(r"\d{1,2}[:.]\d\d")
_CLOCK = re.compile(r"(?<![\d.])\d{1,2}(?::\d\d|\.\d\d(?!\.?\d))")  # and no day: "02.01.2023"
_ADDRESS_LAST = re.compile(r"[<(\[]\s?[^\s<>]{1,80}@[^\s<>]{2,120}\s?[>)\]]|@[^\s<>:]{2,120}\W*$")
_OPENS = re.compile(rf"[\W_]{{0,3}}(?:{OPENING})(?![^\W\d_])", re.IGNORECASE)
_WITHOUT_VERB = re.compile(
    r"\d{4}-\d\d-\d\d \d{1,2}:\d\d (?:GMT|UTC)[+-]\d{1,2}:\d\d .{2,120}"
    r"|\d{4}[-/]\d{1,2}[-/]\d{1,2} [^@]{0,80}<[^\s<>@]{1,80}@[^\s<>@]{2,120}>:?"
    r"|Quoting .{2,120} \(\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)?\):?"
    r"|Excerpts from .{2,80} message of .{6,60}:",
    re.IGNORECASE,
)
_NAMES_ANYTHING = re.compile(r"[\d@]|^--")  # without a date and an address there is no announcement
_OPENS_WITHOUT_VERB = frozenset("0123456789QqEe-")
_COLON = ":\uff1a\u055d"
_ENDS = re.compile(rf"[{_COLON}][\W_]{{0,3}}$")
_ENDS_DASHED = re.compile(r"-{3,}$")
_DASHES_OF = "-_=*~\u2010-\u2015\u2500\u30fc"
_DELIMITER = re.compile(
    rf"[{_DASHES_OF}\s>|]{{2,}}(?:{ORIGINAL}).{{0,60}}?[{_DASHES_OF}\s|]{{0,80}}$", re.IGNORECASE
)
_BARE_TITLE = re.compile(rf"(?:{ORIGINAL}):?", re.IGNORECASE)
_NOTES_SUMMARY = re.compile(
    r".{2,100}? ?-{3} ?\d{1,4}[-./]\d{1,2}[-./]\d{1,4} \d{1,2}[:.]\d\d(?:[:.]\d\d)?(?: [AP]M)? ?-{3}.{0,300}"
)
_NOTES_TABLE = re.compile(r"\|-{3,}\+-{3,}>")
_GROUPWISE = re.compile(r">>> .{3,200} >>>$")
_DASHED_TITLE = re.compile(
    rf"[{_DASHES_OF}]{{3,}}\s{{0,3}}[^{_DASHES_OF}\W].{{1,60}}?\s{{0,3}}[{_DASHES_OF}]{{3,}}$"
)
_REPLY_ABOVE = re.compile(REPLY_ABOVE, re.IGNORECASE)
_BEGINS_FORWARD = re.compile(rf"(?:{BEGIN_FORWARD})\s*[{_COLON}]?$", re.IGNORECASE)
_KIND = {label: kind for kind, labels in LABELS.items() for label in labels.split("|")}
_LABEL = re.compile(
    rf"[>\s*_|]{{0,10}}([^\W\d_][^{_COLON}*]{{0,24}}?)\s{{0,2}}[*_]{{0,2}}\s{{0,2}}[{_COLON}][*_]{{0,2}}(?=\s|$|[^/\s])"
)
_RULE = re.compile(
    r"\s{0,3}(?:[-_=*~#+\u2013\u2014\u2500]{2,}|\u1427|[\u2500-\u257f\u25a0-\u25ff\u2605\u2606\u30fb\uff0a\uff1d\u30fc*~=+]{6,}"
    r"|__\._,_\.___|__,_\._,___|[-_*=](?: [-_*=]){2,40})\s*$"
)
# "mx smtp[12]: A1: said: no such user:" is a line of a log, "Message: ... Date: ...:" one of a form.
_FIELD = re.compile(rf"[^\W\d_]\w*\]?[{_COLON}] +(?=\S)")
_GOES_ON = re.compile(rf"[{_COLON}]\s{{2,20}}(?=\S)")


def is_attribution(joined: str) -> bool:
    """Whether some lines, joined, announce a quote: who wrote, and when or from which address."""
    if len(joined) > MAX_ANNOUNCEMENT or not _NAMES_ANYTHING.search(joined):
        return False
    if _WITHOUT_VERB.fullmatch(joined) or _is_framed(joined):
        return True
    fields = sum(1 for _ in islice(_FIELD.finditer(joined), 2))
    if fields > 1 or (fields and "]: " in joined):
        return False
    ends = bool(_ENDS.search(joined) or _ENDS_DASHED.search(joined))
    with_email = "@" in joined and bool(_EMAIL.search(joined))
    has_date = bool(_DATE.search(joined)) and any(character.isdigit() for character in joined)
    if ends and with_email and _QUOTING.match(joined):
        return True
    has_verb = bool(_VERB.search(joined) or _CJK_VERB.search(joined))
    if has_verb and _ABOUT_ANOTHER.search(joined):
        return False
    if has_verb and ends and has_date and _names_day_and_time(joined):
        return True
    if not with_email and not (has_date and _OPENS.match(joined)):
        return False
    if has_verb and (ends or _VERB_LAST.search(joined[-40:])):
        return True
    if not (ends and with_email and has_date and not fields and _TIME.search(joined) and len(joined) < 250):
        return False
    return bool(_ADDRESS_LAST.search(joined)) or len(joined.split()) < 12


def _is_framed(joined: str) -> bool:
    """`---- Jane Doe wrote ----`, as some telephones write it."""
    framed = joined.startswith("--") and joined.endswith("--") and len(joined) < 120
    return framed and bool(_VERB_LAST.search(joined.rstrip("-: ")[-40:]))


def _names_day_and_time(joined: str) -> bool:
    """`Jane Doe schreef op 2023-01-02 15:04:` says both exactly, which a sentence seldom does."""
    return len(joined) < 160 and bool(_DAY.search(joined) and _TIME.search(joined))


def is_announcement_of_quote(line: str) -> bool:
    """Whether a line right above `>` says whose words follow; less is needed there: `Jane Doe wrote:`."""
    if len(line) > 200 or not (_ENDS.search(line) or _ENDS_DASHED.search(line)):
        return False
    if _QUOTING.match(line):
        return True
    verb = _VERB.search(line) or _CJK_VERB.search(line)
    if verb is None or _ABOUT_ANOTHER.search(line):
        if verb is None and _DAY.search(line) and _TIME.search(line) and len(line.split()) <= 8:
            return True  # "Jane Doe, 02.01.2023 15:04:"
        return bool(_EMAIL.search(line) and _DATE.search(line) and len(line.split()) < 15)
    return bool(_EMAIL.search(line) or _MOMENT.search(line)) or len(line.split()) <= 6


def introduces(line: str) -> bool:
    """Whether a line says that its writer shows something below: words before a colon, but neither who wrote
    a mail nor when."""
    if not _ENDS.search(line) or len(line) > MAX_LINE or "@" in line or _DATE.search(line):
        return False
    if _VERB.search(line) or _CJK_VERB.search(line) or _QUOTING.match(line):
        return False
    return any(word[0].islower() for word in line.split())


def announces_on_its_line(line: str) -> bool:
    """Whether a line announces a quote and goes on with it, as Yahoo's text does: `Jane wrote:   Hello`."""
    if "@" not in line or not _OPENS.match(line):
        return False
    ends = islice(_GOES_ON.finditer(line[:MAX_ANNOUNCEMENT]), 3)
    heads = (line[: found.start() + 1] for found in ends)
    return any(has_email(head) and is_attribution(head) for head in heads)


def may_end_attribution(line: str, *, goes_on: bool = False) -> bool:
    """A quick look at the last line of a would-be announcement; *goes_on*: words follow in the next line."""
    if not line or len(line) > MAX_LINE:
        return False
    if _ENDS.search(line):
        return True
    if not goes_on and (_VERB_LAST.search(line[-40:]) or _ENDS_DASHED.search(line)):
        return True
    return line[0] in _OPENS_WITHOUT_VERB and bool(_WITHOUT_VERB.fullmatch(line) or _is_framed(line))


def ends_broken_attribution(line: str) -> bool:
    """`> wrote:`, left over where a program broke an announcement before the bracket of its address."""
    return len(line) < 30 and bool(_VERB.fullmatch(line.strip("> :\u00a0")))


def opens_attribution(line: str) -> bool:
    """Whether a line begins as announcements do: with a preposition, a weekday or a date."""
    return bool(_OPENS.match(line))


def has_moment(line: str) -> bool:
    """Whether a line names a year or a time of day, as an announcement does and a sentence seldom."""
    return bool(_MOMENT.search(line[:MAX_LINE]))


def has_time(text: str) -> bool:
    """Whether a time of day stands in it."""
    return bool(_CLOCK.search(text[: 3 * MAX_LINE]))


def is_delimiter(line: str) -> bool:
    """`-----Original Message-----`, `Begin forwarded message:` and their sisters."""
    if not 6 < len(line) <= MAX_LINE:
        return False
    if _DELIMITER.match(line) or _BEGINS_FORWARD.match(line.strip("> \t*")) or _GROUPWISE.match(line):
        return True
    if len(line) > 160 or (line[0].isalnum() and "this line" not in line):
        return False
    found = _REPLY_ABOVE.search(line)
    if found is None or found.start() > 100 or "." in line[: found.start()].strip("#-=.* "):
        return False
    return len(line) - found.end() <= 80 and "." not in line[found.end() :].strip("#-=.* ")


def is_bare_title(line: str) -> bool:
    """ "Original Message" without its dashes, which means something only above a header."""
    return 8 < len(line) <= 60 and bool(_BARE_TITLE.fullmatch(line))


def is_dashed_title(line: str) -> bool:
    """A few words between dashes, which mostly stand above a quoted mail."""
    return 8 < len(line) <= 160 and bool(_DASHED_TITLE.match(line))


def label_kind(line: str) -> str | None:
    """Which field of a mail's header the line looks like: from, date, to, subject, cc, or None."""
    found = _LABEL.match(line) if len(line) <= 4 * MAX_LINE else None
    return _KIND.get(found[1].strip().lower()) if found else None


def bare_label(line: str) -> str | None:
    """Which field a line names that is nothing but a label, its colon left out."""
    return _KIND.get(line.strip(":* ").lower()) if len(line) <= 24 else None


def has_email(text: str) -> bool:
    """Whether an email address stands in it."""
    return "@" in text and bool(_EMAIL.search(text))


def is_moment_alone(line: str) -> bool:
    """Whether a line is a date and a time of day and nothing else."""
    return len(line) <= 60 and bool(_MOMENT_ALONE.fullmatch(line))


def is_notes_table(line: str) -> bool:
    """The upper edge of the table that old Lotus Notes draws around the header of what it quotes."""
    return len(line) <= 160 and bool(_NOTES_TABLE.fullmatch(line))


def is_notes_summary(line: str) -> bool:
    """`Jane Doe ---02.01.2023 15:04:05---Which colour?`, as Notes sums up what it quotes."""
    return "---" in line[:110] and len(line) <= MAX_LINE and bool(_NOTES_SUMMARY.fullmatch(line))


def is_rule(line: str) -> bool:
    """A line that is nothing but a stroke."""
    return len(line) <= 200 and bool(_RULE.match(line))
