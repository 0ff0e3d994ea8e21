"""Working hours: when somebody is there, and when a stretch of working time is over. Pure.

A week has seven lists of [from, until) times of the clock on the wall; public holidays and days that were
closed by hand have none. They become moments before anything is counted, so that a night in which the clock
changes neither adds nor loses working time.
"""

import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale

from inbox.errors import Invalid
from inbox.zones import zone_named

DAYS_AHEAD = 400  # with no opening in more than a year, there is none
MOST_SPANS = 6
END_OF_DAY = "24:00"


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a working day on the wall's clock; `until` None is midnight."""

    start: time
    until: time | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """A week of working hours, Monday first, in one time zone. `country` and `region` name the public
    holidays that are kept (ISO 3166), `closed` further days."""

    zone: ZoneInfo
    week: tuple[tuple[Span, ...], ...]
    country: str = ""
    region: str = ""
    closed: frozenset[date] = frozenset()

    @property
    def is_never(self) -> bool:
        """Whether no day of the week has any."""
        return not any(self.week)

    def is_open(self, at: datetime) -> bool:
        """Whether somebody works at this moment."""
        return any(start <= at < end for start, end in self._stretches(at, days=1))

    def next_opening(self, at: datetime) -> datetime | None:
        """The moment itself where it is open, else when it opens next; None where it never does."""
        at = at.astimezone(UTC)
        for start, end in self._stretches(at, days=DAYS_AHEAD):
            if end > at:
                return max(start, at)
        return None

    def add_working(self, at: datetime, duration: timedelta) -> datetime | None:
        """When *duration* of working time has passed since *at*; None where it never has."""
        at, left = at.astimezone(UTC), duration  # in a zone of its own Python adds what the wall shows
        for start, end in self._stretches(at, days=DAYS_AHEAD):
            begin = max(start, at)
            if end <= begin:
                continue
            if begin + left <= end:
                return begin + left
            left -= end - begin
        return None

    def worked_between(self, start: datetime, end: datetime) -> timedelta:
        """How much working time lies between two moments."""
        start, end = start.astimezone(UTC), end.astimezone(UTC)
        days = (end.astimezone(self.zone).date() - start.astimezone(self.zone).date()).days + 1
        stretches = (
            (max(start, opens), min(end, closes)) for opens, closes in self._stretches(start, days=days)
        )
        return sum((closes - opens for opens, closes in stretches if closes > opens), timedelta())

    def holiday_on(self, day: date) -> str:
        """The name of the public holiday that is kept on this day, "" where there is none."""
        return _holidays(self.country, self.region, day.year).get(day, "")

    def _stretches(self, at: datetime, *, days: int) -> Iterator[tuple[datetime, datetime]]:
        """The open stretches from the day of *at* on, as moments in UTC."""
        first = at.astimezone(self.zone).date()
        for number in range(days):
            day = first + timedelta(days=number)
            if day in self.closed or self.holiday_on(day):
                continue
            for span in self.week[day.weekday()]:
                yield self._moment(day, span.start), self._end(day, span)

    def _end(self, day: date, span: Span) -> datetime:
        return (
            self._moment(day + timedelta(days=1), time())
            if span.until is None
            else self._moment(day, span.until)
        )

    def _moment(self, day: date, at: time) -> datetime:
        return datetime.combine(day, at, self.zone).astimezone(UTC)


def hours_of(
    zone: str, week: Sequence[Any], *, country: str = "", region: str = "", closed: Collection[str] = ()
) -> Hours:
    """Hours as they are stored: pairs of "09:00" and "17:00" for each day, Monday first.

    Raises Invalid for a zone, a time, a country or a day that there is not.
    """
    if len(week) != 7:
        raise Invalid("A week has seven days.", field="week")
    _check_holidays(country, region)
    return Hours(
        zone=_zone(zone),
        week=tuple(_day(pairs) for pairs in week),
        country=country,
        region=region,
        closed=frozenset(_date(day) for day in closed),
    )


def read_spans(text: str) -> list[list[str]]:
    """What somebody wrote for a day, like "9:00-12:30, 14-18" ("" for none), as pairs that are stored.

    Raises Invalid.
    """
    pairs = []
    for part in text.replace("\u2013", "-").replace(";", ",").split(","):
        if not part.strip():
            continue
        start, dash, until = part.partition("-")
        if not dash:
            raise Invalid("Write hours like 9:00-17:00, not %(part)s.", part=part.strip(), field="week")
        pairs.append([_clock(start), _clock(until)])
    _day(pairs)
    return pairs


def countries(language: str = "en") -> list[tuple[str, str]]:
    """The countries whose public holidays are known: code and name in that language, by name."""
    import holidays  # here, since it is large and many never ask for it

    names = Locale.parse(language.partition("-")[0]).territories
    listed = {codes[1]: _spaced(codes[0]) for codes in holidays.registry.COUNTRIES.values()}
    named = ((code, name if language == "en" else names.get(code, name)) for code, name in listed.items())
    return sorted(named, key=lambda pair: unicodedata.normalize("NFD", pair[1]))


@lru_cache(maxsize=256)
def _holidays(country: str, region: str, year: int) -> dict[date, str]:
    if not country:
        return {}
    import holidays

    return dict(holidays.country_holidays(country, subdiv=region or None, years=year))


def _check_holidays(country: str, region: str) -> None:
    try:
        _holidays(country, region, 2026)
    except NotImplementedError as error:
        raise Invalid(
            "The holidays of this country or region are not known here.", field="country"
        ) from error


def _spaced(name: str) -> str:
    """ "UnitedKingdom" as people write it; the names of the library are those of its classes."""
    return "".join(
        f" {letter}" if letter.isupper() and number else letter for number, letter in enumerate(name)
    )


def _zone(name: str) -> ZoneInfo:
    found = zone_named(name)
    if found is None:
        raise Invalid("Choose a time zone, like Europe/Lisbon.", field="time_zone")
    return found


def _day(pairs: Sequence[Any]) -> tuple[Span, ...]:
    spans = sorted((_span(str(start), str(until)) for start, until in pairs), key=lambda span: span.start)
    for span, following in pairwise(spans):
        if span.until is None or span.until > following.start:
            raise Invalid("The hours of a day must not overlap.", field="week")
    if len(spans) > MOST_SPANS:
        raise Invalid("A day has at most %(most)s stretches of hours.", most=MOST_SPANS, field="week")
    return tuple(spans)


def _span(start: str, until: str) -> Span:
    opens, closes = _time(start), None if until == END_OF_DAY else _time(until)
    if closes is not None and closes <= opens:
        raise Invalid(
            "Hours end after they begin: %(start)s-%(until)s do not.", start=start, until=until, field="week"
        )
    return Span(opens, closes)


def _clock(text: str) -> str:
    """ "9" or "9:00" as "09:00"; raises Invalid."""
    hour, _, minute = text.strip().partition(":")
    written = f"{hour.zfill(2)}:{(minute or '00').zfill(2)}"
    if written != END_OF_DAY:
        _time(written)
    return written


def _time(text: str) -> time:
    try:
        return time.fromisoformat(text)
    except ValueError as error:
        raise Invalid(
            "Write hours like 9:00-17:00: %(words)s is no time.", words=text, field="week"
        ) from error


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Invalid(
            "Write days like 2026-12-24, not %(words)s.", words=text, field="closed_days"
        ) from error
