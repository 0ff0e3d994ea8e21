"""What agents do to cases: each with a toast, its undo, and the way back without a script."""

import json

import pytest
from sqlalchemy import select

from inbox.db import Database
from inbox.models import Case, Handoff, Status
from tests.builders import Scene, a_team, another_question
from tests.web.conftest import NewPerson, Person
from tests.web.endpoints.conftest import SCRIPT


async def stored(database: Database, scene: Scene) -> Case:
    async with database.reading() as session:
        return await session.get_one(Case, scene.case.id)


@pytest.mark.parametrize(
    ("path", "form", "status"),
    [
        ("resolution", {}, Status.RESOLVED),
        ("pending", {}, Status.PENDING),
        ("spam", {}, Status.SPAM),
        ("snooze", {"until": "tomorrow"}, Status.SNOOZED),
        ("snooze", {"until": "reply"}, Status.SNOOZED),
        ("snooze", {"at": "2099-01-01T09:00"}, Status.SNOOZED),
    ],
)
async def test_a_status_is_changed_and_taken_back(
    maya: Person,
    scene: Scene,
    sqlite_database: Database,
    path: str,
    form: dict[str, str],
    status: Status,
) -> None:
    answer = await maya.post(f"/cases/{scene.case.number}/{path}", data=form, headers=SCRIPT)
    assert answer.status_code == 204
    assert (await stored(sqlite_database, scene)).status == status
    undo = json.loads(answer.headers["hx-trigger"])["toast"]["undo"]
    assert (await maya.post(undo, headers=SCRIPT)).status_code == 204
    assert (await stored(sqlite_database, scene)).status == Status.OPEN
    assert (await maya.post(undo, headers=SCRIPT)).status_code == 409


async def test_without_a_script_a_button_leads_back_to_the_case(maya: Person, scene: Scene) -> None:
    answer = await maya.post(f"/cases/{scene.case.number}/resolution")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/cases/{scene.case.number}")


async def test_an_action_that_changed_nothing_offers_no_undo(maya: Person, scene: Scene) -> None:
    url = f"/cases/{scene.case.number}/resolution"
    await maya.post(url, headers=SCRIPT)
    again = await maya.post(url, headers=SCRIPT)
    assert "undo" not in json.loads(again.headers["hx-trigger"])["toast"]


async def test_tomorrow_is_nine_where_the_agent_is(
    maya: Person, scene: Scene, sqlite_database: Database
) -> None:
    zone = SCRIPT | {"X-Timezone": "Asia/Tokyo"}
    await maya.post(f"/cases/{scene.case.number}/snooze", data={"until": "tomorrow"}, headers=zone)
    until = (await stored(sqlite_database, scene)).snoozed_until
    assert until is not None and until.strftime("%H:%M") == "00:00"


async def test_a_case_is_assigned_and_given_to_a_team(
    maya: Person, new_person: NewPerson, scene: Scene, sqlite_database: Database
) -> None:
    tomas = await new_person("Tomás Lima")
    async with sqlite_database.transaction() as session:
        team = await a_team(session, tomas.agent)
    url = f"/cases/{scene.case.number}"
    await maya.post(f"{url}/assignee", data={"to": tomas.agent.public_id}, headers=SCRIPT)
    await maya.post(f"{url}/team", data={"to": team.public_id}, headers=SCRIPT)
    case = await stored(sqlite_database, scene)
    assert (case.assignee_id, case.team_id) == (tomas.agent.id, team.id)
    await tomas.post(f"{url}/assignee", data={"to": "nobody"}, headers=SCRIPT)
    await maya.post(f"{url}/assignee", data={"to": "me"}, headers=SCRIPT)
    assert (await stored(sqlite_database, scene)).assignee_id == maya.agent.id


async def test_a_handoff_is_offered_and_accepted(
    maya: Person, new_person: NewPerson, scene: Scene, sqlite_database: Database
) -> None:
    tomas = await new_person("Tomás Lima")
    url = f"/cases/{scene.case.number}/handoffs"
    to = {"to": f"agent:{tomas.agent.public_id}"}
    refused = await maya.post(url, data=to, headers=SCRIPT)
    assert refused.status_code == 422 and "why" in refused.json()["detail"]
    await maya.post(url, data=to | {"reason": "Speaks Portuguese"}, headers=SCRIPT)
    async with sqlite_database.reading() as session:
        handoff = (await session.scalars(select(Handoff))).one()
    assert (await stored(sqlite_database, scene)).assignee_id == maya.agent.id
    page = (await tomas.browser.get(f"/conversations/{scene.conversation.public_id}")).text
    assert "Speaks Portuguese" in page
    assert (await maya.post(f"/handoffs/{handoff.public_id}/accept", headers=SCRIPT)).status_code == 403
    await tomas.post(f"/handoffs/{handoff.public_id}/accept", headers=SCRIPT)
    assert (await stored(sqlite_database, scene)).assignee_id == tomas.agent.id


async def test_tags_subject_and_priority_are_changed(maya: Person, scene: Scene) -> None:
    url = f"/cases/{scene.case.number}"
    await maya.post(f"{url}/tags", data={"add": "damaged"}, headers=SCRIPT)
    await maya.post(f"{url}/subject", data={"subject": "Broken lamp"}, headers=SCRIPT)
    await maya.post(f"{url}/priority", data={"priority": "urgent"}, headers=SCRIPT)
    page = (await maya.browser.get("/inbox/mine")).text
    assert "damaged" in page and "Broken lamp" in page and "Urgent" in page
    await maya.post(f"{url}/tags", data={"remove": "damaged"}, headers=SCRIPT)
    head = (await maya.browser.get(f"/conversations/{scene.conversation.public_id}", headers=SCRIPT)).text
    assert '<summary class="tag' not in head
    assert (await maya.post(f"{url}/priority", data={"priority": "x"}, headers=SCRIPT)).status_code == 422


async def test_a_strand_is_split_off_and_joined_again(
    maya: Person, scene: Scene, sqlite_database: Database
) -> None:
    async with sqlite_database.transaction() as session:
        scene.case = await session.get_one(Case, scene.case.id)
        second = await another_question(session, scene, subject="Two", text="And this?")
    number = scene.case.number
    split = await maya.post(f"/cases/{number}/split", data={"strand": second.public_id}, headers=SCRIPT)
    text = json.loads(split.headers["hx-trigger"])["toast"]["text"]
    fresh = int(text.removeprefix("Split off as #").rstrip("."))
    joined = await maya.post(f"/cases/{fresh}/join", data={"into": str(number)}, headers=SCRIPT)
    assert joined.status_code == 204
    answer = await maya.browser.get(f"/cases/{fresh}")
    assert answer.headers["location"].endswith(f"case={number}")


async def test_a_message_is_split_off_with_what_follows(
    maya: Person, scene: Scene, sqlite_database: Database
) -> None:
    split = await maya.post(
        f"/cases/{scene.case.number}/split",
        data={"from_message_id": scene.messages[1].public_id},
        headers=SCRIPT,
    )
    undo = json.loads(split.headers["hx-trigger"])["toast"]["undo"]
    assert (await maya.post(undo, headers=SCRIPT)).status_code == 204


async def test_somebody_elses_deed_cannot_be_undone(
    maya: Person, new_person: NewPerson, scene: Scene
) -> None:
    tomas = await new_person("Tomás Lima")
    answer = await maya.post(f"/cases/{scene.case.number}/resolution", headers=SCRIPT)
    undo = json.loads(answer.headers["hx-trigger"])["toast"]["undo"]
    assert (await tomas.post(undo, headers=SCRIPT)).status_code == 404


async def test_a_foreign_form_changes_nothing(maya: Person, scene: Scene, sqlite_database: Database) -> None:
    url = f"/cases/{scene.case.number}/resolution"
    for headers in ({}, {"Origin": "https://evil.example"}, {"X-CSRF-Token": maya.csrf_token}):
        assert (await maya.browser.post(url, headers=headers)).status_code == 403
    assert (await stored(sqlite_database, scene)).status == Status.OPEN
