"""Finding what was written."""

from inbox.actions import notes
from inbox.db import Database
from inbox.models import Case, Conversation
from tests.builders import Scene, a_conversation
from tests.web.conftest import NewPerson, Person
from web.endpoints.searches import Stretch, marked


async def test_messages_notes_and_customers_are_found(
    maya: Person, scene: Scene, sqlite_database: Database
) -> None:
    async with sqlite_database.transaction() as session:
        conversation = await session.get_one(Conversation, scene.conversation.id)
        await notes.add_note(session, conversation, by=maya.agent, text="The order is at the depot")
    page = (await maya.browser.get("/search?q=order")).text
    assert "<mark>order</mark>" in page and "at the depot" in page
    assert scene.identity.address in (await maya.browser.get("/search?q=ana")).text
    assert "Nothing has all the words" in (await maya.browser.get("/search?q=zebra")).text


async def test_a_private_case_of_others_is_not_found(
    maya: Person, new_person: NewPerson, scene: Scene, sqlite_database: Database
) -> None:
    tomas = await new_person("Tomás Lima")
    async with sqlite_database.transaction() as session:
        (await session.get_one(Case, scene.case.id)).is_private = True
    assert "<mark>" in (await maya.browser.get("/search?q=order")).text
    assert "<mark>" not in (await tomas.browser.get("/search?q=order")).text


async def test_what_is_found_is_escaped(maya: Person, scene: Scene, sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        await a_conversation(session, text="<script>x</script> lamp", subject="<b>lamp</b>")
    page = (await maya.browser.get('/search?q="><script>lamp')).text
    assert "<script>x" not in page and "<b>lamp" not in page and "<script>lamp" not in page
    assert (await maya.browser.get("/search?q=lamp")).text.count("<mark>lamp</mark>") >= 1


def test_a_term_is_marked_where_a_word_begins_with_it() -> None:
    assert marked("Lamps and a lamp", ["lamp"]) == [
        Stretch("Lamp", is_found=True),
        Stretch("s and a ", is_found=False),
        Stretch("lamp", is_found=True),
    ]
