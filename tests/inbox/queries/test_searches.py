"""Search finds the words that people wrote, for those who may read them, whatever is typed."""

import json
from pathlib import Path

import pytest

from inbox.actors import Actor
from inbox.db import Database
from inbox.models import Note
from inbox.operators import read
from inbox.queries import conversations, searches
from tests.builders import a_conversation, a_customer, a_team, an_agent

CORPUS = Path(__file__).parents[4] / "shared" / "data" / "attacks" / "blns.json"
TYPED = (
    '"',
    '""',
    '"unclosed',
    "a* OR b*",
    "NEAR(a b)",
    "text:lamp",
    "-lamp",
    "^lamp",
    "lamp)",
    "' OR 1=1 --",
    "a & b | !c <-> d",
    "\0",
    "\ud800",
    "%_\\",
    "🙂",
    "\uff21\uff22",
)


async def hits(database: Database, actor: Actor, words: str) -> list[str]:
    async with database.reading() as session:
        page = await searches.messages(session, read(words), actor=actor)
    return [hit.snippet for hit in page.items]


async def test_all_words_must_be_there_and_the_last_may_be_a_beginning(database: Database) -> None:
    async with database.transaction() as session:
        actor = Actor.agent(await an_agent(session))
        await a_conversation(session, text="The lamp shade is cracked.")
        await a_conversation(session, customer=await a_customer(session), text="A lamp, please.")

    assert await hits(database, actor, "lamp") == ["A lamp, please.", "The lamp shade is cracked."]
    assert await hits(database, actor, "LAMP crack") == ["The lamp shade is cracked."]
    assert await hits(database, actor, "crack lamp") == []
    assert await hits(database, actor, '"lamp shade"') == ["The lamp shade is cracked."]
    assert await hits(database, actor, '"shade lamp"') == []
    assert await hits(database, actor, "  ") == []


async def test_results_come_newest_first_and_in_pages(database: Database) -> None:
    async with database.transaction() as session:
        actor = Actor.agent(await an_agent(session))
        for number in range(5):
            customer = await a_customer(session)
            await a_conversation(session, customer=customer, text=f"Parcel {number} is late")

    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        async with database.reading() as session:
            page = await searches.messages(session, read("parcel late"), actor=actor, cursor=cursor, limit=2)
        seen += [hit.snippet for hit in page.items]
        cursor = page.next

    assert seen == [f"Parcel {number} is late" for number in (4, 3, 2, 1, 0)]


async def test_words_of_a_private_case_are_found_by_its_team_only(database: Database) -> None:
    async with database.transaction() as session:
        outsider, member = await an_agent(session), await an_agent(session)
        scene = await a_conversation(session, text="Confidential wording")
        scene.case.is_private, scene.case.team_id = True, (await a_team(session, member)).id
        note = Note(
            conversation_id=scene.conversation.id,
            origin_conversation_id=scene.conversation.id,
            case_id=scene.case.id,
            author_id=member.id,
            text="Confidential remark",
        )
        session.add(note)

    async def found(actor: Actor) -> tuple[int, int, int]:
        async with database.reading() as session:
            about = await conversations.page(session, actor, words="confidential")
            said = await searches.messages(session, read("confidential"), actor=actor)
            noted = await searches.notes(session, read("confidential"), actor=actor)
        return len(about.items), len(said.items), len(noted)

    assert await found(Actor.agent(member)) == (1, 1, 1)
    assert await found(Actor.agent(outsider)) == (0, 0, 0)


async def test_a_conversation_is_found_by_its_customer_too(database: Database) -> None:
    async with database.transaction() as session:
        actor = Actor.agent(await an_agent(session))
        scene = await a_conversation(session, customer=await a_customer(session, name="Inês Carvalho"))

    for words in ("inês car", scene.identity.address.upper()):
        async with database.reading() as session:
            page = await conversations.page(session, actor, words=words)
        assert [found.conversation.id for found in page.items] == [scene.conversation.id], words


async def test_nothing_that_is_typed_is_query_syntax(database: Database) -> None:
    naughty = json.loads(CORPUS.read_text()) if CORPUS.exists() else []
    async with database.transaction() as session:
        actor = Actor.agent(await an_agent(session))
        await a_conversation(session, text="lamp")

    async with database.reading() as session:
        for words in [*TYPED, *naughty]:
            await searches.messages(session, read(words), actor=actor)
        for words in TYPED:  # notes and conversations ask with what messages are asked with
            await searches.notes(session, read(words), actor=actor)
            await conversations.page(session, actor, words=words)

    assert await hits(database, actor, "lamp") == ["lamp"]


@pytest.mark.parametrize(
    ("typed", "terms"),
    [
        ('lamp "alder shade" x', ["lamp", "alder shade", "x"]),
        ("order-48213", ["order 48213"]),
        ("!!! ... ---", []),
        ('"', []),
    ],
)
def test_what_is_typed_falls_into_words_and_phrases(typed: str, terms: list[str]) -> None:
    assert read(typed).wanted == terms
