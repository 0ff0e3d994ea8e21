"""Nobody hears from whom an agent has blocked, and nothing of theirs is lost."""

import pytest
from sqlalchemy import select

from inbox import clock as product_clock
from inbox.actions import blocks, merges
from inbox.clock import FrozenClock
from inbox.db import Database
from inbox.envelopes import Address
from inbox.errors import Conflict
from inbox.models import AuditEntry, Case, Customer, Event, EventKind, Identity, Message, Status
from tests.web.live.stage import Stage, set_stage


async def newest(stage: Stage) -> tuple[Message, Case]:
    async with stage.database.reading() as session:
        message = (await session.scalars(select(Message).order_by(Message.id.desc()).limit(1))).one()
        return message, await session.get_one(Case, message.case_id)


async def block(stage: Stage, **more: object) -> None:
    async with stage.act() as session:
        customer = await stage.now(session, stage.scene.customer)
        if "identity" in more:
            more["identity"] = await stage.now(session, stage.scene.identity)
        await blocks.block(session, customer, by=stage.maya, **more)  # type: ignore[arg-type]


async def test_what_a_blocked_customer_sends_is_kept_as_spam_and_wakes_nobody(
    sqlite_database: Database, clock: FrozenClock
) -> None:
    stage = await set_stage(sqlite_database, clock)
    await block(stage)
    _, before = await newest(stage)
    await stage.receive("Still there?", references=(stage.scene.messages[0].external_id,))
    await stage.receive("A new matter", references=())

    message, case = await newest(stage)
    assert (message.is_spam, case.status, case.waiting_since) == (True, Status.SPAM, None)
    async with sqlite_database.reading() as session:
        standing = await session.get_one(Case, stage.scene.case.id)
        spam = select(Message.id).where(Message.case_id == standing.id, Message.is_spam)
        assert len((await session.scalars(spam)).all()) == 1
    assert (standing.status, standing.preview, standing.last_message_at) == (
        before.status,
        before.preview,
        before.last_message_at,
    )


async def test_a_resolved_case_is_not_reopened_by_them(sqlite_database: Database, clock: FrozenClock) -> None:
    stage = await set_stage(sqlite_database, clock)
    await block(stage)
    async with stage.act() as session:
        case = await stage.case(session)
        case.status, case.resolved_at = Status.RESOLVED, product_clock.now()
    await stage.receive("Hello", references=(stage.scene.messages[0].external_id,))
    async with sqlite_database.reading() as session:
        assert (await session.get_one(Case, stage.scene.case.id)).status == Status.RESOLVED
    assert (await newest(stage))[1].status == Status.SPAM


async def test_one_address_alone_is_blocked(sqlite_database: Database, clock: FrozenClock) -> None:
    stage = await set_stage(sqlite_database, clock)
    async with stage.act() as session:
        other = Identity(
            customer_id=stage.scene.customer.id, kind="email", address="ana@home.example", proof="received"
        )
        session.add(other)
    await block(stage, identity=True)
    await stage.receive("From work")
    assert (await newest(stage))[0].is_spam
    await stage.receive("From home", sender=Address("ana@home.example"))
    message, case = await newest(stage)
    assert (message.is_spam, case.status) == (False, Status.OPEN)


async def test_a_block_is_undone_with_what_it_judged(sqlite_database: Database, clock: FrozenClock) -> None:
    stage = await set_stage(sqlite_database, clock)
    await block(stage, with_cases=True, reason="Abuse")
    with pytest.raises(Conflict):
        await block(stage)
    async with sqlite_database.reading() as session:
        assert (await session.get_one(Case, stage.scene.case.id)).status == Status.SPAM
        assert [one.reason for one in await session.scalars(select(AuditEntry))] == ["Abuse"]

    await stage.undo()

    async with sqlite_database.reading() as session:
        assert (await session.get_one(Case, stage.scene.case.id)).status == Status.OPEN
        customer = await session.get_one(Customer, stage.scene.customer.id)
        assert await blocks.standing_blocks(session, customer) == []
        both = (EventKind.CUSTOMER_BLOCKED, EventKind.CUSTOMER_UNBLOCKED)
        kinds = select(Event.kind).where(Event.kind.in_(both))
        assert len((await session.scalars(kinds)).all()) == 2
    await stage.receive("Thanks")
    assert not (await newest(stage))[0].is_spam


async def test_a_block_goes_with_whoever_is_merged_and_comes_back(
    sqlite_database: Database, clock: FrozenClock
) -> None:
    stage = await set_stage(sqlite_database, clock)
    other = await stage.other_scene()
    await block(stage)
    async with stage.act() as session:
        mine, theirs = [await stage.now(session, one.customer) for one in (stage.scene, other)]
        merge = await merges.merge(session, mine, into=theirs, by=stage.maya)
        assert await blocks.standing_blocks(session, theirs)
        await merges.undo_merge(session, merge, by=stage.maya)
        await session.refresh(theirs)
        assert await blocks.standing_blocks(session, theirs) == []
        assert await blocks.standing_blocks(session, mine)
