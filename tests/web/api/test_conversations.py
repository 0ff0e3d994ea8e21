"""Reading and writing conversations as a program does."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import func, select

from inbox.clock import FrozenClock
from inbox.models import Case, EventKind, Message, Note
from tests.builders import (
    Scene,
    a_conversation,
    a_customer,
    a_form_channel,
    a_mailbox_channel,
    a_strand,
    an_inbound_message,
)
from tests.web.conftest import NewPerson, Opened, Person
from web.installation import Installation


@pytest.fixture
async def scene(installation: Installation, clock: FrozenClock) -> Scene:
    async with installation.database.transaction() as session:
        return await a_conversation(session, with_messages=2)


async def events_of(person: Person) -> list[str]:
    return [event["kind"] for event in (await person.program.get("/api/v1/events")).json()["items"]]


async def count(installation: Installation, model: type) -> int:
    async with installation.database.reading() as session:
        return await session.scalar(select(func.count()).select_from(model)) or 0


async def test_a_conversation_shows_its_cases_and_strands(maya: Person, scene: Scene) -> None:
    answer = await maya.program.get(f"/api/v1/conversations/{scene.conversation.public_id}")

    shown = answer.json()
    assert answer.status_code == 200
    assert shown["id"] == scene.conversation.public_id
    assert shown["customer_id"] == scene.customer.public_id
    assert shown["channels"] == ["email"]
    assert shown["last_message_at"] == "2026-11-20T10:00:00Z"
    (case,), (strand,) = shown["cases"], shown["strands"]
    assert set(case) == {
        "number",
        "conversation_id",
        "customer_id",
        "subject",
        "status",
        "assignee_id",
        "team_id",
        "priority",
        "tags",
        "claimed",
        "waiting_since",
        "snoozed_until",
        "opened_at",
        "first_replied_at",
        "resolved_at",
    }
    assert (case["number"], case["status"]) == (scene.case.number, "open")
    assert (strand["case_number"], strand["mailbox"]) == (scene.case.number, scene.channel.address)


async def test_lists_follow_their_cursor_to_the_end(
    maya: Person, installation: Installation, clock: FrozenClock
) -> None:
    async with installation.database.transaction() as session:
        made = []
        for _ in range(5):
            made.append(await a_conversation(session, customer=await a_customer(session)))
            clock.advance(minutes=1)

    seen: list[str] = []
    query: dict[str, Any] = {"limit": 2}
    while True:
        page = (await maya.program.get("/api/v1/conversations", params=query)).json()
        assert set(page) == {"items", "next"}
        seen += [one["id"] for one in page["items"]]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]

    assert seen == [scene.conversation.public_id for scene in reversed(made)]


async def test_messages_come_oldest_first_with_all_that_belongs_to_them(maya: Person, scene: Scene) -> None:
    path = f"/api/v1/conversations/{scene.conversation.public_id}/messages"
    first, second = (await maya.program.get(path)).json()["items"]

    assert [first["id"], second["id"]] == [message.public_id for message in scene.messages]
    assert first["direction"] == "inbound"
    assert first["from"] == {"name": scene.customer.name, "address": scene.identity.address}
    assert first["author"]["kind"] == "customer"
    assert first["author"]["id"] == scene.customer.public_id
    assert first["channel"]["kind"] == "email"
    assert first["case_number"] == scene.case.number
    assert first["strand_id"] == scene.strand.public_id
    assert first["delivery"] is None
    assert (first["text"], first["text_quoted"], first["html"]) == ("Where is my order?", "", None)


async def test_a_reply_is_queued_and_said_to_everybody(maya: Person, scene: Scene) -> None:
    path = f"/api/v1/conversations/{scene.conversation.public_id}/messages"
    answer = await maya.program.post(path, json={"text": "It leaves tomorrow."})

    sent = answer.json()
    assert answer.status_code == 201
    assert sent["delivery"]["state"] == "queued"
    assert [one["address"] for one in sent["to"]] == [scene.identity.address]
    assert (sent["author"]["kind"], sent["author"]["id"]) == ("agent", maya.agent.public_id)
    assert sent["author"]["name"] == "Maya Okafor"
    assert (await maya.program.get(path)).json()["items"][-1] == sent
    assert "message.queued" in await events_of(maya)
    case = (await maya.program.get(f"/api/v1/cases/{scene.case.number}")).json()
    assert case["status"] == "pending"
    assert case["waiting_since"] is None


async def test_a_reply_that_has_not_seen_the_newest_is_refused_with_what_it_missed(
    maya: Person, scene: Scene
) -> None:
    path = f"/api/v1/conversations/{scene.conversation.public_id}/messages"
    blind = {"text": "Hello", "seen": scene.messages[0].public_id}

    headers = {"Idempotency-Key": "blind"}
    refused = await maya.program.post(path, json=blind, headers=headers)

    assert refused.status_code == 409
    assert refused.headers["content-type"] == "application/problem+json"
    assert [message["id"] for message in refused.json()["missed"]] == [scene.messages[1].public_id]
    assert refused.json()["missed"][0]["text"] == scene.messages[1].text

    seeing = {"text": "Hello", "seen": scene.messages[1].public_id}
    again = await maya.program.post(path, json=seeing, headers=headers)  # a 409 does not use the key up
    assert again.status_code == 201


async def test_the_same_request_twice_is_one_reply(
    maya: Person, scene: Scene, installation: Installation
) -> None:
    path = f"/api/v1/conversations/{scene.conversation.public_id}/messages"
    before = await count(installation, Message)

    answers = await asyncio.gather(
        *(
            maya.program.post(path, json={"text": "Once."}, headers={"Idempotency-Key": "k1"})
            for _ in range(5)
        )
    )

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert await count(installation, Message) == before + 1


async def test_a_key_that_comes_with_another_request_is_refused(
    maya: Person, scene: Scene, new_person: NewPerson
) -> None:
    path = f"/api/v1/conversations/{scene.conversation.public_id}"
    headers = {"Idempotency-Key": "k1"}
    await maya.program.post(f"{path}/messages", json={"text": "Once."}, headers=headers)

    other_words = await maya.program.post(f"{path}/messages", json={"text": "Twice."}, headers=headers)
    other_path = await maya.program.post(f"{path}/notes", json={"text": "Once."}, headers=headers)
    priya = await new_person("Priya Nair")
    hers = await priya.program.post(f"{path}/messages", json={"text": "Twice."}, headers=headers)

    assert (other_words.status_code, other_path.status_code) == (422, 422)
    assert hers.status_code == 201  # everybody has keys of their own


async def test_a_key_is_forgotten_after_a_day(maya: Person, scene: Scene, clock: FrozenClock) -> None:
    path = f"/api/v1/conversations/{scene.conversation.public_id}/notes"
    headers = {"Idempotency-Key": "k1"}
    first = await maya.program.post(path, json={"text": "Same"}, headers=headers)
    clock.advance(hours=23)
    second = await maya.program.post(path, json={"text": "Same"}, headers=headers)
    clock.advance(hours=2)
    third = await maya.program.post(path, json={"text": "Same"}, headers=headers)

    assert first.json()["id"] == second.json()["id"] != third.json()["id"]


async def test_a_reply_goes_to_the_strand_that_is_named(
    maya: Person, scene: Scene, installation: Installation
) -> None:
    async with installation.database.transaction() as session:
        mailbox = await a_mailbox_channel(session)
        other = await a_strand(
            session, scene.conversation, mailbox, case=scene.case, identity=scene.identity, subject="Invoice"
        )
        await an_inbound_message(session, scene, strand=other, text="And the invoice?")

    path = f"/api/v1/conversations/{scene.conversation.public_id}/messages"
    sent = (
        await maya.program.post(path, json={"text": "To the first", "strand_id": scene.strand.public_id})
    ).json()

    assert sent["strand_id"] == scene.strand.public_id
    case = (await maya.program.get(f"/api/v1/cases/{scene.case.number}")).json()
    assert (case["status"], case["waiting_since"] is None) == ("open", False)  # the invoice still waits


async def test_a_note_stands_inside_and_names_people(
    maya: Person, scene: Scene, new_person: NewPerson, installation: Installation
) -> None:
    priya = await new_person("Priya Nair")
    path = f"/api/v1/conversations/{scene.conversation.public_id}"
    answer = await maya.program.post(f"{path}/notes", json={"text": "@Priya Nair is this covered?"})

    note = answer.json()
    assert answer.status_code == 201
    assert note["mentions"] == [priya.agent.public_id]
    assert note["case_number"] == scene.case.number
    listed = (await maya.program.get(f"/api/v1/cases/{scene.case.number}/notes")).json()["items"]
    assert [one["id"] for one in listed] == [note["id"]]
    said = (await maya.program.get(f"{path}/messages")).json()["items"]
    assert all("covered" not in message["text"] for message in said)
    mentions = (await priya.program.get("/api/v1/cases?view=mentions")).json()["items"]
    assert [case["number"] for case in mentions] == [scene.case.number]
    assert await count(installation, Note) == 1


async def test_a_first_message_of_ours_begins_a_conversation(
    maya: Person, installation: Installation
) -> None:
    async with installation.database.transaction() as session:
        mailbox = await a_mailbox_channel(session)

    body = {"to": "new@mail.example", "channel_id": mailbox.public_id, "subject": "Hello", "text": "Open."}
    answer = await maya.program.post("/api/v1/conversations", json=body)

    assert answer.status_code == 201, answer.text
    sent = answer.json()
    assert sent["subject"] == "Hello"
    talk = (await maya.program.get(f"/api/v1/conversations/{sent['conversation_id']}")).json()
    assert [case["number"] for case in talk["cases"]] == [sent["case_number"]]


async def test_a_queued_message_can_be_taken_back_and_its_question_waits_again(
    maya: Person, scene: Scene
) -> None:
    path = f"/api/v1/conversations/{scene.conversation.public_id}/messages"
    sent = (await maya.program.post(path, json={"text": "Too fast"})).json()

    taken = await maya.program.post(f"/api/v1/messages/{sent['id']}/cancel")

    assert taken.status_code == 200
    assert taken.json()["delivery"]["state"] == "cancelled"
    case = (await maya.program.get(f"/api/v1/cases/{scene.case.number}")).json()
    assert case["waiting_since"] is not None


async def test_a_strand_can_be_marked_answered(maya: Person, scene: Scene) -> None:
    answer = await maya.program.post(f"/api/v1/strands/{scene.strand.public_id}/answered")

    assert answer.status_code == 200
    assert (await maya.program.get(f"/api/v1/cases/{scene.case.number}")).json()["waiting_since"] is None
    assert EventKind.STRAND_ANSWERED in await events_of(maya)


async def test_a_form_is_answered_by_email(maya: Person, installation: Installation) -> None:
    async with installation.database.transaction() as session:
        mailbox = await a_mailbox_channel(session)
        form = await a_form_channel(session, reply_mailbox=mailbox)
        scene = await a_conversation(session, channel=form)

    path = f"/api/v1/conversations/{scene.conversation.public_id}/messages"
    sent = (await maya.program.post(path, json={"text": "Thank you"})).json()

    assert sent["channel"]["kind"] == "email"
    assert [one["address"] for one in sent["to"]] == [scene.identity.address]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "text"),
        ({"text": ""}, "text"),
        ({"text": 7}, "text"),
        ({"text": "x", "subjekt": "y"}, "subjekt"),
        ({"text": "x", "to": ["no address"]}, "to"),
        ({"text": "x", "send_at": "yesterday"}, "send_at"),
        ({"text": "x", "attachments": "all"}, "attachments"),
    ],
)
async def test_what_cannot_be_used_is_named(
    maya: Person, scene: Scene, body: dict[str, Any], field: str
) -> None:
    path = f"/api/v1/conversations/{scene.conversation.public_id}/messages"
    answer = await maya.program.post(path, json=body)

    assert answer.status_code == 422
    assert answer.json()["field"] == field
    assert set(answer.json()) >= {"type", "title", "status", "detail"}


@pytest.mark.parametrize(
    "content", [b"{", b"[]", b'"x"', b"\xff", b'{"text": "\\ud800"}', b'{"text": "\\u0000"}', b"[" * 5000]
)
async def test_a_body_that_is_no_text_in_json_is_refused(maya: Person, scene: Scene, content: bytes) -> None:
    path = f"/api/v1/conversations/{scene.conversation.public_id}/messages"
    answer = await maya.program.post(path, content=content)

    assert answer.status_code == 422, answer.text


async def test_a_body_above_a_megabyte_is_refused_unread(maya: Person, scene: Scene, opened: Opened) -> None:
    path = f"/api/v1/conversations/{scene.conversation.public_id}/messages"
    asked = 0

    async def endless() -> Any:
        nonlocal asked
        while True:
            asked += 1
            yield b"x" * 100_000

    streamed = await maya.program.post(path, content=endless())
    announced = await maya.program.post(path, content=b"x" * 1_000_001)

    assert (streamed.status_code, announced.status_code) == (413, 413)
    assert asked < 15


@pytest.mark.parametrize("bad", ["limit=0", "limit=x", "cursor=!!", "limit=-1"])
async def test_a_page_that_makes_no_sense_is_refused(maya: Person, bad: str) -> None:
    for path in ("conversations", "cases", "customers"):
        answer = await maya.program.get(f"/api/v1/{path}?{bad}")
        assert answer.status_code == 422, path


async def test_unknown_and_forbidden_things_are_answered_alike(
    maya: Person, scene: Scene, installation: Installation, new_person: NewPerson
) -> None:
    async with installation.database.transaction() as session:
        case = await session.get_one(Case, scene.case.id)
        case.is_private, case.assignee_id = True, maya.agent.id
    priya = await new_person("Priya Nair")

    hidden = await priya.program.get(f"/api/v1/cases/{scene.case.number}")
    missing = await priya.program.get("/api/v1/cases/987654")

    assert (hidden.status_code, hidden.content) == (missing.status_code, missing.content)
    assert hidden.status_code == 404


async def test_a_program_chooses_the_subject_and_who_receives_a_copy_unseen(
    maya: Person, scene: Scene, installation: Installation
) -> None:
    body = {"text": "It left.", "subject": "Your lamp", "bcc": ["boss@shop.example"]}
    answer = await maya.program.post(
        f"/api/v1/conversations/{scene.conversation.public_id}/messages", json=body
    )
    assert answer.status_code == 201 and answer.json()["subject"] == "Your lamp"
    whole = (await maya.program.get(f"/api/v1/conversations/{scene.conversation.public_id}")).json()
    assert [strand["side"] for strand in whole["strands"]] == [False]
    async with installation.database.reading() as session:
        message = (await session.scalars(select(Message).where(Message.subject == "Your lamp"))).one()
    assert [one["address"] for one in message.bcc] == ["boss@shop.example"]
