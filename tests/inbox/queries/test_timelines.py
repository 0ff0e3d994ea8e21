"""A conversation as a screen shows it: in order, in pages, whole, and only what the reader may see."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actions.cases import open_case
from inbox.actions.events import record
from inbox.actors import SYSTEM, Actor
from inbox.db import Database
from inbox.models import (
    Agent,
    Attachment,
    Event,
    EventKind,
    Handoff,
    Mention,
    Note,
    Suggestion,
    SuggestionKind,
)
from inbox.queries import timelines
from inbox.queries.shown import (
    Entry,
    ShownChange,
    ShownHandoff,
    ShownMessage,
    ShownNote,
    ShownSuggestion,
    face_of,
)
from inbox.showable import Look
from tests.builders import (
    Scene,
    a_conversation,
    a_customer,
    a_team,
    an_agent,
    an_inbound_message,
    an_outbound_message,
)


async def a_note(session: AsyncSession, scene: Scene, by: Agent, text: str, *named: Agent) -> Note:
    note = Note(
        conversation_id=scene.conversation.id,
        origin_conversation_id=scene.conversation.id,
        case_id=scene.case.id,
        author_id=by.id,
        text=text,
    )
    session.add(note)
    await session.flush()
    session.add_all(Mention(note_id=note.id, case_id=scene.case.id, agent_id=agent.id) for agent in named)
    record(
        session,
        EventKind.NOTE_ADDED,
        actor=Actor.agent(by),
        conversation=scene.conversation,
        case=scene.case,
        note=note,
    )
    return note


async def read(database: Database, scene: Scene, actor: Actor = SYSTEM, **page: int) -> timelines.Page:
    async with database.reading() as session:
        return await timelines.newest(session, scene.conversation, actor, **page)


def words_of(entry: Entry) -> str:
    assert isinstance(entry.shown, ShownMessage)
    return "".join(segment.text for segment in entry.shown.words)


async def test_entries_stand_in_the_order_of_their_positions_and_pages_join_without_a_gap(
    database: Database,
) -> None:
    async with database.transaction() as session:
        scene = await a_conversation(session, with_messages=0)
    for number in range(7):
        async with database.transaction() as session:
            await an_inbound_message(session, scene, text=f"line {number}")

    last = await read(database, scene, limit=3)
    middle = await read(database, scene, limit=3, before=last.entries[0].position)
    first = await read(database, scene, limit=3, before=middle.entries[0].position)

    lines = [e for page in (first, middle, last) for e in page.entries if e.kind == "message"]
    assert [words_of(entry) for entry in lines] == [f"line {number}" for number in range(7)]
    assert (last.has_older, middle.has_older, first.has_older) == (True, True, False)


async def test_a_message_is_shown_whole(database: Database) -> None:
    async with database.transaction() as session:
        scene = await a_conversation(session, with_messages=0, subject="Order 48213")
        message = await an_inbound_message(
            session, scene, text="See https://shop.example/o\n> old words", cc=["rui@norte.example"]
        )
        message.spans = [[27, 38, "quote"]]
        message.html = "<p>See</p>"
        message.dmarc = "fail"
        message.matched_by = {"rule": "identity", "value": "ana@mail.example"}
        session.add(
            Attachment(
                message_id=message.id, digest="0" * 64, filename="a.png", content_type="image/png", size=9
            )
        )

    (entry,) = [e for e in (await read(database, scene)).entries if e.kind == "message"]

    shown = entry.shown
    assert isinstance(shown, ShownMessage)
    assert entry.element_id == f"m-{message.public_id}"
    assert (shown.author.name, shown.is_inbound, shown.channel_kind) == ("Ana Sousa", True, "email")
    assert [segment.url for segment in shown.words if segment.url] == ["https://shop.example/o"]
    assert "".join(segment.text for segment in shown.quoted) == "> old words"
    assert (shown.has_html, shown.is_unverified, shown.strand_label) == (True, True, "Order 48213")
    assert [one.address for one in shown.cc] == ["rui@norte.example"]
    assert [(file.filename, file.look) for file in shown.files] == [("a.png", Look.PICTURE)]
    assert (shown.matched_rule, shown.matched_value) == ("identity", "ana@mail.example")


async def test_an_answer_is_its_agents_and_tells_what_became_of_it(database: Database) -> None:
    async with database.transaction() as session:
        scene = await a_conversation(session)
        maya = await an_agent(session)
        await an_outbound_message(session, scene, by=maya)

    shown = (await read(database, scene)).entries[-1].shown

    assert isinstance(shown, ShownMessage)
    assert shown.author == face_of("Maya Okafor", maya.public_id, agent_id=maya.public_id)
    assert shown.author.initials == "MO"
    assert (shown.delivery, [one.state for one in shown.recipients]) == ("sent", ["sent"])


async def test_a_note_marks_whom_it_names_and_nobody_else(database: Database) -> None:
    async with database.transaction() as session:
        scene = await a_conversation(session)
        maya, priya = await an_agent(session), await an_agent(session, name="Priya Nair")
        await a_note(session, scene, maya, "@Priya Nair, ask @Priyanka or @Priya", priya)

    shown = (await read(database, scene)).entries[-1].shown

    assert isinstance(shown, ShownNote)
    assert [(one.text, one.is_mention) for one in shown.words] == [
        ("@Priya Nair", True),
        (", ask @Priyanka or ", False),
        ("@Priya", True),
    ]
    assert shown.mentioned == (priya.public_id,)


async def test_handoffs_suggestions_and_changes_name_their_people(database: Database) -> None:
    async with database.transaction() as session:
        scene = await a_conversation(session)
        maya = await an_agent(session)
        team = await a_team(session, maya)
        handoff = Handoff(
            case_id=scene.case.id, from_agent_id=maya.id, to_team_id=team.id, reason="Over my limit"
        )
        other = (
            await a_conversation(session, customer=await a_customer(session, name="Jane Roe"))
        ).conversation
        suggestion = Suggestion(
            kind=SuggestionKind.HELD_ANSWER,
            customer_id=scene.customer.id,
            other_customer_id=other.customer_id,
            conversation_id=scene.conversation.id,
            strand_id=scene.strand.id,
            address="jane@mail.example",
        )
        session.add_all([handoff, suggestion])
        who: dict[str, Any] = {"actor": Actor.agent(maya), "conversation": scene.conversation}
        record(session, EventKind.HANDOFF_OFFERED, case=scene.case, handoff=handoff, **who)
        record(session, EventKind.SUGGESTION_MADE, suggestion=suggestion, **who)
        record(session, EventKind.CASE_RESOLVED, case=scene.case, **who)

    offered, asked, resolved = [entry.shown for entry in (await read(database, scene)).entries[-3:]]

    assert isinstance(offered, ShownHandoff)
    assert (offered.by.name, offered.to_team, offered.reason) == ("Maya Okafor", "Returns", "Over my limit")
    assert isinstance(asked, ShownSuggestion)
    assert (asked.other.name, asked.other_conversation_id) == ("Jane Roe", other.public_id)
    assert isinstance(resolved, ShownChange)
    assert (resolved.event_kind, resolved.by and resolved.by.name) == ("case.resolved", "Maya Okafor")


async def test_a_private_case_is_nothing_but_a_number_to_others(database: Database) -> None:
    async with database.transaction() as session:
        scene = await a_conversation(session, text="for everybody")
        insider, outsider = await an_agent(session), await an_agent(session)
        private = await open_case(session, scene.conversation, subject="Salary", channel=scene.channel)
        private.is_private, private.assignee_id = True, insider.id
        await an_inbound_message(session, scene, case=private, text="for a few")

    seen = await read(database, scene, Actor.agent(insider))
    hidden = await read(database, scene, Actor.agent(outsider))

    assert [words_of(e) for e in seen.entries if e.kind == "message"] == ["for everybody", "for a few"]
    assert [words_of(e) for e in hidden.entries if e.kind == "message"] == ["for everybody"]
    assert (seen.private_cases, hidden.private_cases) == (0, 1)
    assert {entry.case_number for entry in hidden.entries} == {scene.case.number}


async def test_an_event_leads_to_the_entry_it_placed_or_belongs_to(database: Database) -> None:
    async with database.transaction() as session:
        scene = await a_conversation(session)
        maya = await an_agent(session)
        answer = await an_outbound_message(session, scene, by=maya)
    async with database.transaction() as session:
        who: dict[str, Any] = {"actor": SYSTEM, "conversation": scene.conversation, "case": scene.case}
        record(session, EventKind.MESSAGE_FAILED, message=answer, **who)
        record(session, EventKind.CUSTOMER_CHANGED, actor=SYSTEM, conversation=scene.conversation)

    async with database.reading() as session:
        events = list(await session.scalars(select(Event).order_by(Event.position)))
        entries = await timelines.entries_of_events(session, events)
        newest = await timelines.newest_position(session)

    failed, changed = events[-2:]
    assert entries[failed.position].element_id == f"m-{answer.public_id}"
    assert entries[failed.position].position == answer.position
    assert changed.position not in entries
    assert newest == changed.position


def test_a_face_has_letters_whatever_the_name() -> None:
    assert face_of("ana.sousa@mail.example", "k").initials == "AM"
    assert face_of("", "k").initials == "?"
    assert face_of("🙂 ...", "k").initials == "?"
    assert face_of("Ana Sousa", "k").hue == face_of("Other", "k").hue
