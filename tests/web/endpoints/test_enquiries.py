"""Forwarding a message from its menu."""

import re

from sqlalchemy import select

from inbox.db import Database
from inbox.models import Attachment, Message, Strand
from tests.builders import Scene
from tests.web.conftest import Person


def url_of(scene: Scene) -> str:
    return f"/messages/{scene.messages[0].public_id}/enquiries"


async def test_a_message_is_forwarded_from_its_menu(
    maya: Person, scene: Scene, sqlite_database: Database
) -> None:
    async with sqlite_database.transaction() as session:
        file = Attachment(
            message_id=scene.messages[0].id,
            digest="a" * 64,
            filename="x.jpg",
            content_type="image/jpeg",
            size=9,
        )
        session.add(file)
    menu = await maya.browser.get(f"/messages/{scene.messages[0].public_id}/menu")
    assert f'href="{url_of(scene)}"' in menu.text
    form = await maya.browser.get(url_of(scene))
    assert "sees none of it" in form.text and "Forwarded message" in form.text and "x.jpg" in form.text
    answer = await maya.post(
        url_of(scene),
        data={
            "channel": scene.channel.public_id,
            "to_more": "Brass & Co <sales@brass.test>",
            "subject": "Fwd: Order 48213",
            "text": "When can you send another?",
            "forwarded": "The shade is cracked.",
            "carried": file.public_id,
        },
    )
    assert (answer.status_code, answer.headers["location"]) == (303, f"/cases/{scene.case.number}")
    async with sqlite_database.reading() as session:
        strand = (await session.scalars(select(Strand).where(Strand.is_side))).one()
        sent = (await session.scalars(select(Message).where(Message.strand_id == strand.id))).one()
        files = await session.scalars(select(Attachment.filename).where(Attachment.message_id == sent.id))
        assert list(files) == ["x.jpg"]
    shown = await maya.browser.get(f"/cases/{scene.case.number}", follow_redirects=True)
    assert "msg--side" in shown.text and "To supplier" in shown.text
    assert "You write to <b>Brass &amp; Co</b>" in shown.text
    ways = re.findall(rf'<input [^>]*value="{strand.public_id}"[^>]*>', shown.text)
    assert ways, "it can be chosen"
    assert not any("checked" in way for way in ways), "it is never chosen by itself"


async def test_a_forward_that_cannot_leave_keeps_what_was_written(maya: Person, scene: Scene) -> None:
    data = {
        "channel": scene.channel.public_id,
        "to_more": scene.identity.address,
        "subject": "Fwd",
        "text": "Words to keep",
        "forwarded": "",
    }
    answer = await maya.post(url_of(scene), data=data)
    assert answer.status_code == 422
    assert "Words to keep" in answer.text and "is the customer" in answer.text
    nobody = await maya.post(url_of(scene), data=data | {"to_more": ""})
    assert nobody.status_code == 422 and "Say whom" in nobody.text
