"""Absences by the API."""

from tests.web.conftest import NewPerson, Person


async def test_an_absence_is_planned_listed_and_ended(maya: Person, new_person: NewPerson) -> None:
    priya = await new_person("Priya Nair")
    path = f"/api/v1/agents/{maya.agent.public_id}/absence"
    body = {
        "starts_at": "2099-03-01T09:00:00+01:00",
        "ends_at": "2099-03-05T18:00:00Z",
        "cover_agent_id": priya.agent.public_id,
    }
    made = await maya.program.post(path, json=body)
    listed = (await priya.program.get("/api/v1/absences")).json()["items"]
    foreign = await priya.program.delete(path)
    ended = await maya.program.delete(path)

    assert made.status_code == 201 and listed == [made.json()]
    assert made.json()["starts_at"] == "2099-03-01T08:00:00Z" and made.json()["cover_team_id"] is None
    assert (foreign.status_code, ended.status_code) == (403, 204)
    assert (await priya.program.get("/api/v1/absences")).json()["items"] == []


async def test_an_absence_that_cannot_be_says_why(maya: Person, ada: Person) -> None:
    path = f"/api/v1/agents/{maya.agent.public_id}/absence"
    for body in (
        {"ends_at": "2001-01-01T09:00:00Z"},
        {"ends_at": "2099-01-01T09:00:00"},
        {"cover_agent_id": maya.agent.public_id},
        {"cover_agent_id": ada.agent.public_id, "cover_team_id": "nobody"},
    ):
        answer = await maya.program.post(path, json=body)
        assert answer.status_code == 422 and answer.headers["content-type"] == "application/problem+json"
