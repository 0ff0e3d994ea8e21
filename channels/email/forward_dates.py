"""Reads when a forwarded mail was written, as programs of many languages write it above its words."""

import re
import unicodedata
from datetime import UTC, datetime, timedelta, timezone
from functools import cache

from babel import Locale

from channels.email.headers import moment

MAX_DATE = 120

# Where two of them mean different months by one word, the earlier one is believed.
_LANGUAGES = (
    *(
        "en",
        "de",
        "fr",
        "es",
        "it",
        "pt",
        "nl",
        "sv",
        "da",
        "nb",
        "fi",
        "pl",
        "cs",
        "sk",
        "ru",
        "uk",
        "hu",
        "ro",
    ),
    *(
        "tr",
        "el",
        "he",
        "ar",
        "fa",
        "ca",
        "eu",
        "gl",
        "et",
        "lv",
        "lt",
        "sl",
        "hr",
        "sr",
        "bg",
        "mk",
        "id",
        "ms",
    ),
    *("th", "vi", "hi"),
)
_TIME = re.compile(r"(?<!\d)(\d{1,2})\s?[:h\u6642\u65f6\u66c2]\s?(\d{2})(?:\s?[:.\u5206]\s?(\d{2}))?(?!\d)")
_DOTTED_TIME = re.compile(r"(?<![\d.])(\d{1,2})\.(\d{2})(?:\.(\d{2}))?(?![\d.])")
_LATE = re.compile(r"\bp\.?\s?m\b|下午|午後|오후|晚上|μ\.?\s?μ|(?<!\w)م(?!\w)|\bch\b|\bptg\b|بعد الظهر")
_EARLY = re.compile(
    r"\ba\.?\s?m\b|上午|午前|오전|凌晨|早上|π\.?\s?μ|(?<!\w)ص(?!\w)|\bsa\b(?=\W*$)|\bpg\b|ق\.?ظ"
)
_ZONE = re.compile(r"(?:(?:gmt|utc)\s?)?(?<![\d-])([+\u2212-])(\d{1,2}):?(\d{2})?(?=\)|\s|$)")
_NAMED_ZONES = {"cet": 1, "mez": 1, "cest": 2, "mesz": 2, "eet": 2, "eest": 3, "msk": 3, "est": -5, "edt": -4}
_NAMED_ZONES |= {
    "cst": -6,
    "cdt": -5,
    "mst": -7,
    "mdt": -6,
    "pst": -8,
    "pdt": -7,
    "bst": 1,
    "jst": 9,
    "kst": 9,
}
_YEAR_FIRST = re.compile(r"(?<!\d)(\d{4})\s?[-./年년]\s?(\d{1,2})\s?[-./月월]\s?(\d{1,2})(?!\d)")
_YEAR_LAST = re.compile(r"(?<!\d)(\d{1,2})\s?([-./])\s?(\d{1,2})\s?\2\s?(\d{4}|\d{2})(?!\d)")
_YEAR = re.compile(r"(?<!\d)((?:19|20|25)\d\d)(?!\d)")
_NUMBERED_MONTH = re.compile(r"\b(?:tháng|thg)\s?(\d{1,2})\b")
_DAY = re.compile(r"(?<!\d)(\d{1,2})(?!\d)")
_WORD = re.compile(r"[^\W\d_](?:[^\W\d_]|\.(?=[^\W\d_])|[\u0300-\u036f\u0e31-\u0e4e])*")


def written_moment(text: str) -> datetime | None:
    """The moment in UTC; where no zone is named the clock is taken for UTC. None for what names no day."""
    plain = _plain(text)
    if not plain:
        return None
    clock = _TIME.search(plain) or _DOTTED_TIME.search(_YEAR_LAST.sub(_blanks, plain))
    rest = plain if clock is None else f"{plain[: clock.start()]} \n {plain[clock.end() :]}"
    day = _day_of(rest, is_american=bool(_LATE.search(plain) or _EARLY.search(plain)) and plain.isascii())
    if day is None:
        return moment(text)
    try:
        hour, minute, second = _clock_of(clock, plain)
        found = datetime(*day, hour, minute, second, tzinfo=_zone_of(rest)).astimezone(UTC)
    except (ValueError, OverflowError):
        return moment(text)
    return found if 1970 <= found.year < 2100 else None


def _plain(text: str) -> str:
    """In small letters and with European digits, without marks of direction."""
    letters = unicodedata.normalize("NFKC", text[:MAX_DATE]).casefold()
    visible = (one for one in letters if unicodedata.category(one) != "Cf")
    return "".join(str(unicodedata.digit(one)) if one.isdigit() else one for one in visible).strip()


def _blanks(found: re.Match[str]) -> str:
    return " " * len(found[0])


def _clock_of(clock: re.Match[str] | None, plain: str) -> tuple[int, int, int]:
    if clock is None:
        return 0, 0, 0
    hour = int(clock[1])
    if _LATE.search(plain) and hour < 12:
        hour += 12
    elif _EARLY.search(plain) and hour == 12:
        hour = 0
    return hour, int(clock[2]), int(clock[3] or 0)


def _zone_of(rest: str) -> timezone:
    if found := _ZONE.search(rest):
        minutes = int(found[2]) * 60 + int(found[3] or 0)
        if minutes <= 14 * 60:
            return timezone(timedelta(minutes=minutes if found[1] == "+" else -minutes))
    named = [_NAMED_ZONES[word] for word in re.findall(r"\b[a-z]{3,4}\b", rest) if word in _NAMED_ZONES]
    return timezone(timedelta(hours=named[-1])) if named else UTC


def _day_of(rest: str, *, is_american: bool) -> tuple[int, int, int] | None:
    """Year, month and day. *is_american*: of 1/2/2023 the first is the month."""
    if found := _YEAR_FIRST.search(rest):
        return _gregorian(int(found[1])), int(found[2]), int(found[3])
    if found := _YEAR_LAST.search(rest):
        first, second, year = int(found[1]), int(found[3]), int(found[4])
        year += 2000 if year < 70 else 1900 if year < 100 else 0
        month_first = second > 12 or (is_american and found[2] == "/" and first <= 12)
        return (_gregorian(year), first, second) if month_first else (_gregorian(year), second, first)
    return _day_in_words(rest)


def _day_in_words(rest: str) -> tuple[int, int, int] | None:
    """ "2 January 2023": the year, the month by its name, and the number that stands next to it."""
    year = _YEAR.search(rest)
    if year is None:
        return None
    rest = _YEAR.sub(_blanks, rest, count=1)
    month = place = 0
    if numbered := _NUMBERED_MONTH.search(rest):
        month, place = int(numbered[1]), numbered.start()
        rest = _NUMBERED_MONTH.sub(_blanks, rest, count=1)
    else:
        for word in _WORD.finditer(rest):
            if month := _month(word[0]):
                place = word.start()
                break
    days = [(abs(one.start() - place), int(one[1])) for one in _DAY.finditer(rest) if 0 < int(one[1]) < 32]
    return (_gregorian(int(year[1])), month, min(days)[1]) if month and days else None


def _gregorian(year: int) -> int:
    return year - 543 if 2443 <= year < 2643 else year  # Thailand counts from the Buddha's death


def _month(word: str) -> int:
    """Which month a word is, in any of the languages; 0 for none. Hebrew sets a letter before it."""
    bare = word.replace(".", "").rstrip("'\u05f3")
    months = _months()
    return months.get(bare) or (months.get(bare[1:], 0) if bare[:1] == "\u05d1" else 0)


@cache
def _months() -> dict[str, int]:
    names: dict[str, int] = {}
    for language in _LANGUAGES:
        months = Locale(language).months
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, name in months[context][width].items():
                    bare = _plain(name).replace(".", "").rstrip("'\u05f3")
                    if len(bare) > 1 and not any(one.isdigit() for one in bare):
                        names.setdefault(bare, number)
    return names
