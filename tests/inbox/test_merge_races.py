"""Mail that arrives while agents merge and undo: nothing is lost, and nothing stands in an emptied thread."""

import asyncio
import hashlib

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from inbox.actions.merges import merge, undo_merge
from inbox.actions.messages import FilingRules, receive
from inbox.db import Database
from inbox.envelopes import Address, ChannelKind, InboundMessage
from inbox.errors import Conflict
from inbox.models import (
    Case,
    Channel,
    Conversation,
    Customer,
    IntakeRecord,
    Merge,
    Message,
    Strand,
    TimelineEntry,
)
from inbox.placements import Arrival
from tests.builders import KEYS, Scene, a_conversation, a_customer, a_mailbox_channel, an_agent, an_identity

PEOPLE = 4
MAILS_EACH = 6


async def file_mail(database: Database, scene: Scene, subject: str) -> None:
    """File one mail as the intake desk does: again, where another was faster."""
    digest = hashlib.sha256(subject.encode()).hexdigest()
    for _ in range(5):
        try:
            async with database.transaction() as session:
                channel = await session.get_one(Channel, scene.channel.id)
                row = IntakeRecord(channel_id=channel.id, digest=digest, size=1, source="ingest")
                session.add(row)
                await session.flush()
                inbound = InboundMessage(
                    channel=ChannelKind.EMAIL,
                    sender=Address(scene.identity.address),
                    content_hash=digest,
                    external_id=digest,
                    subject=subject,
                    text="Hello",
                    mailbox=channel.address,
                )
                arrival = Arrival(record_id=row.id, channel=channel, message=inbound)
                await receive(session, [arrival], FilingRules(tokens=KEYS.strand_tokens()))
        except IntegrityError:
            continue
        return
    raise AssertionError("five times another was faster")


async def merge_and_undo(database: Database, one: Customer, other: Customer, number: int) -> None:
    """What an agent does who is sometimes told that somebody else was faster."""
    try:
        async with database.transaction() as session:
            customer, into = (
                await session.get_one(Customer, one.id),
                await session.get_one(Customer, other.id),
            )
            agent = await an_agent(session, name=f"Agent {number}")
            done = await merge(session, customer, into=into, by=agent)
        async with database.transaction() as session:
            await undo_merge(session, await session.get_one(Merge, done.id), by=agent)
    except Conflict:
        return


async def test_mail_that_arrives_while_customers_are_merged_and_parted_stands_in_one_place(
    database: Database,
) -> None:
    async with database.transaction() as session:
        mailbox = await a_mailbox_channel(session)
        scenes = []
        for number in range(PEOPLE):
            customer = await a_customer(session)
            identity = await an_identity(session, customer, f"person{number}@mail.example")
            scenes.append(
                await a_conversation(session, customer=customer, identity=identity, channel=mailbox)
            )

    mails = [
        file_mail(database, scene, f"{scene.identity.address} {number}")
        for number in range(MAILS_EACH)
        for scene in scenes
    ]
    merges = [
        merge_and_undo(database, scenes[n % PEOPLE].customer, scenes[(n + 1) % PEOPLE].customer, n)
        for n in range(8)
    ]
    await asyncio.gather(*mails, *merges)

    async with database.reading() as session:
        messages = (await session.scalars(select(Message))).all()
        assert len(messages) == PEOPLE * (MAILS_EACH + 1)
        for message in messages:
            entries = select(TimelineEntry).where(TimelineEntry.message_id == message.id)
            places: list[Strand | Case | TimelineEntry] = [
                await session.get_one(Strand, message.strand_id),
                await session.get_one(Case, message.case_id),
                (await session.scalars(entries)).one(),
            ]
            assert {place.conversation_id for place in places} == {message.conversation_id}
            conversation = await session.get_one(Conversation, message.conversation_id)
            assert conversation.merged_into_id is None
