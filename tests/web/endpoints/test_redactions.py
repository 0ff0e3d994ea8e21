"""Words are chosen, what that reaches is shown, and then they are gone."""

from sqlalchemy import select

from inbox.db import Database
from inbox.models import AuditEntry, Message
from tests.builders import Scene
from tests.web.conftest import ADDRESS, Person

CARD = "4111 1111 1111 1111"


async def a_card(database: Database, scene: Scene) -> Message:
    async with database.transaction() as session:
        message = await session.get_one(Message, (await session.scalars(select(Message.id).limit(1))).one())
        message.text = f"My card is {CARD} <b>"
    return message


async def test_a_card_is_offered_confirmed_and_removed(
    maya: Person, scene: Scene, sqlite_database: Database
) -> None:
    message = await a_card(sqlite_database, scene)
    url = f"/messages/{message.public_id}/redaction"
    thread = f"/cases/{scene.case.number}"
    assert url in (await maya.browser.get(f"/messages/{message.public_id}/menu")).text
    choosing = (await maya.browser.get(url)).text
    assert f'name="found" value="{CARD}" checked' in choosing and "&lt;b&gt;" in choosing

    form = {"scope": "words", "found": CARD, "words": "", "reason": "They asked"}
    asked = await maya.post(url, data=form)
    assert asked.status_code == 200 and "Remove for good" in asked.text and CARD in asked.text
    changing = (await maya.post(url, data=form | {"confirmed": "change"})).text
    assert f'name="found" value="{CARD}" checked' in changing and "They asked" in changing
    async with sqlite_database.reading() as session:
        assert CARD in (await session.get_one(Message, message.id)).text

    done = await maya.post(url, data=form | {"confirmed": "yes"})

    assert done.headers["location"] == thread
    async with sqlite_database.reading() as session:
        assert (await session.get_one(Message, message.id)).text == "My card is [removed] <b>"
        entry = (await session.scalars(select(AuditEntry))).one()
    assert (entry.agent_id, entry.origin, entry.reason) == (maya.agent.id, ADDRESS, "They asked")
    assert CARD not in (await maya.browser.get(f"/conversations/{scene.conversation.public_id}")).text


async def test_what_does_not_stand_there_and_a_missing_reason_are_said(
    maya: Person, scene: Scene, sqlite_database: Database
) -> None:
    message = await a_card(sqlite_database, scene)
    url = f"/messages/{message.public_id}/redaction"
    for form, problem in (
        ({"words": "nowhere at all", "reason": "x"}, "do not stand"),
        ({"words": CARD, "reason": ""}, "Say why"),
        ({"words": "ab", "reason": "x"}, "at least 4 characters"),
    ):
        answer = await maya.post(url, data={"scope": "words", **form})
        assert answer.status_code == 422 and problem in answer.text


async def test_a_program_removes_a_whole_message(
    maya: Person, scene: Scene, sqlite_database: Database
) -> None:
    message = await a_card(sqlite_database, scene)
    url = f"/api/v1/messages/{message.public_id}/redact"
    answer = await maya.program.post(url, json={"whole": True, "reason": "Sent by mistake"})
    assert answer.status_code == 200 and answer.json()["text"] == "[removed]"
    assert (await maya.program.post(url, json={"words": ["gone already"], "reason": "x"})).status_code == 422


async def test_admins_read_the_audit_and_take_it_with_them(
    maya: Person, ada: Person, scene: Scene, sqlite_database: Database
) -> None:
    message = await a_card(sqlite_database, scene)
    form = {"words": CARD, "reason": "=HYPERLINK(1)", "confirmed": "yes"}
    await maya.post(f"/messages/{message.public_id}/redaction", data=form)

    page = (await ada.browser.get(f"/settings/audit?kind=message.redacted&agent={maya.agent.public_id}")).text
    assert "Words removed" in page and "Maya Okafor" in page and ADDRESS in page
    none = (await ada.browser.get("/settings/audit?until=2001-01-01")).text
    assert "Nothing stands here yet." in none
    table = await ada.post("/settings/audit/export", data={"kind": "message.redacted"})
    assert table.headers["content-type"] == "text/csv; charset=utf-8"
    assert '"\'=HYPERLINK(1)"' in table.text and CARD not in table.text
    assert "Audit exported" in (await ada.browser.get("/settings/audit")).text
    assert (await maya.browser.get("/settings/audit")).status_code == 403
