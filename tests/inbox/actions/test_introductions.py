"""Whoever hands a case on can tell the customer, who waits for an answer as before."""

import pytest
from sqlalchemy import select

from inbox.actions.handoffs import accept, offer
from inbox.actions.introductions import introduce
from inbox.actions.replies import ReplySettings
from inbox.actions.undos import latest, undo
from inbox.db import Database
from inbox.errors import Conflict
from inbox.models import Agent, Case, DeliveryState, Draft, Handoff, Message, Status
from tests.builders import KEYS, Scene, a_conversation, a_webchat_channel, an_agent

SETTINGS = ReplySettings(tokens=KEYS.strand_tokens())
TEXT = "Let me bring in Priya, who looks after bespoke work."


async def told_and_offered(database: Database, scene: Scene, by: Agent, to: Agent) -> tuple[Message, Handoff]:
    async with database.transaction() as session:
        case = await session.get_one(Case, scene.case.id)
        told = await introduce(session, case, text=TEXT, by=by, settings=SETTINGS)
        handoff = await offer(session, case, to=to, by=by, reason="Bespoke", introduction=told)
    return told, handoff


async def test_a_customer_who_is_told_waits_on_for_their_answer(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        maya, priya = await an_agent(session), await an_agent(session, name="Priya Nair")
        scene = await a_conversation(session, channel=await a_webchat_channel(session), assignee=maya)
        before = scene.case.waiting_since
    told, handoff = await told_and_offered(sqlite_database, scene, maya, priya)
    async with sqlite_database.transaction() as session:
        await accept(session, await session.get_one(Handoff, handoff.id), by=priya)

    async with sqlite_database.reading() as session:
        case, message = await session.get_one(Case, scene.case.id), await session.get_one(Message, told.id)
    assert (message.text, message.author_agent_id, message.strand_id) == (TEXT, maya.id, scene.strand.id)
    assert before is not None and case.waiting_since == before
    assert (case.status, case.first_replied_at, case.assignee_id) == (Status.OPEN, None, priya.id)


async def test_taking_the_handoff_back_takes_back_a_mail_that_has_not_left(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        maya, priya = await an_agent(session), await an_agent(session, name="Priya Nair")
        scene = await a_conversation(session, assignee=maya)
    told, _ = await told_and_offered(sqlite_database, scene, maya, priya)
    async with sqlite_database.transaction() as session:
        remembered = await latest(session, by=maya)
        assert remembered is not None
        await undo(session, remembered.public_id, by=maya)

    async with sqlite_database.reading() as session:
        message = await session.get_one(Message, told.id)
        drafts = (await session.scalars(select(Draft))).all()
    assert message.delivery == DeliveryState.CANCELLED and not drafts, "it was not written in the composer"


async def test_nobody_is_told_where_the_case_is_finished(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        maya = await an_agent(session)
        scene = await a_conversation(session, assignee=maya, status=Status.RESOLVED)
        with pytest.raises(Conflict):
            await introduce(session, scene.case, text=TEXT, by=maya, settings=SETTINGS)
