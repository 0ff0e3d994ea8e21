"""Moments as people name them: "tomorrow" is nine o'clock where they are, or when work begins after that."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from starlette.requests import Request

from inbox import clock
from inbox.errors import Invalid
from inbox.hours import Hours
from inbox.queries import hours
from inbox.zones import zone_named
from web.installation import installation_of

MORNING, AFTERNOON = time(9), time(15)
WHEN_THEY_REPLY = "reply"
FIRST_YEAR, LAST_YEAR = 1900, 9000  # at the ends of the calendar no moment has a name in every zone


def zone_of(request: Request) -> tzinfo:
    """Where whoever asks is, as their browser says; without a script where the server stands."""
    name = request.headers.get("x-timezone", "")
    if name:
        return zone_named(name) or UTC
    return datetime.now().astimezone().tzinfo or UTC


async def hours_worked(request: Request) -> Hours | None:
    """When the agent who asks works; None where no hours are set."""
    async with installation_of(request).database.reading() as session:
        return await hours.of_agent(session, request.state.agent.id, team_id=None)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A moment that is proposed to whoever puts something off. `name` is how forms call it."""

    name: str
    at: datetime
    is_tomorrow: bool = False


def named_moment(name: str, zone: tzinfo, worked: Hours | None = None) -> datetime | None:
    """The moment of hour, afternoon, tomorrow or week (Monday); None for reply, which has none. Days begin
    in the hours that are *worked*, where there are any. Raises Invalid."""
    now = clock.now().astimezone(zone)
    if name == WHEN_THEY_REPLY:
        return None
    if name == "hour":
        return clock.now() + timedelta(hours=1)
    if name == "afternoon":
        return datetime.combine(now.date(), AFTERNOON, zone)
    if name == "tomorrow":
        return _begin_of_work(now.date() + timedelta(days=1), zone, worked)
    if name == "week":
        return _begin_of_work(now.date() + timedelta(days=7 - now.weekday()), zone, worked)
    raise Invalid("Choose until when.", field="until")


def _begin_of_work(day: date, zone: tzinfo, worked: Hours | None) -> datetime:
    """Nine o'clock on that day or the next one on which somebody works; later where work begins later."""
    nine = datetime.combine(day, MORNING, zone)
    opening = worked.next_opening(nine) if worked else None
    if worked is None or opening is None or opening == nine:
        return nine
    opening = opening.astimezone(zone)
    nine = datetime.combine(opening.date(), MORNING, zone)
    return nine if nine > opening and worked.is_open(nine) else opening


def proposals(zone: tzinfo, worked: Hours | None = None) -> list[Proposal]:
    """Until when something may be put off, soonest first, each moment once."""
    now = clock.now().astimezone(zone)
    found: list[Proposal] = []
    for name in ("hour", "afternoon", "tomorrow", "week"):
        at = named_moment(name, zone, worked)
        is_working = name != "afternoon" or worked is None or (at is not None and worked.is_open(at))
        if at is not None and is_working and (not found or at > found[-1].at):
            day = at.astimezone(zone).date()
            found.append(
                Proposal(name, at.astimezone(zone), is_tomorrow=day == now.date() + timedelta(days=1))
            )
    return found


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
