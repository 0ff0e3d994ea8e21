"""Two cases of one, one case of two, and both back again."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actions.cases import open_case
from inbox.actions.events import record, write_events
from inbox.actions.splits import join, split
from inbox.actions.undos import latest, undo
from inbox.actors import SYSTEM, Actor
from inbox.clock import FrozenClock
from inbox.db import Database
from inbox.errors import Conflict, Invalid
from inbox.models import (
    ActorKind,
    Agent,
    Case,
    CaseTag,
    Event,
    EventKind,
    Follower,
    Handoff,
    HandoffState,
    Model,
    Note,
    Priority,
    Status,
    Strand,
    Tag,
    TimelineEntry,
)
from inbox.queries.redirects import find_case
from tests.builders import (
    Scene,
    a_conversation,
    an_agent,
    an_inbound_message,
    an_outbound_message,
    another_question,
)


async def two_questions(session: AsyncSession) -> tuple[Scene, Strand]:
    """A case with two strands: two mails about an order, one about a refund."""
    scene = await a_conversation(session, with_messages=2)
    refund = await another_question(session, scene, subject="Refund", text="Money back?")
    await write_events(session)
    return scene, refund


async def rows(session: AsyncSession, *models: type[Model]) -> dict[str, dict[int, dict[str, Any]]]:
    await session.flush()
    found = {}
    for model in models:
        table = model.__table__
        result = await session.execute(select(table))
        found[model.__tablename__] = {row.id: dict(row._mapping) for row in result}
    return found


async def undo_newest(session: AsyncSession, agent: Agent) -> None:
    newest = await latest(session, by=agent)
    assert newest is not None
    await undo(session, newest.public_id, by=agent)


async def entries_of(session: AsyncSession, case: Case) -> set[int | None]:
    query = select(TimelineEntry.message_id).where(
        TimelineEntry.case_id == case.id, TimelineEntry.kind == "message"
    )
    return set(await session.scalars(query))


async def test_a_whole_strand_becomes_a_case_of_its_own(database: Database, clock: FrozenClock) -> None:
    async with database.transaction() as session:
        scene, refund = await two_questions(session)
        agent = await an_agent(session)
        scene.case.assignee_id, scene.case.priority = agent.id, Priority.HIGH
        scene.case.is_private = True
        fresh = await split(session, scene.case, by=agent, strands=[refund])
        assert (fresh.subject, fresh.status, fresh.assignee_id) == ("Refund", Status.OPEN, agent.id)
        assert (fresh.priority, fresh.is_private) == (Priority.HIGH, True)
        assert (fresh.preview, scene.case.preview) == ("Money back?", "Where is my order? (2)")
        assert fresh.waiting_since is not None and scene.case.waiting_since is not None
        assert refund.case_id == fresh.id != scene.case.id == scene.strand.case_id
        assert await entries_of(session, fresh) == {scene.messages[2].id}


async def test_a_message_and_what_follows_in_its_strand_become_a_case(
    database: Database, clock: FrozenClock
) -> None:
    async with database.transaction() as session:
        scene, _ = await two_questions(session)
        agent = await an_agent(session)
        clock.advance(minutes=1)
        answer = await an_outbound_message(session, scene, by=agent, text="Tomorrow")
        await write_events(session)
        fresh = await split(session, scene.case, by=agent, from_message=scene.messages[1])
        assert [m.case_id for m in (*scene.messages, answer)] == [
            scene.case.id,
            fresh.id,
            scene.case.id,
            fresh.id,
        ]
        assert (fresh.status, fresh.waiting_since) == (Status.PENDING, None)
        assert fresh.first_replied_at == answer.created_at
        later = await an_inbound_message(session, scene, case=fresh, text="Thanks")
        assert scene.strand.case_id == later.case_id == fresh.id


async def test_a_split_is_two_facts_and_its_undo_a_third(database: Database, clock: FrozenClock) -> None:
    async with database.transaction() as session:
        scene, refund = await two_questions(session)
        agent = await an_agent(session)
        fresh = await split(session, scene.case, by=agent, strands=[refund])
        await write_events(session)
        await undo_newest(session, agent)
    async with database.reading() as session:
        events = (await session.scalars(select(Event).order_by(Event.position))).all()
        kinds = [event.kind for event in events if event.actor_kind == ActorKind.AGENT]
        assert kinds == [EventKind.CASE_OPENED, EventKind.CASE_SPLIT, EventKind.CASE_JOINED]
        for event in events[-2:]:
            assert set(event.data["cases"]) == {scene.case.number, fresh.number}
            assert event.data["conversations"] == [scene.conversation.public_id]


async def test_undoing_a_split_brings_everything_back_and_what_came_since_too(
    database: Database, clock: FrozenClock
) -> None:
    async with database.transaction() as session:
        scene, refund = await two_questions(session)
        agent = await an_agent(session)
        before = await rows(session, Strand, TimelineEntry)
        fresh = await split(session, scene.case, by=agent, strands=[refund])
        later = await an_inbound_message(session, scene, strand=refund, case=fresh, text="Hello?")
        await write_events(session)
        await undo_newest(session, agent)
        after = await rows(session, Strand, TimelineEntry)
        for id_, entry in before["timeline_entries"].items():
            assert after["timeline_entries"][id_] == entry
        assert after["strands"][refund.id]["case_id"] == later.case_id == scene.case.id
        assert scene.case.preview == "Hello?"
        assert (fresh.joined_into_id, fresh.status) == (scene.case.id, Status.RESOLVED)
        assert fresh.waiting_since is None
        found = await find_case(session, fresh.number, actor=Actor.agent(agent))
        assert found.id == scene.case.id


async def test_nothing_can_be_split_off_that_is_not_there_or_leaves_nothing(
    database: Database, clock: FrozenClock
) -> None:
    async with database.transaction() as session:
        scene, refund = await two_questions(session)
        other = await a_conversation(session)
        agent = await an_agent(session)
        with pytest.raises(Conflict):
            await split(session, scene.case, by=agent, strands=[refund, scene.strand])
        with pytest.raises(Invalid):
            await split(session, scene.case, by=agent, strands=[other.strand])
        with pytest.raises(Invalid):
            await split(session, scene.case, by=agent, from_message=other.messages[0])
        with pytest.raises(Invalid):
            await split(session, scene.case, by=agent)


async def two_cases(session: AsyncSession, agent: Agent) -> tuple[Scene, Case]:
    """A conversation whose refund is a case of its own, with a note, a tag, a follower and an offer."""
    scene, refund = await two_questions(session)
    fresh = await split(session, scene.case, by=agent, strands=[refund])
    tag = Tag(name="money")
    note = Note(
        conversation_id=scene.conversation.id,
        origin_conversation_id=scene.conversation.id,
        case_id=fresh.id,
        author_id=agent.id,
        text="Careful",
    )
    other = await an_agent(session, name="Tomás")
    offer = Handoff(case_id=fresh.id, from_agent_id=agent.id, to_agent_id=other.id, reason="Money")
    session.add_all([tag, note, offer])
    await session.flush()
    session.add_all([CaseTag(case_id=fresh.id, tag_id=tag.id), Follower(case_id=fresh.id, agent_id=agent.id)])
    record(
        session,
        EventKind.NOTE_ADDED,
        actor=Actor.agent(agent),
        conversation=scene.conversation,
        case=fresh,
        note=note,
    )
    await write_events(session)
    return scene, fresh


async def test_a_joined_case_leaves_nothing_behind_and_its_number_leads_on(
    database: Database, clock: FrozenClock
) -> None:
    async with database.transaction() as session:
        agent = await an_agent(session)
        scene, refund = await two_cases(session, agent)
        await join(session, refund, into=scene.case, by=agent)
        assert await entries_of(session, refund) == set()
        assert {message.case_id for message in scene.messages} == {scene.case.id}
        (note,) = await session.scalars(select(Note))
        (tag,) = await session.scalars(select(CaseTag).where(CaseTag.case_id == scene.case.id))
        (offer,) = await session.scalars(select(Handoff))
        assert note.case_id == tag.case_id == offer.case_id == scene.case.id
        assert offer.state == HandoffState.WITHDRAWN
        assert (await find_case(session, refund.number, actor=SYSTEM)).number == scene.case.number


async def test_undoing_a_join_makes_two_cases_again(database: Database, clock: FrozenClock) -> None:
    async with database.transaction() as session:
        agent = await an_agent(session)
        scene, refund = await two_cases(session, agent)
        scene.case.status, scene.case.resolved_at = Status.RESOLVED, clock()
        refund.assignee_id, refund.is_private, refund.priority = agent.id, True, Priority.URGENT
        models = (Case, Strand, Note, TimelineEntry, CaseTag, Follower)
        before = await rows(session, *models)
        await join(session, refund, into=scene.case, by=agent)
        await session.refresh(scene.case)
        reopened = await session.get_one(Case, scene.case.id)
        assert reopened.status == Status.OPEN and reopened.resolved_at is None
        assert (scene.case.assignee_id, scene.case.priority) == (agent.id, Priority.URGENT)
        assert scene.case.is_private
        await undo_newest(session, agent)
        after = await rows(session, *models)
        for table, stood in before.items():
            assert {id_: after[table].get(id_) for id_ in stood} == stood
            assert table == "timeline_entries" or set(after[table]) == set(stood)


async def test_cases_that_cannot_be_one_are_not_joined(database: Database, clock: FrozenClock) -> None:
    async with database.transaction() as session:
        agent = await an_agent(session)
        scene, refund = await two_cases(session, agent)
        other = await a_conversation(session)
        spam = await open_case(session, scene.conversation, subject="", status=Status.SPAM)
        for case, into in ((refund, refund), (refund, other.case), (refund, spam), (spam, refund)):
            with pytest.raises(Conflict):
                await join(session, case, into=into, by=agent)
        await join(session, refund, into=scene.case, by=agent)
        with pytest.raises(Conflict):
            await join(session, refund, into=scene.case, by=agent)


async def test_a_join_that_was_overtaken_is_not_undone(database: Database, clock: FrozenClock) -> None:
    async with database.transaction() as session:
        agent = await an_agent(session)
        scene, refund = await two_cases(session, agent)
        third = await open_case(session, scene.conversation, subject="Third")
        await join(session, refund, into=scene.case, by=agent)
        first = await latest(session, by=agent)
        assert first is not None
        await join(session, scene.case, into=third, by=agent)
        with pytest.raises(Conflict):
            await undo(session, first.public_id, by=agent)
