"""Agents, teams, channels, tags, files and intake as a program sees them, and their description."""

import re

import pytest

from inbox.models import Channel
from tests.builders import a_conversation, a_form_channel
from tests.web.conftest import Person
from tests.web.routes import doors
from web.installation import Installation


async def test_an_admin_adds_people_teams_and_tags(ada: Person) -> None:
    body = {"email": "Priya@Shop.example", "name": "Priya Nair"}
    made = await ada.program.post("/api/v1/agents", json=body)
    assert (made.status_code, made.json()["email"]) == (201, "priya@shop.example")
    again = await ada.program.post("/api/v1/agents", json={"email": "priya@shop.example", "name": "P"})
    assert again.status_code == 409

    returns = {"name": "Returns & Refunds", "member_ids": [made.json()["id"]]}
    team = await ada.program.post("/api/v1/teams", json=returns)
    assert (team.status_code, team.json()["slug"]) == (201, "returns-refunds")
    path = f"/api/v1/teams/{team.json()['id']}"
    assert (await ada.program.patch(path, json={"member_ids": []})).json()["member_ids"] == []
    assert (await ada.program.delete(path)).status_code == 204
    assert (await ada.program.get("/api/v1/teams")).json()["items"] == []

    tag = await ada.program.post("/api/v1/tags", json={"name": "damaged"})
    assert tag.status_code == 201
    assert [one["name"] for one in (await ada.program.get("/api/v1/tags")).json()["items"]] == ["damaged"]


async def test_the_last_admin_stays_one(ada: Person) -> None:
    path = f"/api/v1/agents/{ada.agent.public_id}"

    assert (await ada.program.patch(path, json={"role": "agent"})).status_code == 409
    assert (await ada.program.patch(path, json={"active": False})).status_code == 409


async def test_a_channel_is_added_changed_and_switched_off_and_keeps_its_secrets(
    ada: Person, maya: Person, installation: Installation
) -> None:
    body = {
        "kind": "email",
        "name": "Support",
        "address": "support@shop.example",
        "settings": {"imap_url": "imaps://support@mail.example"},
        "password": "a mailbox password",
    }
    made = await ada.program.post("/api/v1/channels", json=body)
    assert made.status_code == 201, made.text
    path = f"/api/v1/channels/{made.json()['id']}"
    changed = await ada.program.patch(path, json={"name": "Help", "active": False})
    assert (changed.json()["name"], changed.json()["active"]) == ("Help", False)
    for person in (ada, maya):
        listed = await person.program.get("/api/v1/channels")
        assert "a mailbox password" not in listed.text
        assert "inbound_" not in listed.text
    async with installation.database.reading() as session:
        stored = await session.get_one(Channel, 1)
    assert stored.secrets is not None
    assert "a mailbox password" not in stored.secrets


@pytest.mark.parametrize(
    "servers",
    [
        {"imap_url": "http://mail.example"},
        {"imap_url": "imaps://user:password@mail.example"},
        {"smtp_url": "smtp://"},
        {"smtp_url": "smtp://mail.example:x"},
    ],
)
async def test_a_mailbox_that_cannot_be_reached_by_its_address_is_refused(
    ada: Person, servers: dict[str, str]
) -> None:
    body = {"kind": "email", "name": "S", "address": "s@shop.example", "settings": servers}
    answer = await ada.program.post("/api/v1/channels", json=body)

    assert answer.status_code == 422
    assert answer.json()["field"] in servers


async def test_an_uploaded_file_goes_out_with_a_message_and_belongs_to_who_uploaded_it(
    ada: Person, maya: Person, installation: Installation
) -> None:
    async with installation.database.transaction() as session:
        scene = await a_conversation(session)
    files = {"file": ("../../etc/label.pdf", b"%PDF-1.4 a label", "text/html")}
    uploaded = (await maya.program.post("/api/v1/attachments", files=files)).json()
    assert uploaded["filename"] == "label.pdf"
    assert uploaded["content_type"] != "text/html"

    path = f"/api/v1/conversations/{scene.conversation.public_id}/messages"
    body = {"text": "The label", "attachments": [uploaded["id"]]}
    assert (await ada.program.post(path, json=body)).status_code == 404
    sent = await maya.program.post(path, json=body)
    assert [file["id"] for file in sent.json()["attachments"]] == [uploaded["id"]]
    assert (await maya.program.post(path, json=body)).status_code == 404  # it has gone out already

    by_program = await maya.program.get(sent.json()["attachments"][0]["url"])
    assert by_program.status_code == 200
    saved = await maya.browser.get(f"/attachments/{uploaded['id']}")
    assert by_program.content == saved.content
    assert saved.content == b"%PDF-1.4 a label"
    assert saved.headers["content-disposition"].startswith("attachment;")
    assert "sandbox" in saved.headers["content-security-policy"]


async def test_an_input_in_quarantine_is_listed_handed_out_and_tried_again(
    ada: Person, installation: Installation
) -> None:
    async with installation.database.transaction() as session:
        form = await a_form_channel(session)
    await installation.intake.submit(form.id, "form", b"no json at all")

    (kept,) = (await ada.program.get("/api/v1/intake?state=quarantined")).json()["items"]
    raw = await ada.program.get(f"/api/v1/intake/{kept['id']}/raw")
    assert raw.content == b"no json at all"
    assert raw.headers["content-disposition"].startswith("attachment")
    again = await ada.program.post(f"/api/v1/intake/{kept['id']}/retry")
    assert again.json()["state"] == "quarantined"
    assert again.json()["reason"]


async def test_the_description_names_every_address_of_the_api(ada: Person) -> None:
    described = (await ada.program.get("/api/openapi.json")).json()
    assert described["openapi"].startswith("3.1")

    told = {(method.upper(), path) for path, methods in described["paths"].items() for method in methods}
    standing = {
        (door.method, door.pattern.replace(":int}", "}"))
        for door in doors()
        if door.pattern.startswith("/api/v1")
    }
    assert told == standing


async def test_the_page_of_the_description_loads_nothing_from_elsewhere(ada: Person) -> None:
    page = await ada.browser.get("/api/docs")

    assert page.status_code == 200
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', page.text)
    assert "/api/v1/conversations" in page.text
