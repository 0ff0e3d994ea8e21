"""Notes stay inside, stand on the right case, and name whom they name."""

import pytest
from sqlalchemy import select

from inbox.actions.cases import open_case
from inbox.actions.drafts import save_draft
from inbox.actions.events import recorded
from inbox.actions.notes import add_note, edit_note, mark_mentions_seen
from inbox.actions.resolutions import resolve
from inbox.clock import FrozenClock
from inbox.db import Database
from inbox.errors import Conflict, Invalid, NotFound, NotPermitted
from inbox.models import Agent, Draft, EventKind, Mention, OutboxEntry, TimelineEntry
from tests.builders import a_conversation, a_team, an_agent


async def test_a_note_stands_in_the_timeline_and_never_in_the_outbox(
    database: Database, clock: FrozenClock
) -> None:
    async with database.transaction() as session:
        scene = await a_conversation(session)
        maya = await an_agent(session)
        await save_draft(session, scene.conversation, by=maya, kind="note", text="OK from")
        before = len(recorded(session))
        note = await add_note(session, scene.conversation, by=maya, text=" OK from showroom? ")
        assert recorded(session)[before:] == [EventKind.NOTE_ADDED]

    async with database.reading() as session:
        entry = (await session.scalars(select(TimelineEntry).where(TimelineEntry.kind == "note"))).one()
        assert (await session.scalars(select(OutboxEntry))).all() == []
        assert (await session.scalars(select(Draft))).all() == []
    assert (entry.note_id, note.case_id, note.text) == (note.id, scene.case.id, "OK from showroom?")


async def test_a_note_without_a_case_is_about_the_newest_unfinished_one(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        scene = await a_conversation(session)
        maya = await an_agent(session)
        newest = await open_case(session, scene.conversation, subject="Refund")
        open_one = await add_note(session, scene.conversation, by=maya, text="One")
        await resolve(session, newest, by=maya)
        older = await add_note(session, scene.conversation, by=maya, text="Two")
        await resolve(session, scene.case, by=maya)
        finished = await add_note(session, scene.conversation, by=maya, text="Three")
        other = await a_conversation(session)
        with pytest.raises(NotFound):
            await add_note(session, scene.conversation, by=maya, text="Four", case=other.case)

    assert [note.case_id for note in (open_one, older, finished)] == [newest.id, scene.case.id, newest.id]


async def test_a_conversation_without_a_case_takes_no_note(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        scene = await a_conversation(session, with_messages=0)
        scene.strand.case_id = None
        await session.flush()
        await session.delete(scene.case)
        session.info.clear()
        with pytest.raises(Conflict):
            await add_note(session, scene.conversation, by=await an_agent(session), text="Hello")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("@Priya OK?", {"Priya Nair", "Priya Shah"}),
        ("ask @priya nair, please", {"Priya Nair"}),
        ("(@Tomás) and @Tomás Lund", {"Tomás Lund"}),
        ("@returns! who has it", {"Priya Shah", "Tomás Lund"}),
        ("@Returns & refunds", {"Priya Nair"}),
        ("@Maya", set()),
        ("write to priya@shop.example or @Priyanka", set()),
        ("@nobody at all, @@", set()),
    ],
)
async def test_mentions_name_the_longest_name_that_fits(
    sqlite_database: Database, text: str, named: set[str]
) -> None:
    async with sqlite_database.transaction() as session:
        scene = await a_conversation(session)
        maya, nair = await an_agent(session), await an_agent(session, name="Priya Nair")
        shah, lund = await an_agent(session, name="Priya Shah"), await an_agent(session, name="Tomás Lund")
        await a_team(session, shah, lund, maya)
        await a_team(session, nair, name="Returns & refunds")

        note = await add_note(session, scene.conversation, by=maya, text=text)
        mentioned = await session.scalars(
            select(Agent.name).join(Mention, Mention.agent_id == Agent.id).where(Mention.note_id == note.id)
        )

        assert set(mentioned) == named


async def test_an_edited_note_tells_only_the_newly_named(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        scene = await a_conversation(session)
        maya, priya = await an_agent(session), await an_agent(session, name="Priya Nair")
        tomas = await an_agent(session, name="Tomás Lund")
        note = await add_note(session, scene.conversation, by=maya, text="@Priya look")
        with pytest.raises(NotPermitted):
            await edit_note(session, note, by=priya, text="Mine now")
        with pytest.raises(Invalid):
            await edit_note(session, note, by=maya, text=" ")
        seen = await mark_mentions_seen(session, scene.conversation, by=priya)
        seen_again = await mark_mentions_seen(session, scene.conversation, by=priya)
        await edit_note(session, note, by=maya, text="@Priya and @Tomás, look")
        await edit_note(session, note, by=maya, text="@Priya, look")
        mentioned = (await session.scalars(select(Mention.agent_id))).all()

    assert (seen, seen_again, note.edited_at is not None) == (1, 0, True)
    assert mentioned == [priya.id] and tomas.id not in mentioned
