"""Moments as people name them: "tomorrow" is nine o'clock where they are."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo

from starlette.requests import Request

from inbox import clock
from inbox.errors import Invalid
from inbox.zones import zone_named

MORNING = time(9)
WHEN_THEY_REPLY = "reply"
FIRST_YEAR, LAST_YEAR = 1900, 9000  # at the ends of the calendar no moment has a name in every zone


def zone_of(request: Request) -> tzinfo:
    """Where whoever asks is, as their browser says; without a script where the server stands."""
    name = request.headers.get("x-timezone", "")
    if name:
        return zone_named(name) or UTC
    return datetime.now().astimezone().tzinfo or UTC


def named_moment(name: str, zone: tzinfo) -> datetime | None:
    """The moment of hour, tomorrow or week (Monday); None for reply, which has none. Raises Invalid."""
    now = clock.now().astimezone(zone)
    if name == WHEN_THEY_REPLY:
        return None
    if name == "hour":
        return clock.now() + timedelta(hours=1)
    if name == "tomorrow":
        return datetime.combine(now.date() + timedelta(days=1), MORNING, zone)
    if name == "week":
        return datetime.combine(now.date() + timedelta(days=7 - now.weekday()), MORNING, zone)
    raise Invalid("Choose until when.", field="until")


def picked_moment(text: str, zone: tzinfo) -> datetime:
    """The moment of a datetime-local field (HTML §2.3.5.5). Raises Invalid."""
    try:
        picked = datetime.fromisoformat(text)
    except ValueError as error:
        raise Invalid("Write a day and a time.", field="at") from error
    if not is_of_our_time(picked):
        raise Invalid("Write a day and a time.", field="at")
    return picked if picked.tzinfo else picked.replace(tzinfo=zone)


def is_of_our_time(moment: date) -> bool:
    """Whether a moment, or a day, is one that anybody can mean."""
    return FIRST_YEAR <= moment.year < LAST_YEAR
