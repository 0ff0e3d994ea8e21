"""Recognises single lines by which mail programs announce quotes and by which people sign.

Every pattern is applied to one line, or to the few lines of an announcement joined, of bounded length.
"""

import re

from channels.email.quote_words import (
    BEGIN_FORWARD,
    DEVICES,
    LABELS,
    OPENING,
    ORIGINAL,
    SENT_FROM,
    WROTE,
)

MAX_LINE = 500

_VERB = re.compile(rf"(?<![^\W_])(?:{WROTE})(?![^\W_])", re.IGNORECASE)
_CJK_VERB = re.compile("写道|寫道|書きました|작성|のメール")
_EMAIL = re.compile(r"[^\s<>()\[\]:,;\"]{1,80}@[^\s<>()\[\]:,;\"]{2,120}")
_DATE = re.compile(
    r"\d{4}[-./年]\s?\d{1,2}|\d{1,2}[-./]\s?\d{1,2}[-./]\s?\d{2,4}|\d{1,2}[:.h]\d{2}|\b(?:19|20)\d\d\b"
    r"|\b\d{1,2}\.? ?(?:de )?[^\W\d_]{3,12}\b|\b[^\W\d_]{3,12}\.? \d{1,2}\b"
)
_MOMENT = re.compile(r"\b(?:19|20)\d\d\b|\b\d{1,2}[:.h]\d\d\b")
_TIME = re.compile(r"\d{1,2}[:.]\d\d")
_OPENS = re.compile(rf"\W{{0,3}}(?:{OPENING})(?![^\W\d_])", re.IGNORECASE)
_GMAIL_WITHOUT_VERB = re.compile(r"\d{4}-\d\d-\d\d \d{1,2}:\d\d (?:GMT|UTC)[+-]\d{1,2}:\d\d .{2,120}")
_COLON = ":\uff1a"
_ENDS = re.compile(rf"[{_COLON}]\W{{0,3}}$")
_DELIMITER = re.compile(rf"[-_=*~\s>]{{2,}}(?:{ORIGINAL}).{{0,60}}?[-_=*~\s]{{0,80}}$", re.IGNORECASE)
_BEGINS_FORWARD = re.compile(rf"(?:{BEGIN_FORWARD})\s*[{_COLON}]?$", re.IGNORECASE)
_KIND = {label: kind for kind, labels in LABELS.items() for label in labels.split("|")}
_LABEL = re.compile(
    rf"[>\s*_|]{{0,10}}([^\W\d_][^{_COLON}*]{{0,24}}?)\s{{0,2}}[*_]{{0,2}}\s{{0,2}}[{_COLON}][*_]{{0,2}}(?=\s|$|[^/\s])"
)
_DEVICE = re.compile(rf"[<(\[\s*_]{{0,4}}(?:{SENT_FROM})\s{{0,4}}[>)\]*_.]{{0,4}}$", re.IGNORECASE)
_DEVICE_WORDS = re.compile(DEVICES, re.IGNORECASE)
_DASHES = re.compile(r"\s{0,3}(?:--|\u2014|\u2013\u2013|-- ?-?)\s{0,2}$")
_RULE = re.compile(r"\s{0,3}(?:[-_=*~#+\u2013\u2014]{2,}|\u1427)\s*$")


def is_attribution(joined: str) -> bool:
    """Whether some lines, joined, announce a quote: who wrote, and when or from which address."""
    if len(joined) > 3 * MAX_LINE:
        return False
    if _GMAIL_WITHOUT_VERB.fullmatch(joined):
        return True
    ends = bool(_ENDS.search(joined))
    has_email = "@" in joined and bool(_EMAIL.search(joined))
    has_date = bool(_DATE.search(joined)) and any(character.isdigit() for character in joined)
    if not has_email and not (has_date and _OPENS.match(joined)):
        return False
    has_verb = bool(_VERB.search(joined) or _CJK_VERB.search(joined))
    if has_verb and (ends or _VERB.search(joined[-24:])):
        return True
    return ends and has_email and has_date and bool(_TIME.search(joined)) and len(joined) < 250


def may_end_attribution(line: str) -> bool:
    """A quick look at the last line of a would-be announcement."""
    if not line or len(line) > MAX_LINE:
        return False
    return bool(_ENDS.search(line) or _VERB.search(line[-24:]) or _GMAIL_WITHOUT_VERB.fullmatch(line))


def ends_broken_attribution(line: str) -> bool:
    """`> wrote:`, left over where a program broke an announcement before the bracket of its address."""
    return len(line) < 30 and bool(_VERB.fullmatch(line.strip("> :\u00a0")))


def opens_attribution(line: str) -> bool:
    """Whether a line begins as announcements do: with a preposition, a weekday or a date."""
    return bool(_OPENS.match(line))


def has_moment(line: str) -> bool:
    """Whether a line names a year or a time of day, as an announcement does and a sentence seldom."""
    return bool(_MOMENT.search(line[:MAX_LINE]))


def is_delimiter(line: str) -> bool:
    """`-----Original Message-----`, `Begin forwarded message:` and their sisters."""
    if not 6 < len(line) <= MAX_LINE:
        return False
    return bool(_DELIMITER.match(line) or _BEGINS_FORWARD.match(line.strip("> \t*")))


def label_kind(line: str) -> str | None:
    """Which field of a mail's header the line looks like: from, date, to, subject, cc, or None."""
    found = _LABEL.match(line) if len(line) <= 4 * MAX_LINE else None
    return _KIND.get(found[1].strip().lower()) if found else None


def is_device_signature(line: str) -> bool:
    """`Sent from my iPhone` in many languages."""
    if not 6 < len(line) <= 200:
        return False
    # "Sent from my desk, which is easier than my phone." is a sentence.
    return bool(_DEVICE.match(line) and _DEVICE_WORDS.search(line.split(",")[0]))


def is_signature_dashes(line: str) -> bool:
    """The line above a signature (RFC 3676 §4.3), with or without its blank."""
    return len(line) <= 10 and bool(_DASHES.match(line))


def is_rule(line: str) -> bool:
    """A line that is nothing but a stroke."""
    return len(line) <= 200 and bool(_RULE.match(line))
