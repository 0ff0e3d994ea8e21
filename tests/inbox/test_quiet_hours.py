"""When an agent is not to be disturbed."""

from datetime import UTC, datetime

import pytest

from inbox.errors import Invalid
from inbox.quiet_hours import quiet_hours


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "is_quiet", "end"),
    [
        ("2026-11-20 21:59", False, "2026-11-20 21:59"),
        ("2026-11-20 22:00", True, "2026-11-21 07:00"),
        ("2026-11-21 06:59", True, "2026-11-21 07:00"),
        ("2026-11-21 07:00", False, "2026-11-21 07:00"),
    ],
)
def test_they_reach_over_midnight(moment: str, is_quiet: bool, end: str) -> None:
    hours = quiet_hours("22:00", "07:00", "UTC")

    assert hours is not None
    assert (hours.includes(at(moment)), hours.end(at(moment))) == (is_quiet, at(end))


def test_they_are_those_of_the_agents_own_wall_also_when_the_clock_changes() -> None:
    hours = quiet_hours("22:00", "07:00", "Europe/Lisbon")

    assert hours is not None
    assert hours.includes(at("2026-07-01 21:00")) and not hours.includes(at("2026-12-01 21:00"))
    # In the night to 25 October the clock goes back: seven in the morning comes an hour later.
    assert hours.end(at("2026-10-24 22:00")) == at("2026-10-25 07:00")
    assert hours.end(at("2026-10-23 22:00")) == at("2026-10-24 06:00")


def test_they_may_lie_within_a_day() -> None:
    hours = quiet_hours("12:00", "14:00", "UTC")

    assert hours is not None
    assert [hours.includes(at(f"2026-11-20 {hour}")) for hour in ("11:59", "13:00", "14:00")] == [
        False,
        True,
        False,
    ]


def test_two_empty_times_are_none() -> None:
    assert quiet_hours("", "", "nonsense") is None


@pytest.mark.parametrize(
    ("start", "until", "zone", "field"),
    [
        ("22:00", "", "UTC", "quiet_from"),
        ("late", "07:00", "UTC", "quiet_from"),
        ("22:00", "22:00", "UTC", "quiet_from"),
        ("22:00", "07:00", "Atlantis/Sunken", "time_zone"),
        ("22:00", "07:00", "../etc/passwd", "time_zone"),
        ("22:00", "07:00", "", "time_zone"),
    ],
)
def test_what_makes_no_hours_is_refused_where_it_was_written(
    start: str, until: str, zone: str, field: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        quiet_hours(start, until, zone)

    assert refusal.value.field == field
