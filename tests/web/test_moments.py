"""Moments and zones as strangers' browsers name them."""

import pytest

from inbox.zones import zone_named
from tests.web.conftest import Person


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
