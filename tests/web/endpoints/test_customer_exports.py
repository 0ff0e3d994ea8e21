"""What is stored about one customer, as a file."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from sqlalchemy import select

from inbox.actions import notes
from inbox.actions.calls import log_call
from inbox.db import Database
from inbox.envelopes import SpokenKind
from inbox.models import Attachment, Case, Conversation, Customer, Message, Tag
from inbox.models.privacy import AuditEntry
from inbox.queries import customer_exports
from tests.builders import Scene
from tests.web.conftest import Person


async def test_an_admin_takes_out_what_a_customer_has_a_right_to_read(
    ada: Person, maya: Person, scene: Scene, sqlite_database: Database
) -> None:
    async with sqlite_database.transaction() as session:
        conversation = await session.get_one(Conversation, scene.conversation.id)
        case = await session.get_one(Case, scene.case.id)
        await notes.add_note(session, conversation, by=maya.agent, text="A marker inside", case=case)
        customer = await session.get_one(Customer, scene.customer.id)
        await log_call(
            session, customer, by=maya.agent, kind=SpokenKind.PHONE, is_inbound=True, text="A marker said"
        )
        session.add(
            Attachment(
                message_id=scene.messages[0].id,
                filename="lamp.png",
                content_type="image/png",
                digest="a" * 64,
                size=9,
            )
        )
    url = f"/customers/{scene.customer.public_id}"
    assert "Export data" in (await ada.browser.get(url)).text
    assert "Export data" not in (await maya.browser.get(url)).text
    assert (await maya.post(f"{url}/export")).status_code == 403

    answer = await ada.post(f"{url}/export")

    assert answer.headers["content-disposition"].startswith('attachment; filename="customer-')
    exported = answer.json()
    assert exported["customer"]["id"] == scene.customer.public_id
    assert [one["id"] for one in exported["messages"]] == [one.public_id for one in scene.messages]
    assert exported["attachments"][0]["filename"] == "lamp.png"
    assert exported["attachments"][0]["message_id"] == scene.messages[0].public_id
    assert {one["number"] for one in exported["cases"]} >= {scene.case.number}
    assert "marker" not in answer.text, "that is the team's"
    async with sqlite_database.reading() as session:
        noted = (await session.scalars(select(AuditEntry))).all()[-1]
    assert (noted.kind, noted.subject) == ("customer.exported", f"customer {scene.customer.public_id}")


async def test_nobody_waits_for_a_long_one(
    ada: Person, scene: Scene, sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = customer_exports.messages

    async def at_leisure(*args: Any) -> AsyncIterator[Sequence[Message]]:
        async for rows in read(*args):
            async with asyncio.timeout(5), sqlite_database.transaction() as session:
                session.add(Tag(name="meanwhile"))
            yield rows

    monkeypatch.setattr(customer_exports, "messages", at_leisure)

    answer = await ada.post(f"/customers/{scene.customer.public_id}/export")

    assert [one["id"] for one in answer.json()["messages"]] == [one.public_id for one in scene.messages]
