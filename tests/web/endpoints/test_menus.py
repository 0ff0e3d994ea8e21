"""What menus offer, asked for when one is opened."""

import pytest

from inbox.actions import cases
from inbox.actions.cases import open_case
from inbox.db import Database
from inbox.models import Case
from tests.builders import Scene
from tests.web.conftest import NewPerson, Person
from tests.web.endpoints.conftest import SCRIPT


async def test_a_case_is_given_to_anybody_but_whoever_has_it(
    maya: Person, scene: Scene, new_person: NewPerson, sqlite_database: Database
) -> None:
    tomas = await new_person("Tomás Lima")
    async with sqlite_database.transaction() as session:
        case = await session.get_one(Case, scene.case.id)
        await session.refresh(case, ["tags"])
        await cases.change(session, case, by=maya.agent, tags=["damaged"])
    url = f"/cases/{scene.case.number}/menus"
    people = (await maya.browser.get(f"{url}/assignee", headers=SCRIPT)).text
    assert f'value="{tomas.agent.public_id}"' in people and "<html" not in people
    tags = (await maya.browser.get(f"{url}/tag", headers=SCRIPT)).text
    assert 'data-dialog="tag"' in tags and 'value="damaged"' not in tags


@pytest.mark.parametrize(
    ("name", "offered"),
    [("snooze", 'value="tomorrow"'), ("more", "/assignments"), ("team", "<h1"), ("assignee", "<h1")],
)
async def test_without_a_script_a_menu_is_a_page(maya: Person, scene: Scene, name: str, offered: str) -> None:
    page = (await maya.browser.get(f"/cases/{scene.case.number}/menus/{name}")).text
    assert offered in page and f'href="/cases/{scene.case.number}">Back' in page
    assert 'id="act"' in page


async def test_a_message_says_in_its_menu_why_it_is_there(maya: Person, scene: Scene) -> None:
    message = scene.messages[0].public_id
    conversation = (await maya.browser.get(f"/conversations/{scene.conversation.public_id}")).text
    assert f'href="/messages/{message}/menu" data-rest' in conversation
    assert "Why is this here?" not in conversation
    menu = (await maya.browser.get(f"/messages/{message}/menu", headers=SCRIPT)).text
    assert "Why is this here?" in menu and f'hx-post="/messages/{message}/spam"' in menu
    assert f'value="{message}"' in menu  # split from here


async def test_only_menus_that_there_are_can_be_asked_for(
    maya: Person, new_person: NewPerson, scene: Scene, sqlite_database: Database
) -> None:
    assert (await maya.browser.get(f"/cases/{scene.case.number}/menus/_head")).status_code == 404
    async with sqlite_database.transaction() as session:
        secret = await open_case(session, scene.conversation, subject="About a colleague")
        secret.is_private = True
    tomas = await new_person("Tomás Lima")
    assert (await tomas.browser.get(f"/cases/{secret.number}/menus/more")).status_code == 404
