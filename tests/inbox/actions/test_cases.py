"""What a case says about itself."""

import asyncio

import pytest
from sqlalchemy import select

from inbox.actions.cases import change, open_case
from inbox.actions.events import recorded
from inbox.db import Database
from inbox.errors import Invalid
from inbox.models import CaseTag, Conversation, EventKind, Priority, Tag
from tests.builders import a_conversation, an_agent


async def test_a_change_is_one_event_that_does_not_quote_the_subject(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        scene = await a_conversation(session)
        agent = await an_agent(session)
        before = len(recorded(session))

        await change(
            session,
            scene.case,
            by=agent,
            subject=" Cracked \n shade ",
            priority=Priority.HIGH,
            tags=["vip", "VIP", "damaged"],
        )
        await change(session, scene.case, by=agent, subject="Cracked shade", tags=["damaged", "vip"])
        await change(session, scene.case, by=agent, tags=["Damaged"])

        assert recorded(session)[before:] == [EventKind.CASE_CHANGED, EventKind.CASE_CHANGED]
        names = select(Tag.name).join(CaseTag, CaseTag.tag_id == Tag.id)
        left = (await session.scalars(names)).all()
        known = (await session.scalars(select(Tag.name).order_by(Tag.name))).all()
    assert (scene.case.subject, scene.case.priority) == ("Cracked shade", Priority.HIGH)
    assert (left, known) == (["damaged"], ["VIP", "damaged"])


async def test_a_subject_is_not_a_novel(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        scene = await a_conversation(session)
        with pytest.raises(Invalid):
            await change(session, scene.case, by=await an_agent(session), subject="x" * 501)
        with pytest.raises(Invalid):
            await change(session, scene.case, by=await an_agent(session), tags=["x" * 81])


async def test_no_two_cases_have_one_number(database: Database) -> None:
    async with database.transaction() as session:
        scene = await a_conversation(session)

    async def opened() -> int:
        async with database.transaction() as session:
            conversation = await session.get_one(Conversation, scene.conversation.id)
            return (await open_case(session, conversation, subject="Again")).number

    numbers = await asyncio.gather(*[opened() for _ in range(10)])

    assert sorted(numbers) == list(range(scene.case.number + 1, scene.case.number + 11))
