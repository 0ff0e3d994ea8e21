"""What people type to find things: words, "phrases", -exclusions, and operators such as is:open or from:ana.

Nothing of it reaches a query language: it is read into terms here, and into conditions by
`inbox.queries.sought`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from inbox import clock

LONGEST = 400
MOST_TERMS = 16

_PIECE = re.compile(r'(-?)(?:([A-Za-z]+):)?("([^"]*)"|[^\s"]+)')
_AGO = re.compile(r"(\d{1,4})([dwmy])")
_DAYS = {"d": 1, "w": 7, "m": 30, "y": 365}
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

STATES = frozenset(
    {
        "open", "pending", "snoozed", "resolved", "spam", "waiting", "due", "late", "unread", "unassigned",
        "claimed", "private", "mine", "urgent", "starred", "following", "muted", "vip",
    }
)  # fmt: skip
HOLDINGS = frozenset({"file", "note", "draft", "rating"})
_OTHER_WORDS = {
    "done": "resolved", "files": "file", "attachment": "file", "notes": "note", "ratings": "rating",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Term:
    """A word or a phrase that must, or if `is_excluded` must not, be there; letters, digits, blanks."""

    text: str
    is_excluded: bool = False


@dataclass(frozen=True, slots=True)
class Operator:
    """`name:value`. The value is as typed, lower case; `moment` is the beginning of the day that before,
    after and on name."""

    name: str
    value: str
    is_excluded: bool = False
    moment: datetime | None = None

    @property
    def span(self) -> tuple[datetime | None, datetime | None]:
        """From when and until when (not included): before a day, from its end on, or the day itself; what was
        opened or first answered, from that day on."""
        if self.moment is None:
            return None, None
        ends = self.moment + timedelta(days=1)
        spans = {"before": (None, self.moment), "after": (ends, None)}
        spans |= dict.fromkeys(("opened", "replied"), (self.moment, None))
        return spans.get(self.name, (self.moment, ends))

    def __str__(self) -> str:
        value = f'"{self.value}"' if " " in self.value else self.value
        return f"{'-' if self.is_excluded else ''}{self.name}:{value}"


@dataclass(frozen=True, slots=True)
class Sought:
    """What was typed, understood. `unknown` are the operators that there are not, or not with that value:
    their words are among the terms. `plain` is what was typed beside operators and exclusions."""

    terms: tuple[Term, ...] = ()
    operators: tuple[Operator, ...] = ()
    unknown: tuple[str, ...] = ()
    plain: str = ""

    @property
    def wanted(self) -> list[str]:
        """The terms that must be there."""
        return [term.text for term in self.terms if not term.is_excluded]

    @property
    def is_empty(self) -> bool:
        return not self.wanted and not self.operators

    def without(self, operator: Operator) -> str:
        """The same search, as text, less one operator: what its chip's cross leads to."""
        others = [str(one) for one in self.operators if one != operator]
        words = [f"{'-' if term.is_excluded else ''}{_quoted(term.text)}" for term in self.terms]
        return " ".join([*words, *others])


def read(typed: str, *, zone: tzinfo = UTC) -> Sought:
    """Understand what was typed; days begin in *zone*. What makes no sense is looked for as words."""
    terms: list[Term] = []
    operators: list[Operator] = []
    unknown: list[str] = []
    plain: list[str] = []
    for minus, name, value, phrase in _PIECE.findall(typed[:LONGEST]):
        inner = phrase if value.startswith('"') else value
        operator = _operator(name.lower(), inner, bool(minus), zone) if name else None
        if operator is not None:
            operators.append(operator)
            continue
        if name.lower() == "order":  # written into messages and forms, wherever a number stands
            name = ""
        if name and name.lower() not in ("http", "https", "mailto"):
            unknown.append(f"{name.lower()}:{inner}" if name.lower() in NAMES else name.lower())
        cleaned = " ".join(re.findall(r"\w+", f"{name} {inner}" if name else inner))
        if cleaned:
            terms.append(Term(cleaned, bool(minus)))
        if not minus:
            plain.append(f"{name}:{inner}" if name else inner)
    found = tuple(terms[:MOST_TERMS]), tuple(operators[:MOST_TERMS]), tuple(unknown)
    return Sought(*found, " ".join(plain))


def _operator(name: str, value: str, is_excluded: bool, zone: tzinfo) -> Operator | None:
    rule = NAMES.get(name)
    if rule is None or not value.strip():
        return None
    return rule(name, value.strip().lower(), is_excluded, zone)


def _text(name: str, value: str, is_excluded: bool, _: tzinfo) -> Operator | None:
    return Operator(name, value, is_excluded)


def _state(name: str, value: str, is_excluded: bool, _: tzinfo) -> Operator | None:
    known = _OTHER_WORDS.get(value, value)
    return Operator(name, known, is_excluded) if known in STATES else None


def _holding(name: str, value: str, is_excluded: bool, _: tzinfo) -> Operator | None:
    known = _OTHER_WORDS.get(value, value)
    return Operator(name, known, is_excluded) if known in HOLDINGS else None


def _number(name: str, value: str, is_excluded: bool, _: tzinfo) -> Operator | None:
    digits = value.removeprefix("#")
    return Operator(name, digits, is_excluded) if digits.isascii() and digits.isdigit() else None


def _moment(name: str, value: str, is_excluded: bool, zone: tzinfo) -> Operator | None:
    day = _day(value, clock.now().astimezone(zone).date())
    if day is None:
        return None
    return Operator(name, value, is_excluded, datetime.combine(day, time(), zone).astimezone(UTC))


def _day(value: str, today: date) -> date | None:
    if value in ("today", "yesterday"):
        return today - timedelta(days=value == "yesterday")
    if value in _WEEKDAYS:  # the last one there was, today not among them
        return today - timedelta(days=(today.weekday() - _WEEKDAYS.index(value) - 1) % 7 + 1)
    if ago := _AGO.fullmatch(value):
        try:
            return today - timedelta(days=int(ago[1]) * _DAYS[ago[2]])
        except OverflowError:
            return None
    try:
        found = date.fromisoformat(value)
    except ValueError:
        return None
    return found if 1 < found.year < 9999 else None  # a zone may move it by a day


def _quoted(text: str) -> str:
    return f'"{text}"' if " " in text else text


Rule = Callable[[str, str, bool, tzinfo], Operator | None]
NAMES: dict[str, Rule] = {
    "from": _text, "to": _text, "assignee": _text, "team": _text, "tag": _text, "channel": _text,
    "customer": _text, "company": _text, "subject": _text, "file": _text, "priority": _text,
    "page": _text,
    "is": _state, "has": _holding, "case": _number,
    "before": _moment, "after": _moment, "on": _moment, "opened": _moment,
    "replied": _moment,
}  # fmt: skip
