"""Answering a customer: the guard, the recipients, what becomes of the case, and what goes into the outbox."""

from datetime import timedelta

from sqlalchemy import select

from inbox.actions.replies import ReplySettings, reply
from inbox.clock import FrozenClock
from inbox.db import Database
from inbox.models import (
    Case,
    Delivery,
    DeliveryState,
    Event,
    Message,
    OutboxEntry,
    Status,
)
from tests.builders import (
    KEYS,
    a_conversation,
    an_agent,
)

SETTINGS = ReplySettings(tokens=KEYS.strand_tokens(), undo_seconds=10)


async def test_a_reply_answers_the_strand_and_waits_in_the_outbox(
    database: Database, clock: FrozenClock
) -> None:
    async with database.transaction() as session:
        scene = await a_conversation(session)
        agent = await an_agent(session)

    async with database.transaction() as session:
        conversation = await session.merge(scene.conversation)
        message = await reply(session, conversation, by=agent, text="It left today.", settings=SETTINGS)

    async with database.reading() as session:
        case = await session.get_one(Case, scene.case.id)
        entry = (await session.scalars(select(OutboxEntry))).one()
        delivery = (await session.scalars(select(Delivery))).one()
        kinds = (await session.scalars(select(Event.kind).order_by(Event.position))).all()
        stored = await session.get_one(Message, message.id)
    assert (case.status, case.waiting_since, case.assignee_id) == (Status.PENDING, None, agent.id)
    assert case.first_replied_at == clock() and case.preview == "It left today."
    assert entry.due_at == clock() + timedelta(seconds=10)
    assert (delivery.address, delivery.state) == (scene.identity.address, DeliveryState.QUEUED)
    assert kinds[2:] == ["message.queued", "case.assigned", "case.pending"]
    assert stored.subject == "Re: Order 48213" and stored.position > scene.messages[0].position
    assert stored.references == [scene.messages[0].external_id]
    assert stored.external_id and scene.strand.public_id in stored.external_id
