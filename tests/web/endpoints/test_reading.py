"""Reading a long conversation: links to what is far back, finding words, looking in without opening."""

import re

import pytest

from inbox.actions import notes
from inbox.db import Database
from inbox.models import Case, Conversation, Message
from tests.builders import Scene, an_inbound_message
from tests.web.conftest import NewPerson, Person
from tests.web.endpoints.conftest import SCRIPT

MANY = 70


@pytest.fixture
async def messages(scene: Scene, sqlite_database: Database) -> list[Message]:
    """Seventy messages after the scene's own two."""
    async with sqlite_database.transaction() as session:
        scene.case = await session.get_one(Case, scene.case.id)
        return [await an_inbound_message(session, scene, text=f"Number {n} ends.") for n in range(MANY)]


def url_of(scene: Scene) -> str:
    return f"/conversations/{scene.conversation.public_id}"


def numbers_in(page: str) -> list[int]:
    return [int(found) for found in re.findall(r"<p[^>]*data-text>Number (\d+) ends", page)]


async def test_a_link_to_a_message_opens_where_it_stands(
    maya: Person, scene: Scene, messages: list[Message]
) -> None:
    far = messages[30]
    answer = await maya.browser.get(f"/messages/{far.public_id}")
    there, _, fragment = answer.headers["location"].partition("#")
    assert fragment == f"m-{far.public_id}"

    page = (await maya.browser.get(there)).text
    assert f'id="m-{far.public_id}"' in page
    assert numbers_in(page) == list(range(6, 56))
    assert "data-older" in page and "data-newer" in page


async def test_what_is_newer_comes_in_pages_up_to_the_end(
    maya: Person, scene: Scene, messages: list[Message]
) -> None:
    page = (await maya.browser.get(f"{url_of(scene)}?at={messages[30].position}", headers=SCRIPT)).text
    shown = numbers_in(page)
    while more := re.search(r'data-newer href="([^"]+)"', page):
        page = (await maya.browser.get(more[1].replace("&amp;", "&"), headers=SCRIPT)).text
        shown += numbers_in(page)
    assert shown == list(range(6, MANY))


async def test_a_link_to_a_note_opens_where_it_stands(
    maya: Person, scene: Scene, sqlite_database: Database
) -> None:
    async with sqlite_database.transaction() as session:
        conversation = await session.get_one(Conversation, scene.conversation.id)
        note = await notes.add_note(session, conversation, by=maya.agent, text="Ask the workshop.")
    answer = await maya.browser.get(f"/notes/{note.public_id}")
    assert answer.headers["location"].endswith(f"#n-{note.public_id}")


async def test_words_are_found_far_back_in_messages_and_notes(
    maya: Person, scene: Scene, messages: list[Message], sqlite_database: Database
) -> None:
    async with sqlite_database.transaction() as session:
        conversation = await session.get_one(Conversation, scene.conversation.id)
        note = await notes.add_note(session, conversation, by=maya.agent, text="NUMBER 3 ends here.")
    found = (await maya.browser.get(f"{url_of(scene)}/find?q=number 3 ends")).json()["items"]
    assert [one["id"] for one in found] == [f"n-{note.public_id}", f"m-{messages[3].public_id}"]
    assert found[1]["position"] == messages[3].position


async def test_signs_that_mean_something_to_a_database_are_just_signs(
    maya: Person, scene: Scene, sqlite_database: Database
) -> None:
    for words in ("", "x", "%", "100%", "Order_48213", "%%", "\\", "\ud800y"):
        sent = {"q": words.encode("utf-8", "replace")}
        assert (await maya.browser.get(f"{url_of(scene)}/find", params=sent)).json() == {"items": []}


async def test_nobody_finds_words_of_a_private_case(
    maya: Person, new_person: NewPerson, scene: Scene, sqlite_database: Database
) -> None:
    tomas = await new_person("Tomás Lima")
    path = f"{url_of(scene)}/find?q=order"
    assert (await tomas.browser.get(path)).json()["items"]
    async with sqlite_database.transaction() as session:
        (await session.get_one(Case, scene.case.id)).is_private = True
    assert (await tomas.browser.get(path)).json()["items"] == []
    assert (await tomas.browser.get(f"/messages/{scene.messages[0].public_id}")).status_code == 404
    assert (await tomas.browser.get(f"{url_of(scene)}/peek")).status_code == 404


async def test_a_peek_shows_what_is_newest_and_leaves_it_unread(
    maya: Person, scene: Scene, messages: list[Message]
) -> None:
    number = scene.case.number
    glimpse = (await maya.browser.get(f"{url_of(scene)}/peek?case={number}", headers=SCRIPT)).text
    assert numbers_in(glimpse) == list(range(MANY - 15, MANY))
    assert "<textarea" not in glimpse and "<html" not in glimpse
    assert "row--new" in (await maya.browser.get("/inbox/mine")).text
    assert "<html" in (await maya.browser.get(f"{url_of(scene)}/peek?case={number}")).text
