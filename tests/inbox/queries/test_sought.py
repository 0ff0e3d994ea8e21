"""Operators find the cases and the messages that they name, and only those that the actor may see."""

import pytest

from inbox.actions import cases as case_actions, notes as note_actions, resolutions
from inbox.actions.tags import add_tag
from inbox.actors import Actor
from inbox.clock import FrozenClock
from inbox.db import Database
from inbox.models import Agent, Attachment, CustomerTag, Rating
from inbox.operators import HOLDINGS, STATES, read
from inbox.queries import case_rows, near_names, searches
from inbox.queries.case_views import CaseFilter
from tests.builders import Scene, a_conversation, a_customer, a_team, an_agent


@pytest.fixture
async def shop(database: Database, clock: FrozenClock) -> dict[str, Scene]:
    """Two conversations: Ana's refund, tagged and Maya's, with a file; Rui's lamp, old and resolved."""
    async with database.transaction() as session:
        maya = await an_agent(session, name="Maya Okafor")
        clock.advance(days=-30)
        rui = await a_customer(session, name="Rui Norte")
        lamp = await a_conversation(session, customer=rui, text="The lamp is cracked", subject="Lamp")
        await resolutions.resolve(session, lamp.case, by=maya)
        clock.advance(days=30)
        ana = await a_customer(session, name="Ana Lima")
        refund = await a_conversation(session, customer=ana, text="Where is my refund?", subject="Refund")
        await add_tag(session, name="Money", hue=1)
        await session.refresh(refund.case, ["tags"])
        await case_actions.change(session, refund.case, by=maya, tags=["Money"])
        refund.case.assignee_id, refund.case.team_id = maya.id, (await a_team(session, maya)).id
        await note_actions.add_note(session, refund.conversation, by=maya, text="Ask the bank about it")
        file = Attachment(message_id=refund.messages[0].id, digest="0" * 64, filename="Invoice 48213.pdf")
        file.content_type, file.size = "application/pdf", 10
        session.add(file)
        refund.strand.page = "https://shop.example/orders/9"
        vip = await add_tag(session, name="VIP", hue=2)
        session.add(CustomerTag(customer_id=rui.id, tag_id=vip.id))
        session.add(Rating(case_id=lamp.case.id, score=5))
    return {"lamp": lamp, "refund": refund}


async def found(database: Database, typed: str) -> set[str]:
    """The subjects of the cases that are found."""
    async with database.reading() as session:
        agent = (await session.get(Agent, 1)) or await an_agent(session)
        page = await case_rows.rows(session, CaseFilter(words=typed), actor=Actor.agent(agent))
    return {row.case.subject for row in page.items}


BOTH = {"Lamp", "Refund"}
ASKED = {
    "is:open": {"Refund"},
    "is:resolved": {"Lamp"},
    "-is:resolved": {"Refund"},
    "is:waiting is:unread": {"Refund"},
    "is:spam": set(),
    "assignee:me": {"Refund"},
    "assignee:maya": {"Refund"},
    "-assignee:me": {"Lamp"},
    "assignee:none": {"Lamp"},
    "team:none": {"Lamp"},
    "tag:money": {"Refund"},
    "-tag:money": {"Lamp"},
    "tag:none": {"Lamp"},
    "customer:rui": {"Lamp"},
    "has:note": {"Refund"},
    "has:file": {"Refund"},
    "has:rating": {"Lamp"},
    "is:vip": {"Lamp"},
    "page:orders": {"Refund"},
    "file:invoice": {"Refund"},
    "from:ana": {"Refund"},
    "-from:ana": {"Lamp"},
    "subject:lam": {"Lamp"},
    "channel:email": BOTH,
    "channel:chat": set(),
    "before:2w": {"Lamp"},
    "after:2w": {"Refund"},
    "on:2026-11-20": {"Refund"},
    "refund": {"Refund"},
    "cracked is:open": set(),
    "-lamp": {"Refund"},
    "lamp from:ana": set(),
    "ana lima": {"Refund"},
    "priority:normal -tag:money before:2w": {"Lamp"},
}


async def test_cases_are_found_by_what_was_asked(database: Database, shop: dict[str, Scene]) -> None:
    assert {typed: await found(database, typed) for typed in ASKED} == ASKED


async def test_messages_notes_and_files_are_found_with_operators(
    database: Database, shop: dict[str, Scene]
) -> None:
    async with database.reading() as session:
        actor = Actor.agent(await session.get_one(Agent, 1))
        said = await searches.messages(session, read("from:ana refund"), actor=actor)
        elsewhere = await searches.messages(session, read("refund is:resolved"), actor=actor)
        noted = await searches.notes(session, read("bank from:me tag:money"), actor=actor)
        of_others = await searches.notes(session, read("bank from:ana"), actor=actor)
        files = await searches.files(session, read("invoice 48213"), actor=actor)

    assert [hit.snippet for hit in said.items] == ["Where is my refund?"] and not elsewhere.items
    assert [hit.snippet for hit in noted] == ["Ask the bank about it"] and not of_others
    assert [hit.snippet for hit in files] == ["Invoice 48213.pdf"]


async def test_every_operator_goes_with_words_wherever_they_are_looked_for(
    sqlite_database: Database,
) -> None:
    async with sqlite_database.transaction() as session:
        agent = await an_agent(session)
        await a_conversation(session, text="A lamp shade")
    typed = {*ASKED, *(f"is:{state}" for state in STATES), *(f"has:{thing}" for thing in HOLDINGS)}
    for words in sorted(typed):
        async with sqlite_database.reading() as session:
            wanted, actor = read(f"lamp {words}"), Actor.agent(agent)
            assert wanted.wanted and not wanted.unknown, words
            for kind in (searches.messages, searches.notes, searches.files):
                await kind(session, wanted, actor=actor)
            await case_rows.rows(session, CaseFilter(words=f"lamp {words}"), actor=actor)


async def test_a_name_a_little_wrong_is_recognised(database: Database, shop: dict[str, Scene]) -> None:
    async with database.reading() as session:
        near = [
            await near_names.nearest(session, one) for one in read("tag:mony tag:money tag:zebra").operators
        ]
    assert near == ["money", None, None]


async def test_a_snippet_begins_near_what_was_found(database: Database) -> None:
    async with database.transaction() as session:
        actor = Actor.agent(await an_agent(session))
        await a_conversation(session, text="word " * 100 + "the needle is here")
    async with database.reading() as session:
        (hit,) = (await searches.messages(session, read("needle"), actor=actor)).items
    assert hit.snippet.startswith("… ") and "needle is here" in hit.snippet
