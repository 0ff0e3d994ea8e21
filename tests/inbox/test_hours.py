"""Working hours: when somebody is there, and when working time is over."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from inbox.errors import Invalid
from inbox.hours import Hours, countries, hours_of, read_spans

WORKDAYS = [[["09:00", "12:30"], ["13:30", "17:00"]]] * 5 + [[], []]
BERLIN = ZoneInfo("Europe/Berlin")
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


def shop(**more: object) -> Hours:
    return hours_of("Europe/Berlin", WORKDAYS, **more)  # type: ignore[arg-type]


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-11-20T09:00", True),
        ("2026-11-20T08:59", False),
        ("2026-11-20T12:30", False),
        ("2026-11-20T13:30", True),
        ("2026-11-20T17:00", False),
        ("2026-11-21T10:00", False),
    ],
)
def test_a_shop_is_open_from_the_first_minute_to_the_last(moment: str, is_open: bool) -> None:
    assert shop().is_open(berlin(moment)) is is_open


def test_hours_are_those_of_the_wall_where_the_team_is() -> None:
    assert shop().is_open(datetime(2026, 11, 20, 8, 30, tzinfo=UTC)), "half past nine in Berlin"
    assert not shop().is_open(datetime(2026, 7, 17, 15, 30, tzinfo=UTC)), "half past five in Berlin"


def test_working_time_goes_over_noon_nights_and_weekends() -> None:
    friday = berlin("2026-11-20T16:00")
    assert shop().add_working(friday, timedelta(minutes=30)) == berlin("2026-11-20T16:30")
    assert shop().add_working(friday, timedelta(hours=4)) == berlin("2026-11-23T12:00")
    assert shop().add_working(friday, timedelta(hours=5)) == berlin("2026-11-23T14:00")
    assert shop().worked_between(friday, berlin("2026-11-23T14:00")) == timedelta(hours=5)


def test_public_holidays_and_closed_days_are_none_to_work_on() -> None:
    hours = shop(country="DE", region="BY", closed=["2026-12-23"])
    assert hours.holiday_on(date(2026, 12, 25)) and not hours.is_open(berlin("2026-12-25T10:00"))
    assert not hours.is_open(berlin("2026-12-23T10:00"))
    assert hours.next_opening(berlin("2026-12-22T18:00")) == berlin("2026-12-24T09:00")
    assert shop(country="DE").is_open(berlin("2026-01-06T10:00")), "Epiphany is kept in Bavaria alone"
    assert not hours.is_open(berlin("2026-01-06T10:00"))


def test_the_nights_in_which_the_clock_changes_have_their_own_length() -> None:
    always = hours_of("Europe/Berlin", [[["00:00", "24:00"]]] * 7)
    for day, next_day, length in (("2026-03-29", "2026-03-30", 23), ("2026-10-25", "2026-10-26", 25)):
        worked = always.worked_between(berlin(f"{day}T00:00"), berlin(f"{next_day}T00:00"))
        assert worked == timedelta(hours=length)
    after = always.add_working(berlin("2026-03-28T23:00"), timedelta(hours=4))
    assert after == berlin("2026-03-29T04:00"), "there is no two o'clock in that night"


def test_where_nobody_ever_works_there_is_no_opening() -> None:
    never = hours_of("UTC", [[]] * 7)
    assert never.is_never and never.next_opening(berlin("2026-11-20T10:00")) is None
    assert never.add_working(berlin("2026-11-20T10:00"), timedelta(minutes=1)) is None


@given(st.integers(min_value=0, max_value=366 * 24 * 60), st.integers(min_value=1, max_value=3000))
def test_time_that_was_added_is_time_that_was_worked(since: int, minutes: int) -> None:
    start, duration = NEW_YEAR + timedelta(minutes=since), timedelta(minutes=minutes)
    end = shop().add_working(start, duration)
    assert end is not None and shop().worked_between(start, end) == duration


@given(st.integers(min_value=0, max_value=366 * 24 * 60))
def test_the_next_opening_is_open_and_nothing_before_it(since: int) -> None:
    start = NEW_YEAR + timedelta(minutes=since)
    opening = shop().next_opening(start)
    assert opening is not None and opening >= start and shop().is_open(opening)
    assert shop().worked_between(start, opening) == timedelta()


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("9-17", [["09:00", "17:00"]]),
        ("9:00-12:30, 14 \u2013 18", [["09:00", "12:30"], ["14:00", "18:00"]]),
        ("22:00-24:00", [["22:00", "24:00"]]),
        ("", []),
    ],
)
def test_hours_are_written_as_people_write_them(text: str, spans: list[list[str]]) -> None:
    assert read_spans(text) == spans


@pytest.mark.parametrize("text", ["nine", "9", "17-9", "9-25", "9-12, 11-14", "9:70-10"])
def test_hours_that_cannot_be_are_refused(text: str) -> None:
    with pytest.raises(Invalid):
        read_spans(text)


def test_a_zone_a_country_or_a_day_that_is_none_is_refused() -> None:
    for wrong in ({"country": "XX"}, {"country": "DE", "region": "XX"}, {"closed": ["Christmas"]}):
        with pytest.raises(Invalid):
            shop(**wrong)
    with pytest.raises(Invalid):
        hours_of("Mars/Olympus", WORKDAYS)
    assert ("PT", "Portugal") in countries()
    assert ("NZ", "New Zealand") in countries() and ("NZ", "Neuseeland") in countries("de")
