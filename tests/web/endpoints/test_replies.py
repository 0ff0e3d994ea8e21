"""Answering from the composer."""

import json
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from inbox import clock as product_clock
from inbox.db import Database
from inbox.models import Attachment, Case, Draft, Message, OutboxEntry, Status, Strand, StrandParticipant
from tests.builders import (
    Scene,
    a_conversation,
    a_mailbox_channel,
    a_webchat_channel,
    an_inbound_message,
    another_question,
)
from tests.web.conftest import NewPerson, Person
from tests.web.endpoints.conftest import SCRIPT


def url_of(scene: Scene) -> str:
    return f"/conversations/{scene.conversation.public_id}/messages"


def words(scene: Scene, text: str = "It leaves tomorrow.", **more: str) -> dict[str, str]:
    return {"text": text, "strand": scene.strand.public_id, "seen": scene.messages[-1].public_id, **more}


async def replies_in(database: Database) -> list[Message]:
    async with database.reading() as session:
        found = await session.scalars(select(Message).where(Message.direction == "outbound"))
        return list(found)


async def test_a_reply_is_queued_and_can_be_taken_back(
    maya: Person, scene: Scene, sqlite_database: Database
) -> None:
    answer = await maya.post(url_of(scene), data=words(scene), headers=SCRIPT)
    assert answer.status_code == 204
    toast = json.loads(answer.headers["hx-trigger"])["toast"]
    assert toast["text"] == "Email to Ana Sousa goes in 10 s."
    (message,) = await replies_in(sqlite_database)
    assert (message.text, message.delivery) == ("It leaves tomorrow.", "queued")
    undone = await maya.post(toast["undo"], headers=SCRIPT)
    assert 'id="restored"' in undone.text and "It leaves tomorrow." in undone.text
    (message,) = await replies_in(sqlite_database)
    assert message.delivery == "cancelled"


async def test_without_a_script_a_reply_leads_back_to_its_case(maya: Person, scene: Scene) -> None:
    answer = await maya.post(url_of(scene), data=words(scene))
    assert (answer.status_code, answer.headers["location"]) == (303, f"/cases/{scene.case.number}")


async def test_a_reply_that_comes_twice_is_sent_once(
    maya: Person, scene: Scene, sqlite_database: Database
) -> None:
    headers = SCRIPT | {"Idempotency-Key": "k1"}
    first = await maya.post(url_of(scene), data=words(scene), headers=headers)
    again = await maya.post(url_of(scene), data=words(scene), headers=headers)
    assert first.headers["hx-trigger"] == again.headers["hx-trigger"]
    assert len(await replies_in(sqlite_database)) == 1
    other = await maya.post(url_of(scene), data=words(scene, "Something else"), headers=headers)
    assert other.status_code == 422


async def test_what_was_missed_is_shown_and_may_be_answered_anyway(
    maya: Person, scene: Scene, sqlite_database: Database
) -> None:
    seen = words(scene)
    async with sqlite_database.transaction() as session:
        scene.case = await session.get_one(Case, scene.case.id)
        await an_inbound_message(session, scene, text="Wait, <b>cancel</b> it!")
    refused = await maya.post(url_of(scene), data=seen, headers=SCRIPT)
    assert refused.status_code == 409
    assert "Wait, &lt;b&gt;cancel&lt;/b&gt; it!" in refused.text and "<html" not in refused.text
    assert await replies_in(sqlite_database) == []
    sent = await maya.post(url_of(scene), data=seen | {"anyway": "1"}, headers=SCRIPT)
    assert sent.status_code == 204


async def test_without_a_script_a_refused_reply_keeps_its_words(
    maya: Person, scene: Scene, sqlite_database: Database
) -> None:
    seen = words(scene, "My long answer", case=str(scene.case.number))
    async with sqlite_database.transaction() as session:
        scene.case = await session.get_one(Case, scene.case.id)
        await an_inbound_message(session, scene, text="Never mind")
    page = await maya.post(url_of(scene), data=seen)
    assert page.status_code == 409
    assert "My long answer</textarea>" in page.text and "Send anyway" in page.text
    assert 'name="anyway" value="1"' in page.text


async def test_a_reply_may_resolve_its_case(maya: Person, scene: Scene, sqlite_database: Database) -> None:
    await maya.post(url_of(scene), data=words(scene, then="resolve"), headers=SCRIPT)
    async with sqlite_database.reading() as session:
        case = await session.get_one(Case, scene.case.id)
    assert case.status == Status.RESOLVED


async def test_another_strand_stays_unanswered_unless_it_was_ticked(
    maya: Person, scene: Scene, sqlite_database: Database
) -> None:
    async with sqlite_database.transaction() as session:
        scene.case = await session.get_one(Case, scene.case.id)
        second = await another_question(session, scene, subject="Two", text="And this?")
    page = (await maya.browser.get(f"/conversations/{scene.conversation.public_id}")).text
    assert "Still unanswered:" in page
    await maya.post(url_of(scene), data=words(scene), headers=SCRIPT)
    async with sqlite_database.reading() as session:
        assert (await session.get_one(Case, scene.case.id)).status == Status.OPEN
    await maya.post(
        url_of(scene),
        data=words(scene, "Both done.", also_answered=second.public_id, anyway="1"),
        headers=SCRIPT,
    )
    async with sqlite_database.reading() as session:
        assert (await session.get_one(Strand, second.id)).waiting_since is None
        assert (await session.get_one(Case, scene.case.id)).status == Status.PENDING


async def test_an_unconfirmed_participant_receives_only_what_was_ticked(
    maya: Person, scene: Scene, sqlite_database: Database
) -> None:
    async with sqlite_database.transaction() as session:
        session.add(StrandParticipant(strand_id=scene.strand.id, address="rui@norte.example", put_by="cc"))
    page = (await maya.browser.get(f"/conversations/{scene.conversation.public_id}")).text
    assert 'name="cc" value="rui@norte.example">' in page
    addressed = {"addressed": "1", "to": scene.identity.address}
    await maya.post(url_of(scene), data=words(scene, **addressed), headers=SCRIPT)
    await maya.post(url_of(scene), data=words(scene, **addressed, cc="rui@norte.example"), headers=SCRIPT)
    without, with_rui = await replies_in(sqlite_database)
    assert without.cc == [] and [one["address"] for one in with_rui.cc] == ["rui@norte.example"]


async def test_a_reply_to_nobody_is_refused(maya: Person, scene: Scene, sqlite_database: Database) -> None:
    answer = await maya.post(url_of(scene), data=words(scene, addressed="1"), headers=SCRIPT)
    assert answer.status_code == 422 and "tick or write an address" in answer.json()["detail"]
    assert await replies_in(sqlite_database) == []


async def test_files_go_with_a_reply_with_and_without_a_script(
    maya: Person, scene: Scene, sqlite_database: Database
) -> None:
    uploaded = await maya.post("/attachments", files={"file": ("label.txt", b"one")}, headers=SCRIPT)
    ready = words(scene, attachment=uploaded.json()["id"])
    await maya.post(url_of(scene), data=ready, headers=SCRIPT)
    await maya.post(url_of(scene), data=words(scene, "Here"), files={"file": ("note.txt", b"two")})
    async with sqlite_database.reading() as session:
        rows = (await session.scalars(select(Attachment).order_by(Attachment.id))).all()
    assert [(row.filename, row.message_id is not None) for row in rows] == [
        ("label.txt", True),
        ("note.txt", True),
    ]


async def test_a_file_of_somebody_else_cannot_be_sent(
    maya: Person, new_person: NewPerson, scene: Scene
) -> None:
    tomas = await new_person("Tomás Lima")
    theirs = await tomas.post("/attachments", files={"file": ("secret.txt", b"x")}, headers=SCRIPT)
    answer = await maya.post(url_of(scene), data=words(scene, attachment=theirs.json()["id"]), headers=SCRIPT)
    assert answer.status_code == 404


async def test_a_draft_is_kept_shown_and_forgotten(
    maya: Person, scene: Scene, sqlite_database: Database
) -> None:
    url = f"/conversations/{scene.conversation.public_id}"
    draft = {"mode": "reply", "text": "Half a sen", "strand": scene.strand.public_id}
    kept = await maya.browser.put(f"{url}/draft", data=draft, headers=maya.headers | SCRIPT)
    assert kept.status_code == 200
    assert "Half a sen</textarea>" in (await maya.browser.get(url)).text
    assert "Draft:" in (await maya.browser.get("/inbox/mine")).text
    await maya.browser.put(f"{url}/draft", data=draft | {"text": ""}, headers=maya.headers | SCRIPT)
    async with sqlite_database.reading() as session:
        assert (await session.scalars(select(Draft))).all() == []


async def test_a_note_stays_inside(maya: Person, scene: Scene, sqlite_database: Database) -> None:
    url = f"/conversations/{scene.conversation.public_id}"
    answer = await maya.post(f"{url}/notes", data={"text": "Only for us"}, headers=SCRIPT)
    assert answer.status_code == 204
    assert "Only for us" in (await maya.browser.get(url)).text
    assert await replies_in(sqlite_database) == []


async def test_an_empty_note_is_refused_with_a_sentence(maya: Person, scene: Scene) -> None:
    answer = await maya.post(
        f"/conversations/{scene.conversation.public_id}/notes", data={"text": " "}, headers=SCRIPT
    )
    assert answer.status_code == 422 and answer.json()["detail"] == "Write something first."


async def test_an_agent_may_write_to_others_under_another_subject_from_another_mailbox(
    maya: Person, scene: Scene, sqlite_database: Database
) -> None:
    async with sqlite_database.transaction() as session:
        sales = await a_mailbox_channel(session, name="Sales")
    form = {"addressed": "1", "to": scene.identity.address, "to_more": "boss@norte.test"}
    form |= {"cc_more": "Clara <clara@norte.test>", "bcc_more": "quiet@norte.test"}
    form |= {"subject": "Your new lamp shade", "channel": sales.public_id}
    answer = await maya.post(url_of(scene), data=words(scene, **form), headers=SCRIPT)
    assert answer.status_code == 204
    (message,) = await replies_in(sqlite_database)
    assert [one["address"] for one in message.to] == [scene.identity.address, "boss@norte.test"]
    assert [one["address"] for one in message.cc] == ["clara@norte.test"]
    assert [one["address"] for one in message.bcc] == ["quiet@norte.test"]
    assert (message.subject, message.channel_id) == ("Your new lamp shade", sales.id)
    assert message.author_address == sales.address
    thread = await maya.browser.get(f"/cases/{scene.case.number}", follow_redirects=True)
    assert 'value="Re: Your new lamp shade"' in thread.text, "the next answer goes on under it"


async def test_a_subject_of_two_lines_is_refused(maya: Person, scene: Scene) -> None:
    form = words(scene, addressed="1", to=scene.identity.address, subject="One\r\nBcc: all@norte.test")
    answer = await maya.post(url_of(scene), data=form)
    assert answer.status_code == 422 and "one line" in answer.text


async def test_a_reply_can_wait_until_its_time(maya: Person, scene: Scene, sqlite_database: Database) -> None:
    tomorrow = (product_clock.now() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    headers = SCRIPT | {"X-Timezone": "Europe/Lisbon"}
    answer = await maya.post(url_of(scene), data=words(scene, later="at", send_at=tomorrow), headers=headers)
    assert json.loads(answer.headers["hx-trigger"])["toast"]["text"].startswith("Leaves ")
    async with sqlite_database.reading() as session:
        entry = (await session.scalars(select(OutboxEntry))).one()
    picked = datetime.fromisoformat(tomorrow).replace(tzinfo=ZoneInfo("Europe/Lisbon"))
    assert entry.due_at == picked
    past = await maya.post(url_of(scene), data=words(scene, later="at", send_at="2020-01-01T10:00"))
    assert past.status_code == 422 and "still to come" in past.text


async def test_words_are_previewed_as_they_will_be_sent(maya: Person, scene: Scene) -> None:
    answer = await maya.post("/previews", data={"text": "**Now** <script>alert(1)</script>"}, headers=SCRIPT)
    assert "<strong>Now</strong>" in answer.text and "<script" not in answer.text


async def test_whoever_cannot_be_reached_is_asked_an_address_for(
    maya: Person, sqlite_database: Database
) -> None:
    async with sqlite_database.transaction() as session:
        chat = await a_webchat_channel(session)
        mailbox = await a_mailbox_channel(session, address="help@shop.example")
        scene = await a_conversation(session, channel=chat, assignee=maya.agent)
        chat.deactivated_at = product_clock.now()
    page = (await maya.browser.get(f"/conversations/{scene.conversation.public_id}")).text
    assert "was switched off" in page and "data-unreached" in page
    form = words(scene, addressed="1", channel=mailbox.public_id)
    refused = await maya.post(url_of(scene), data=form, headers=SCRIPT)
    assert refused.status_code == 422 and "Say whom to write to" in refused.text
    sent = await maya.post(url_of(scene), data=form | {"to_more": "ana@mail.test"}, headers=SCRIPT)
    assert sent.status_code == 204
    (message,) = await replies_in(sqlite_database)
    assert [one["address"] for one in message.to] == ["ana@mail.test"]
