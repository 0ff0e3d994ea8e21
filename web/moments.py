"""Moments as people name them: "tomorrow" is nine o'clock where they are."""

from datetime import UTC, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from starlette.requests import Request

from inbox import clock
from inbox.errors import Invalid

MORNING = time(9)
WHEN_THEY_REPLY = "reply"


def zone_of(request: Request) -> tzinfo:
    """Where whoever asks is, as their browser says; without a script where the server stands."""
    name = request.headers.get("x-timezone", "")
    if name:
        try:
            return ZoneInfo(name)
        except (ValueError, OSError):  # a name that no file here knows, or none at all
            return UTC
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
    return picked if picked.tzinfo else picked.replace(tzinfo=zone)
