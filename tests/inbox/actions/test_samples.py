"""Taking the sample away: nothing of it stays, and nothing else goes."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text

from inbox import clock
from inbox.actions import assignments, drafts, handoffs, notes, replies, resolutions, samples
from inbox.actions.merges import merge
from inbox.actions.queueing import ReplySettings
from inbox.actors import SYSTEM, Actor
from inbox.db import Database
from inbox.envelopes import ChannelKind
from inbox.errors import NotPermitted
from inbox.models import Case, Channel, Conversation, Customer, Message, Model, Strand
from inbox.queries.samples import Samples, sample_channels
from tests.builders import KEYS, Scene, a_conversation, an_agent

KEPT = {"agents", "events", "event_counter", "case_numbers", "alembic_version", "undos"}


@pytest.fixture
async def sample(database: Database) -> Samples:
    async with database.transaction() as session:
        return await samples.add_samples(
            session, by=SYSTEM, keys=KEYS, origin="http://desk.test", thanks_page="/try"
        )


async def counts(database: Database) -> dict[str, int]:
    """How many rows each table has, but for those that outlive a sample."""
    async with database.reading() as session:
        tables = [table for table in Model.metadata.sorted_tables if table.name not in KEPT]
        return {
            table.name: await session.scalar(select(func.count()).select_from(table)) or 0 for table in tables
        }


async def a_sample_conversation(database: Database, sample: Samples, **more: Any) -> Scene:
    async with database.transaction() as session:
        mailbox = await session.get_one(Channel, sample.mailbox.id)
        return await a_conversation(session, channel=mailbox, with_messages=2, **more)


async def work_on(database: Database, scene: Scene) -> None:
    """Everything that agents do with a conversation."""
    async with database.transaction() as session:
        maya, tomas = await an_agent(session), await an_agent(session)
        case = await session.get_one(Case, scene.case.id)
        conversation = await session.get_one(Conversation, scene.conversation.id)
        await assignments.assign(session, case, to=maya, by=maya)
        await notes.add_note(session, conversation, by=maya, text=f"Look, @{tomas.name}")
        await handoffs.offer(session, case, to=tomas, by=maya, reason="He knows")
        await drafts.save_draft(session, conversation, by=tomas, kind="reply", text="Dear")
        settings = ReplySettings(tokens=KEYS.strand_tokens(), undo_seconds=0)
        await replies.reply(session, conversation, by=maya, text="Here you are", settings=settings)
        until = clock.now() + timedelta(hours=1)
        await resolutions.snooze(session, case, until=until, by=maya)


async def test_everything_that_came_by_the_sample_goes(database: Database, sample: Samples) -> None:
    await work_on(database, await a_sample_conversation(database, sample))

    async with database.transaction() as session:
        gone = await samples.remove_samples(session, by=SYSTEM)

    assert gone == 1
    assert {name: count for name, count in (await counts(database)).items() if count} == {}


async def test_whoever_wrote_to_a_real_channel_stays_untouched(database: Database, sample: Samples) -> None:
    async with database.transaction() as session:
        real = await a_conversation(session, with_messages=3)
    await work_on(database, real)
    before = await counts(database)
    await a_sample_conversation(database, sample)

    async with database.transaction() as session:
        await samples.remove_samples(session, by=SYSTEM)

    after = await counts(database)
    assert after == before | {"channels": before["channels"] - 3}


async def test_a_customer_joined_with_a_real_one_stays_with_all_messages(
    database: Database, sample: Samples
) -> None:
    scene = await a_sample_conversation(database, sample)
    async with database.transaction() as session:
        real = await a_conversation(session, with_messages=1)
        customer = await session.get_one(Customer, scene.customer.id)
        await merge(session, customer, into=real.customer, by=SYSTEM, on_proof=True)

    async with database.transaction() as session:
        gone = await samples.remove_samples(session, by=SYSTEM)

    assert gone == 0
    async with database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Message)) == 3
        channels = {channel.id: channel for channel in await session.scalars(select(Channel))}
    assert set(channels) == {real.channel.id, sample.mailbox.id}
    assert channels[sample.mailbox.id].deactivated_at is not None
    assert await sample_of(database) is None


async def test_two_of_the_sample_that_were_joined_go_together(database: Database, sample: Samples) -> None:
    one = await a_sample_conversation(database, sample)
    other = await a_sample_conversation(database, sample)
    async with database.transaction() as session:
        into = await session.get_one(Customer, other.customer.id)
        await merge(
            session, await session.get_one(Customer, one.customer.id), into=into, by=SYSTEM, on_proof=True
        )

    async with database.transaction() as session:
        gone = await samples.remove_samples(session, by=SYSTEM)

    assert gone == 2
    assert (await counts(database))["customers"] == 0


async def test_a_strand_that_was_moved_to_a_real_customer_keeps_where_it_came_from(
    database: Database, sample: Samples
) -> None:
    scene = await a_sample_conversation(database, sample)
    async with database.transaction() as session:
        real = await a_conversation(session, with_messages=1)
        strand = await session.get_one(Strand, scene.strand.id)
        strand.conversation_id = real.conversation.id

    async with database.transaction() as session:
        gone = await samples.remove_samples(session, by=SYSTEM)

    assert gone == 0
    async with database.reading() as session:
        assert await session.get(Strand, scene.strand.id) is not None
        assert await session.get(Conversation, scene.conversation.id) is not None


async def test_no_reference_to_nothing_is_left(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        made = await samples.add_samples(
            session, by=SYSTEM, keys=KEYS, origin="http://desk.test", thanks_page="/try"
        )
    await work_on(sqlite_database, await a_sample_conversation(sqlite_database, made))

    async with sqlite_database.transaction() as session:
        await samples.remove_samples(session, by=SYSTEM)

    async with sqlite_database.reading() as session:
        assert (await session.execute(text("PRAGMA foreign_key_check"))).all() == []


async def test_adding_it_again_answers_what_is_there(database: Database, sample: Samples) -> None:
    async with database.transaction() as session:
        again = await samples.add_samples(
            session, by=SYSTEM, keys=KEYS, origin="http://desk.test", thanks_page="/try"
        )

    assert again.form.public_key == sample.form.public_key
    assert {again.mailbox.kind, again.chat.kind} == {ChannelKind.EMAIL, ChannelKind.WEBCHAT}


async def test_an_agent_cannot_take_it_away(database: Database, sample: Samples) -> None:
    with pytest.raises(NotPermitted):
        async with database.transaction() as session:
            maya = await an_agent(session)
            await samples.remove_samples(session, by=Actor.agent(maya))


async def sample_of(database: Database) -> Samples | None:
    async with database.reading() as session:
        return await sample_channels(session)
