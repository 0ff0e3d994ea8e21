"""Joining two customers, and taking it back."""

import asyncio

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actions.cases import open_case
from inbox.actions.events import record, write_events
from inbox.actions.merges import merge, undo_merge
from inbox.actors import SYSTEM, Actor
from inbox.db import Database
from inbox.errors import Conflict, NotFound, NotPermitted
from inbox.models import (
    Case,
    Claim,
    ClaimState,
    Customer,
    Draft,
    Event,
    EventKind,
    Identity,
    Mark,
    Merge,
    Message,
    Note,
    Strand,
    Suggestion,
    SuggestionKind,
    SuggestionState,
    TimelineEntry,
)
from inbox.queries.redirects import find_conversation, find_customer
from tests.builders import (
    Scene,
    a_conversation,
    a_customer,
    a_webchat_channel,
    an_agent,
    an_inbound_message,
    an_outbound_message,
)


async def two_people(session: AsyncSession) -> tuple[Scene, Scene]:
    """Ana, who wrote by mail, and somebody who chatted."""
    ana = await a_conversation(session, with_messages=2)
    visitor = await a_conversation(
        session,
        customer=await a_customer(session, name="Visitor 12AB"),
        channel=await a_webchat_channel(session),
        subject="",
        text="Hello?",
    )
    return visitor, ana


async def test_everything_of_the_merged_customer_stands_in_the_kept_thread_by_its_time(
    database: Database,
) -> None:
    async with database.transaction() as session:
        visitor, ana = await two_people(session)
        agent = await an_agent(session)
        later = await an_inbound_message(session, ana, text="Any news?")
        await merge(session, visitor.customer, into=ana.customer, by=agent)
    async with database.reading() as session:
        entries = select(Message.text).join(TimelineEntry, TimelineEntry.message_id == Message.id)
        entries = entries.where(TimelineEntry.conversation_id == ana.conversation.id)
        texts = list(await session.scalars(entries.order_by(TimelineEntry.position)))
        assert texts == ["Where is my order?", "Where is my order? (2)", "Hello?", later.text]
        rows: list[Strand | Case] = [
            await session.get_one(Strand, visitor.strand.id),
            await session.get_one(Case, visitor.case.id),
        ]
        for moved in rows:
            assert moved.conversation_id == ana.conversation.id
            assert moved.origin_conversation_id == visitor.conversation.id
        identity = await session.get_one(Identity, visitor.identity.id)
        assert (identity.customer_id, identity.origin_customer_id) == (ana.customer.id, visitor.customer.id)


async def test_old_ids_lead_to_the_kept_customer_and_conversation(database: Database) -> None:
    async with database.transaction() as session:
        visitor, ana = await two_people(session)
        third = await a_conversation(session)
        agent = await an_agent(session)
        await merge(session, visitor.customer, into=ana.customer, by=agent)
        await merge(session, ana.customer, into=third.customer, by=agent)
    async with database.reading() as session:
        assert (await find_conversation(session, visitor.conversation.public_id)).id == third.conversation.id
        assert (await find_customer(session, visitor.customer.public_id)).id == third.customer.id
        with pytest.raises(NotFound):
            await find_customer(session, "nobody")


async def test_a_merge_is_one_event_that_names_both_threads(database: Database) -> None:
    async with database.transaction() as session:
        visitor, ana = await two_people(session)
        agent = await an_agent(session)
        merged = await merge(session, visitor.customer, into=ana.customer, by=agent)
    async with database.reading() as session:
        (event,) = await session.scalars(select(Event).where(Event.kind == EventKind.CUSTOMER_MERGED))
        assert (event.conversation_id, event.actor_id) == (ana.conversation.id, agent.id)
        assert event.data["merge"] == merged.public_id
        assert set(event.data["conversations"]) == {
            ana.conversation.public_id,
            visitor.conversation.public_id,
        }


async def test_the_kept_customers_words_win_and_gaps_are_filled_until_the_undo(database: Database) -> None:
    async with database.transaction() as session:
        visitor, ana = await two_people(session)
        agent = await an_agent(session)
        ana.customer.attributes = {"plan": "gold", "city": ""}
        visitor.customer.attributes = {"plan": "free", "city": "Porto", "size": 3}
        visitor.customer.company, visitor.customer.marks = "Sousa Lda", [Mark.SHARED]
        done = await merge(session, visitor.customer, into=ana.customer, by=agent)
        kept = ana.customer
        assert (kept.name, kept.company, kept.marks) == ("Ana Sousa", "Sousa Lda", [Mark.SHARED])
        assert kept.attributes == {"plan": "gold", "city": "", "size": 3}
        kept.attributes = kept.attributes | {"note": "an agent wrote this meanwhile"}
        await undo_merge(session, done, by=agent)
        assert kept.attributes == {"plan": "gold", "city": "", "note": "an agent wrote this meanwhile"}
        assert (kept.company, kept.marks) == ("", [])


async def test_a_merge_answers_the_question_whether_these_two_are_one(database: Database) -> None:
    async with database.transaction() as session:
        visitor, ana = await two_people(session)
        agent = await an_agent(session)
        asked = Suggestion(
            kind=SuggestionKind.CLAIM,
            customer_id=visitor.customer.id,
            other_customer_id=ana.customer.id,
            conversation_id=visitor.conversation.id,
        )
        claim = Claim(
            customer_id=visitor.customer.id, kind="email", address=ana.identity.address, source="webchat"
        )
        session.add_all([asked, claim])
        done = await merge(session, visitor.customer, into=ana.customer, by=agent)
        assert (asked.state, asked.decided_by_id) == (SuggestionState.SAME_PERSON, agent.id)
        assert (asked.conversation_id, claim.state) == (ana.conversation.id, ClaimState.CONFIRMED)
        await undo_merge(session, done, by=agent)
        assert (asked.state, asked.decided_by_id, asked.decided_at) == (SuggestionState.OPEN, None, None)
        assert (asked.conversation_id, claim.state) == (visitor.conversation.id, ClaimState.OPEN)


async def test_two_drafts_of_one_agent_become_one_until_the_undo(database: Database) -> None:
    async with database.transaction() as session:
        visitor, ana = await two_people(session)
        agent = await an_agent(session)
        drafts = [
            Draft(
                agent_id=agent.id,
                conversation_id=scene.conversation.id,
                kind="reply",
                strand_id=scene.strand.id,
                text=text,
                updated_at=scene.messages[0].created_at,
            )
            for scene, text in ((ana, "Dear Ana"), (visitor, "Hi!"))
        ]
        session.add_all(drafts)
        done = await merge(session, visitor.customer, into=ana.customer, by=agent)
        assert drafts[0].text == "Dear Ana\n\nHi!"
        await undo_merge(session, done, by=agent)
        assert (drafts[0].text, drafts[1].text) == ("Dear Ana", "Hi!")


async def test_only_agents_merge_without_proof(database: Database) -> None:
    async with database.transaction() as session:
        visitor, ana = await two_people(session)
        with pytest.raises(NotPermitted):
            await merge(session, visitor.customer, into=ana.customer, by=SYSTEM)
        with pytest.raises(NotFound):
            await merge(session, visitor.customer, into=ana.customer, by=Actor.customer(ana.customer))
        done = await merge(session, visitor.customer, into=ana.customer, by=SYSTEM, on_proof=True)
        assert done.on_proof


async def test_a_customer_is_merged_once_and_never_into_itself(database: Database) -> None:
    async with database.transaction() as session:
        visitor, ana = await two_people(session)
        agent = await an_agent(session)
        with pytest.raises(Conflict):
            await merge(session, ana.customer, into=ana.customer, by=agent)
        await merge(session, visitor.customer, into=ana.customer, by=agent)
        with pytest.raises(Conflict):
            await merge(session, visitor.customer, into=ana.customer, by=agent)
        with pytest.raises(Conflict):
            await merge(session, ana.customer, into=visitor.customer, by=agent)


async def test_merges_are_undone_newest_first_and_once(database: Database) -> None:
    async with database.transaction() as session:
        visitor, ana = await two_people(session)
        third = await a_conversation(session)
        agent = await an_agent(session)
        first = await merge(session, visitor.customer, into=ana.customer, by=agent)
        second = await merge(session, ana.customer, into=third.customer, by=agent)
        with pytest.raises(Conflict):
            await undo_merge(session, first, by=agent)
        await undo_merge(session, second, by=agent)
        await undo_merge(session, first, by=agent)
        with pytest.raises(Conflict):
            await undo_merge(session, first, by=agent)
        assert visitor.messages[0].conversation_id == visitor.conversation.id
        assert visitor.identity.customer_id == visitor.customer.id
        assert visitor.identity.origin_customer_id is None


async def test_a_later_mail_follows_its_sender_into_a_strand_split_off(database: Database) -> None:
    async with database.transaction() as session:
        visitor, ana = await two_people(session)
        agent = await an_agent(session)
        done = await merge(session, visitor.customer, into=ana.customer, by=agent)
        together = Scene(ana.customer, ana.conversation, ana.channel, visitor.identity, ana.strand, ana.case)
        theirs = await an_inbound_message(session, together, text="It was me who wrote this")
        answer = await an_outbound_message(session, together, by=agent, text="Thank you")
        answer.answers_message_id = theirs.id
        await write_events(session)
        await undo_merge(session, done, by=agent)
        for message in (theirs, answer):
            assert message.conversation_id == visitor.conversation.id
            assert message.case_id == visitor.case.id
        assert theirs.strand_id == answer.strand_id != ana.strand.id
        entries = select(TimelineEntry).where(TimelineEntry.message_id.in_([theirs.id, answer.id]))
        for entry in await session.scalars(entries):
            assert (entry.conversation_id, entry.case_id) == (visitor.conversation.id, visitor.case.id)
        assert ana.case.preview == "Where is my order? (2)"
        assert visitor.case.preview == "Thank you"


async def test_later_notes_and_cases_are_named_for_sorting(database: Database) -> None:
    async with database.transaction() as session:
        visitor, ana = await two_people(session)
        agent = await an_agent(session)
        done = await merge(session, visitor.customer, into=ana.customer, by=agent)
        await write_events(session)
        note = Note(
            conversation_id=ana.conversation.id,
            origin_conversation_id=ana.conversation.id,
            case_id=ana.case.id,
            author_id=agent.id,
            text="Called them",
        )
        session.add(note)
        await session.flush()
        record(
            session,
            EventKind.NOTE_ADDED,
            actor=Actor.agent(agent),
            conversation=ana.conversation,
            case=ana.case,
            note=note,
        )
        case = await open_case(session, ana.conversation, subject="A refund", by=Actor.agent(agent))
        await write_events(session)
        unmerged = await undo_merge(session, done, by=agent)
        assert (unmerged.notes, unmerged.cases) == ((note,), (case,))
        assert note.conversation_id == case.conversation_id == ana.conversation.id


async def test_of_two_merges_that_cross_one_wins_and_the_other_is_told(database: Database) -> None:
    async with database.transaction() as session:
        visitor, ana = await two_people(session)
        agent = await an_agent(session)

    async def merge_into(customer_id: int, into_id: int) -> Merge:
        async with database.transaction() as session:
            customer = await session.get_one(Customer, customer_id)
            into = await session.get_one(Customer, into_id)
            return await merge(session, customer, into=into, by=agent)

    outcomes = await asyncio.gather(
        merge_into(visitor.customer.id, ana.customer.id),
        merge_into(ana.customer.id, visitor.customer.id),
        return_exceptions=True,
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Conflict", "Merge"]
    async with database.reading() as session:
        assert len((await session.scalars(select(Merge))).all()) == 1
