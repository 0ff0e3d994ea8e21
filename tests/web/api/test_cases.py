"""Cases, handoffs, customers and events as a program sees them."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from inbox.clock import FrozenClock
from tests.builders import Scene, a_conversation, a_customer, a_strand, a_team, an_inbound_message
from tests.web.conftest import NewPerson, Person
from web.installation import Installation


@pytest.fixture
async def scene(installation: Installation, clock: FrozenClock) -> Scene:
    async with installation.database.transaction() as session:
        return await a_conversation(session)


async def changed(person: Person, scene: Scene, **change: Any) -> httpx2.Response:
    return await person.program.patch(f"/api/v1/cases/{scene.case.number}", json=change)


async def test_a_case_is_given_to_somebody_and_taken_back(maya: Person, scene: Scene) -> None:
    given = await changed(maya, scene, assignee_id=maya.agent.public_id)
    untouched = await changed(maya, scene, priority="high")
    taken = await changed(maya, scene, assignee_id=None)

    assert given.json()["assignee_id"] == maya.agent.public_id
    assert untouched.json()["assignee_id"] == maya.agent.public_id
    assert untouched.json()["priority"] == "high"
    assert taken.json()["assignee_id"] is None


async def test_the_words_of_a_case_can_be_changed(maya: Person, scene: Scene) -> None:
    answer = await changed(maya, scene, subject="Cracked lamp", tags=["damaged", "lamp"])

    assert answer.status_code == 200, answer.text
    assert answer.json()["subject"] == "Cracked lamp"
    assert answer.json()["tags"] == ["damaged", "lamp"]
    tagged = (await maya.program.get("/api/v1/cases?tag=damaged")).json()["items"]
    assert [case["number"] for case in tagged] == [scene.case.number]


async def test_a_case_goes_through_its_statuses(maya: Person, scene: Scene, clock: FrozenClock) -> None:
    until = (clock() + timedelta(days=1)).isoformat()
    for change, status in (
        ({"status": "resolved"}, "resolved"),
        ({"status": "open"}, "open"),
        ({"status": "snoozed", "snoozed_until": until}, "snoozed"),
        ({"status": "open"}, "open"),
        ({"status": "spam"}, "spam"),
        ({"status": "open"}, "open"),
    ):
        answer = await changed(maya, scene, **change)
        assert answer.status_code == 200, (change, answer.text)
        assert answer.json()["status"] == status, change

    kinds = [e["kind"] for e in (await maya.program.get("/api/v1/events")).json()["items"]]
    for kind in ("case.resolved", "case.reopened", "case.snoozed", "case.marked_spam", "case.unmarked_spam"):
        assert kind in kinds, kind


@pytest.mark.parametrize(
    "change",
    [{"status": "closed"}, {"priority": "now"}, {"assignee_id": "nobody"}, {"number": 5}, {"tags": 5}],
)
async def test_a_change_that_makes_no_sense_is_refused(
    maya: Person, scene: Scene, change: dict[str, Any]
) -> None:
    answer = await changed(maya, scene, **change)

    assert answer.status_code in (404, 422)
    assert answer.json()["detail"]


async def test_lists_of_cases_are_filtered(maya: Person, scene: Scene, installation: Installation) -> None:
    async with installation.database.transaction() as session:
        mine = await a_conversation(session, customer=await a_customer(session), assignee=maya.agent)

    async def numbers(query: str) -> set[int]:
        answer = await maya.program.get(f"/api/v1/cases?{query}")
        assert answer.status_code == 200, answer.text
        return {case["number"] for case in answer.json()["items"]}

    assert await numbers("") == {scene.case.number, mine.case.number}
    assert await numbers("view=mine") == {mine.case.number}
    assert await numbers("view=unassigned") == {scene.case.number}
    assert await numbers(f"assignee={maya.agent.public_id}") == {mine.case.number}
    assert await numbers("status=resolved") == set()
    assert await numbers("q=order") == {scene.case.number, mine.case.number}
    assert await numbers("q=nothing") == set()


async def test_an_offered_case_stays_with_who_offers_until_it_is_accepted(
    maya: Person, scene: Scene, new_person: NewPerson
) -> None:
    priya = await new_person("Priya Nair")
    path = f"/api/v1/cases/{scene.case.number}"
    body = {"to_agent_id": priya.agent.public_id, "reason": "Needs a refund over my limit"}
    offered = await maya.program.post(f"{path}/handoffs", json=body | {"introduction": "Priya takes over."})

    assert offered.status_code == 201, offered.text
    assert offered.json()["state"] == "offered"
    standing = (await maya.program.get(path)).json()
    assert standing["assignee_id"] == maya.agent.public_id
    assert standing["waiting_since"] and standing["first_replied_at"] is None
    waiting = (await priya.program.get("/api/v1/handoffs?to=me&state=offered")).json()["items"]
    assert [handoff["id"] for handoff in waiting] == [offered.json()["id"]]

    theirs = f"/api/v1/handoffs/{offered.json()['id']}"
    assert (await maya.program.post(f"{theirs}/accept", json={})).status_code in (403, 409)
    accepted = await priya.program.post(f"{theirs}/accept", json={})
    assert accepted.json()["state"] == "accepted"
    assert (await maya.program.get(path)).json()["assignee_id"] == priya.agent.public_id
    assert (await priya.program.post(f"{theirs}/decline", json={})).status_code == 409


async def test_a_handoff_needs_a_reason_and_one_receiver(
    maya: Person, scene: Scene, installation: Installation
) -> None:
    async with installation.database.transaction() as session:
        team = await a_team(session, maya.agent)
    path = f"/api/v1/cases/{scene.case.number}/handoffs"
    both = {"to_agent_id": maya.agent.public_id, "to_team_id": team.public_id, "reason": "x"}

    for body in ({"to_team_id": team.public_id}, {"reason": "x"}, both):
        assert (await maya.program.post(path, json=body)).status_code == 422
    to_team = await maya.program.post(path, json={"to_team_id": team.public_id, "reason": "Returns"})
    assert to_team.status_code == 201
    assert (await maya.program.get(f"/api/v1/cases/{scene.case.number}")).json()["assignee_id"] is None


async def test_a_case_is_split_and_joined_again(
    maya: Person, scene: Scene, installation: Installation
) -> None:
    async with installation.database.transaction() as session:
        other = await a_strand(
            session, scene.conversation, scene.channel, case=scene.case, identity=scene.identity
        )
        await an_inbound_message(session, scene, strand=other, text="Something else")

    path = f"/api/v1/cases/{scene.case.number}"
    fresh = await maya.program.post(f"{path}/split", json={"strand_ids": [other.public_id]})
    assert fresh.status_code == 201, fresh.text
    number = fresh.json()["number"]
    talk = f"/api/v1/conversations/{scene.conversation.public_id}"
    of_fresh = (await maya.program.get(f"{talk}/messages?case={number}")).json()["items"]
    assert [message["text"] for message in of_fresh] == ["Something else"]

    joined = await maya.program.post(f"/api/v1/cases/{number}/join", json={"into": scene.case.number})
    assert joined.status_code == 200, joined.text
    assert (await maya.program.get(f"/api/v1/cases/{number}")).json()["number"] == scene.case.number


async def test_customers_are_found_changed_merged_and_parted_again(
    maya: Person, scene: Scene, installation: Installation
) -> None:
    async with installation.database.transaction() as session:
        other = await a_conversation(session, customer=await a_customer(session, name="Inês C."))

    by_email = await maya.program.get("/api/v1/customers", params={"email": scene.identity.address.upper()})
    assert [one["id"] for one in by_email.json()["items"]] == [scene.customer.public_id]

    path = f"/api/v1/customers/{scene.customer.public_id}"
    change = {"name": "Inês Carvalho", "attributes": {"plan": "pro"}}
    assert (await maya.program.patch(path, json=change)).json()["attributes"] == {"plan": "pro"}

    body = {"into_id": scene.customer.public_id}
    merged = await maya.program.post(f"/api/v1/customers/{other.customer.public_id}/merge", json=body)
    assert merged.status_code == 201, merged.text
    old = await maya.program.get(f"/api/v1/customers/{other.customer.public_id}")
    assert old.json()["id"] == scene.customer.public_id
    talk = await maya.program.get(f"/api/v1/conversations/{other.conversation.public_id}")
    assert len(talk.json()["cases"]) == 2

    undone = await maya.program.post(f"/api/v1/merges/{merged.json()['merge_id']}/undo")
    assert undone.status_code == 200, undone.text
    again = await maya.program.get(f"/api/v1/customers/{other.customer.public_id}")
    assert again.json()["id"] == other.customer.public_id


async def test_the_event_log_is_read_from_a_cursor_on_without_gap(maya: Person, scene: Scene) -> None:
    whole = (await maya.program.get("/api/v1/events")).json()["items"]
    assert [event["kind"] for event in whole] == ["case.opened", "message.received"]
    assert set(whole[0]) == {"cursor", "kind", "conversation_id", "case_number", "actor", "at", "data"}

    seen, cursor = [], ""
    for _ in range(5):
        page = (await maya.program.get("/api/v1/events", params={"limit": 1, "after": cursor})).json()
        seen += page["items"]
        if not page["items"]:
            break
        cursor = page["items"][-1]["cursor"]
    assert seen == whole


async def test_events_are_waited_for(maya: Person, scene: Scene) -> None:
    newest = (await maya.program.get("/api/v1/events")).json()["items"][-1]["cursor"]
    waiting = asyncio.create_task(
        maya.program.get("/api/v1/events", params={"after": newest, "wait": 30}, timeout=30)
    )
    path = f"/api/v1/conversations/{scene.conversation.public_id}/notes"
    await maya.program.post(path, json={"text": "Now"})

    answer = (await asyncio.wait_for(waiting, 20)).json()

    assert [event["kind"] for event in answer["items"]] == ["note.added"]
    assert answer["next"] == answer["items"][-1]["cursor"]


async def test_waiting_in_vain_answers_where_to_go_on(maya: Person, scene: Scene) -> None:
    newest = (await maya.program.get("/api/v1/events")).json()["items"][-1]["cursor"]
    answer = await maya.program.get("/api/v1/events", params={"after": newest, "wait": 1}, timeout=20)

    assert answer.json() == {"items": [], "next": newest}


async def test_events_say_ids_and_facts_never_words_or_addresses(maya: Person, scene: Scene) -> None:
    path = f"/api/v1/conversations/{scene.conversation.public_id}"
    await maya.program.post(f"{path}/notes", json={"text": "secret remark"})
    await maya.program.post(f"{path}/messages", json={"text": "secret answer"})

    told = (await maya.program.get("/api/v1/events")).text

    assert "secret" not in told
    assert scene.identity.address not in told
    assert scene.messages[0].text not in told
