"""When an agent is not to be disturbed: a stretch of the clock on their wall, perhaps over midnight. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from inbox.errors import Invalid
from inbox.zones import zone_named


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From one time of the day until another, every day, in a zone."""

    zone: ZoneInfo
    start: time
    until: time

    def includes(self, at: datetime) -> bool:
        """Whether it is quiet at this moment."""
        wall = at.astimezone(self.zone).time()
        if self.start < self.until:
            return self.start <= wall < self.until
        return wall >= self.start or wall < self.until

    def end(self, at: datetime) -> datetime:
        """The moment itself where it is not quiet, else when it is no longer."""
        if not self.includes(at):
            return at
        here = at.astimezone(self.zone)
        day = here.date() if here.time() < self.until else here.date() + timedelta(days=1)
        return datetime.combine(day, self.until, self.zone).astimezone(UTC)


def quiet_hours(start: str, until: str, zone: str) -> QuietHours | None:
    """Quiet hours as they are written ("22:00", "07:00", "Europe/Lisbon"); two empty times are none.

    Raises Invalid for a time or a zone that there is not, and for hours that never end.
    """
    if not start and not until:
        return None
    first, last = _time(start), _time(until)
    if first == last:
        raise Invalid("Quiet hours end at another time than they begin.", field="quiet_from")
    found = zone_named(zone)
    if found is None:
        raise Invalid("Choose a time zone, like Europe/Lisbon.", field="time_zone")
    return QuietHours(found, first, last)


def _time(text: str) -> time:
    try:
        return time.fromisoformat(text).replace(second=0, microsecond=0, tzinfo=None)
    except ValueError as error:
        raise Invalid("Write times like 22:00.", field="quiet_from") from error
