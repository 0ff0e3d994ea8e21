"""What is said to be wrong with a channel, and when silence is longer than usual."""

from datetime import UTC, datetime, timedelta

import pytest

from inbox.channel_troubles import is_silent, trouble_of
from inbox.models import Channel

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def a_channel(**more: object) -> Channel:
    facts = {"kind": "email", "name": "Help", "public_id": "x", "state": "ok", "state_text": ""}
    return Channel(**facts | {"sending_text": "", "is_sample": False} | more)


def on_weekdays(weeks: int, *, until: datetime) -> list[datetime]:
    """Something each hour of the working day, newest first."""
    days = (until - timedelta(days=day) for day in range(7 * weeks))
    moments = [day.replace(hour=hour) for day in days if day.weekday() < 5 for hour in range(17, 8, -1)]
    return [moment for moment in moments if moment <= until]


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({}, ""),
        ({"state": "new"}, ""),
        (
            {"state": "failing", "state_text": "No route.", "state_at": NOON - HOUR},
            "It does not work: No route.",
        ),
        ({"state": "failing", "state_at": NOON - HOUR}, "It cannot be reached."),
        ({"state": "failing", "state_text": "No route.", "state_at": NOON - HOUR / 6}, ""),
        ({"state": "auth_failed", "state_text": "No.", "state_at": NOON}, "It does not work: No."),
        ({"sending_text": "535 No."}, "Sending is paused: 535 No."),
        ({"silent_since": NOON - HOUR}, "Nothing has come in for longer than usual."),
        ({"silent_since": NOON - HOUR, "last_message_at": NOON - HOUR / 2}, ""),
        ({"state": "auth_failed", "deactivated_at": NOON}, ""),
        ({"state": "auth_failed", "is_sample": True}, ""),
    ],
)
def test_a_channel_in_use_says_what_is_wrong_with_it(facts: dict[str, object], words: str) -> None:
    trouble = trouble_of(a_channel(**facts), NOON)

    assert str(trouble.words if trouble else "") == words


def test_nights_and_weekends_are_usual_and_a_day_without_anything_is_not() -> None:
    friday = datetime(2026, 11, 20, 17, tzinfo=UTC)
    monday, thursday = friday + timedelta(days=2, hours=16), friday - timedelta(days=1)
    known = on_weekdays(4, until=friday)

    assert not is_silent(known, monday, is_all=True)
    assert is_silent(known, monday + timedelta(days=2), is_all=True)
    assert not is_silent([moment for moment in known if moment <= thursday], friday - 6 * HOUR, is_all=True)


def test_of_little_nothing_is_said() -> None:
    known = on_weekdays(4, until=NOON)

    assert not is_silent(known[:19], NOON + timedelta(days=30), is_all=True)
    assert not is_silent(on_weekdays(1, until=NOON)[:25], NOON + timedelta(days=30), is_all=True)
    assert not is_silent([], NOON, is_all=True)


def test_where_too_much_comes_in_to_look_through_a_day_is_long() -> None:
    known = [NOON - timedelta(minutes=minute) for minute in range(100)]

    assert not is_silent(known, NOON + 23 * HOUR, is_all=False)
    assert is_silent(known, NOON + 25 * HOUR, is_all=False)
