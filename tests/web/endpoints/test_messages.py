"""What agents do to single messages, and the first message of ours."""

import json

from sqlalchemy import select

from inbox.db import Database
from inbox.models import Case, DeliveryState, Message
from tests.builders import Scene, a_conversation, an_outbound_message
from tests.web.conftest import Person
from tests.web.endpoints.conftest import SCRIPT


async def test_a_message_is_marked_as_spam_and_back(
    maya: Person, scene: Scene, sqlite_database: Database
) -> None:
    url = f"/messages/{scene.messages[0].public_id}"
    answer = await maya.post(f"{url}/spam", headers=SCRIPT)
    assert "undo" in json.loads(answer.headers["hx-trigger"])["toast"]
    await maya.post(f"{url}/unspam", headers=SCRIPT)
    async with sqlite_database.reading() as session:
        assert not (await session.get_one(Message, scene.messages[0].id)).is_spam


async def test_a_message_is_moved_to_the_case_it_belongs_to(
    maya: Person, scene: Scene, sqlite_database: Database
) -> None:
    async with sqlite_database.transaction() as session:
        other = await a_conversation(session, subject="The right place")
    url = f"/messages/{scene.messages[0].public_id}/move"
    assert "Somewhere else" in (await maya.browser.get(url)).text
    found = (await maya.browser.get(f"{url}?q={other.identity.address}")).text
    assert f'value="{other.customer.public_id}"' in found
    moved = await maya.post(url, data={"case": f"#{other.case.number}"})
    async with sqlite_database.reading() as session:
        message = await session.get_one(Message, scene.messages[0].id)
    assert (message.conversation_id, message.case_id) == (other.conversation.id, other.case.id)
    offered = moved.headers["location"]
    page = (await maya.browser.get(offered)).text
    assert "The message was moved" in page and f'href="/cases/{other.case.number}"' in page
    assert (
        'href="/inbox/mine">Go there'
        in (await maya.browser.get(f"{offered.partition(chr(63))[0]}?to=https://a.test")).text
    )
    await maya.post(offered.partition("?")[0])
    async with sqlite_database.reading() as session:
        message = await session.get_one(Message, scene.messages[0].id)
    assert message.conversation_id == scene.conversation.id


async def test_a_message_takes_its_strand_along_where_asked(
    maya: Person, scene: Scene, sqlite_database: Database
) -> None:
    async with sqlite_database.transaction() as session:
        other = await a_conversation(session)
    form = {"customer_id": other.customer.public_id, "whole": "1"}
    answer = await maya.post(f"/messages/{scene.messages[0].public_id}/move", data=form, headers=SCRIPT)
    assert "undo" in json.loads(answer.headers["hx-trigger"])["toast"]
    async with sqlite_database.reading() as session:
        homes = {(await session.get_one(Message, one.id)).conversation_id for one in scene.messages}
    assert homes == {other.conversation.id}


async def test_nothing_is_moved_to_a_case_that_does_not_exist(maya: Person, scene: Scene) -> None:
    url = f"/messages/{scene.messages[0].public_id}/move"
    for number in ("", "999999", "x"):
        assert (await maya.post(url, data={"case": number})).status_code == 422


async def test_what_has_left_cannot_be_taken_back(
    maya: Person, scene: Scene, sqlite_database: Database
) -> None:
    async with sqlite_database.transaction() as session:
        scene.case = await session.get_one(Case, scene.case.id)
        sent = await an_outbound_message(session, scene, by=maya.agent, delivery=DeliveryState.SENT)
    answer = await maya.post(f"/messages/{sent.public_id}/cancel", headers=SCRIPT)
    assert answer.status_code == 409
    assert json.loads(answer.headers["hx-trigger"])["toast"]["text"] == "This has left already."


async def test_a_queued_message_is_taken_back_by_its_own_button(maya: Person, scene: Scene) -> None:
    url = f"/conversations/{scene.conversation.public_id}"
    await maya.post(f"{url}/messages", data={"text": "Too early"}, headers=SCRIPT)
    async with maya.browser.stream("GET", url) as page:
        text = (await page.aread()).decode()
    cancel = text.split('/cancel"')[0].rsplit('"', 1)[1] + "/cancel"
    answer = await maya.post(cancel, headers=SCRIPT)
    assert 'id="restored"' in answer.text and "Too early" in answer.text


async def test_we_may_write_first(maya: Person, scene: Scene, sqlite_database: Database) -> None:
    form = {
        "channel": scene.channel.public_id,
        "to": "new@customer.example",
        "subject": "Your order",
        "text": "Hello!",
    }
    assert scene.channel.address is not None
    assert scene.channel.address in (await maya.browser.get("/conversations/new")).text
    sent = await maya.post("/conversations", data=form)
    page = await maya.browser.get(sent.headers["location"], follow_redirects=True)
    assert "Hello!" in page.text and "Your order" in page.text
    async with sqlite_database.reading() as session:
        message = (await session.scalars(select(Message).where(Message.direction == "outbound"))).one()
    assert message.to[0]["address"] == "new@customer.example"


async def test_a_first_message_that_cannot_be_sent_keeps_its_words(maya: Person, scene: Scene) -> None:
    form = {"channel": scene.channel.public_id, "to": "a@b.example, c@d.example", "text": "Kept"}
    answer = await maya.post("/conversations", data=form)
    assert answer.status_code == 422 and "Kept</textarea>" in answer.text
