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
from inbox.models import (
    Block,
    Case,
    Channel,
    Conversation,
    Customer,
    Message,
    Model,
    Notification,
    PassedOn,
    Rating,
    Strand,
    Submission,
    SuppressedAddress,
    Sweep,
    UnseenReply,
)
from inbox.queries.samples import Samples, sample_channels
from tests.builders import (
    KEYS,
    Scene,
    a_conversation,
    a_mailbox_channel,
    a_strand,
    an_agent,
    an_outbound_message,
)

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


def test_every_table_that_points_to_what_goes_is_thought_of() -> None:
    rows = (*samples._around((), ()), *samples._words(()), *samples._people((), ()))
    going = {model.__tablename__ for model, _ in rows}
    of_channels = {"channels", "intake_records", "sweeps", "submissions", "message_sources"}
    letting_go = {model.__tablename__ for model in samples.LETTING_GO}
    thought_of = going | of_channels | letting_go
    forgotten = {
        table.name: key.target_fullname
        for table in Model.metadata.sorted_tables
        for key in table.foreign_keys
        if key.column.table.name in going | of_channels and key.ondelete is None
        if table.name not in thought_of
    }

    assert not forgotten


async def test_what_came_by_its_form_goes_with_it(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        sample = await samples.add_samples(
            session, by=SYSTEM, keys=KEYS, origin="http://desk.test", thanks_page="/try"
        )
    scene = await a_sample_conversation(sqlite_database, sample)
    async with sqlite_database.transaction() as session:
        agent = await an_agent(session)
        message, case = scene.messages[0].id, scene.case.id
        sweep = Sweep(channel_id=sample.form.id, agent_id=agent.id, since=clock.now())
        session.add(sweep)
        await session.flush()
        session.add_all(
            [
                Submission(
                    message_id=message, channel_id=sample.form.id, network="x", sweep_id=sweep.id,
                    created_at=clock.now(),
                ),
                Notification(agent_id=agent.id, key="k", kind="assigned", case_id=case),
                Rating(case_id=case, identity_id=scene.identity.id, score=5),
                Block(customer_id=scene.customer.id, agent_id=agent.id),
                SuppressedAddress(address="a@b.example", reason="bounced", message_id=message),
                PassedOn(
                    message_id=message, agent_id=agent.id, state="asked", original_key="x" * 64,
                    as_it_came={}, original={},
                ),
                UnseenReply(message_id=message, due_at=clock.now()),
            ]
        )  # fmt: skip
        await samples.remove_samples(session, by=SYSTEM)

    assert {name: rows for name, rows in (await counts(sqlite_database)).items() if rows} == {
        "suppressed_addresses": 1,
    }


async def test_a_mailbox_that_answered_what_stays_is_switched_off(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        sample = await samples.add_samples(
            session, by=SYSTEM, keys=KEYS, origin="http://desk.test", thanks_page="/try"
        )
        form = await session.get_one(Channel, sample.form.id)
        scene = await a_conversation(session, channel=form)
        answer = await an_outbound_message(session, scene, by=await an_agent(session))
        answer.channel_id = sample.mailbox.id
        await a_strand(session, scene.conversation, await a_mailbox_channel(session))

    async with sqlite_database.transaction() as session:
        await samples.remove_samples(session, by=SYSTEM)

    async with sqlite_database.reading() as session:
        left = {one.name: one.deactivated_at for one in await session.scalars(select(Channel))}
        assert left["Sample mailbox"] and left["Sample form"] and "Sample chat" not in left


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
