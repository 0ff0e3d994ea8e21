"""Moments and zones as strangers' browsers name them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from inbox.clock import FrozenClock
from inbox.hours import hours_of
from inbox.words import words_in
from inbox.zones import zone_named
from tests.web.conftest import Person
from web.moments import proposals

LISBON = ZoneInfo("Europe/Lisbon")
EARLY = [[["07:00", "16:00"]]] * 5 + [[], []]
LATE = [[["10:30", "19:00"]]] * 6 + [[]]


@pytest.mark.parametrize(
    ("now", "week", "proposed"),
    [
        ("2026-11-20T10:47", None, "hour 11:47 afternoon 15:00 tomorrow Sat 09:00 week Mon 09:00"),
        ("2026-11-20T10:47", EARLY, "hour 11:47 afternoon 15:00 tomorrow Mon 09:00"),
        ("2026-11-19T14:05", EARLY, "hour 15:05 tomorrow Fri 09:00 week Mon 09:00"),
        ("2026-11-20T10:47", LATE, "hour 11:47 afternoon 15:00 tomorrow Sat 10:30 week Mon 10:30"),
        ("2026-11-22T10:00", LATE, "hour 11:00 tomorrow Mon 10:30"),
    ],
)
def test_what_is_put_off_is_put_off_to_working_time(
    now: str, week: list[list[list[str]]] | None, proposed: str, clock: FrozenClock
) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=LISBON)
    clock.moment = moment.astimezone(UTC)
    worked = hours_of("Europe/Lisbon", week) if week else None
    words = words_in("en")

    found = [f"{one.name} {words.hour(one.at, moment)}" for one in proposals(LISBON, worked)]

    assert " ".join(found) == proposed


@pytest.mark.parametrize("zone", ["Nope/Zone", "America", "../../etc/passwd", "/etc/passwd", "x" * 5_000])
async def test_a_zone_that_there_is_not_is_none(maya: Person, zone: str) -> None:
    assert zone_named(zone) is None

    answer = await maya.browser.get("/search?q=on:monday", headers={"X-Timezone": zone})
    assert answer.status_code == 200


@pytest.mark.parametrize("year", ["0001", "9999"])
async def test_a_moment_at_the_end_of_the_calendar_is_refused_in_words(
    ada: Person, maya: Person, year: str
) -> None:
    for moment in (f"{year}-12-31T23:59", f"{year}-01-01T00:00:00+14:00", f"{year}-12-31T23:59:00-12:00"):
        answer = await maya.program.patch("/api/v1/cases/1", json={"snoozed_until": moment})
        assert answer.status_code == 422, moment
        body = {"ends_at": moment}
        answer = await maya.program.post(f"/api/v1/agents/{maya.agent.public_id}/absence", json=body)
        assert answer.status_code == 422, moment
    answer = await ada.browser.get(f"/settings/audit?since={year}-12-31&until={year}-12-31")
    assert answer.status_code == 422 and "Choose a day." in answer.text


async def test_a_number_beyond_all_cases_is_refused(maya: Person) -> None:
    answer = await maya.program.post("/api/v1/cases/1/join", json={"into": 2**70})
    assert (answer.status_code, answer.json()["field"]) == (422, "into")
