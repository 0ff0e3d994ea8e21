"""A visitor asks for their data to be deleted."""

from sqlalchemy import select

from inbox.actions.erasures import TAG, ask_erasure
from inbox.actions.identities import prove_email
from inbox.db import Database
from inbox.models import CaseTag, Event, EventKind, Tag
from tests.builders import a_conversation, a_customer, a_webchat_channel


async def test_the_event_says_whether_anything_proves_who_asks(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        chat = await a_webchat_channel(session)
        stranger = await a_conversation(session, customer=await a_customer(session), channel=chat)
        known = await a_conversation(session, customer=await a_customer(session), channel=chat)
        await prove_email(session, known.identity, "ines@norte.example")
        for scene in (stranger, known):
            await ask_erasure(session, scene.identity, scene.messages[0])
    async with sqlite_database.reading() as session:
        asked = await session.scalars(
            select(Event).where(Event.kind == EventKind.CUSTOMER_ASKED_ERASURE).order_by(Event.id)
        )
        tagged = await session.scalars(
            select(CaseTag.case_id).join(Tag, Tag.id == CaseTag.tag_id).where(Tag.name == TAG)
        )
        assert [event.data["proved"] for event in asked] == [False, True]
        assert set(tagged) == {stranger.case.id, known.case.id}
