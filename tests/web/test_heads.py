"""The head of a case, on the page and as it is pushed."""

import re

from inbox.actions import cases
from inbox.actions.cases import open_case
from inbox.db import Database
from inbox.models import Case
from tests.builders import a_conversation
from tests.web.conftest import NewPerson, Person
from web.heads import draw_heads

SWAP = ' hx-swap-oob="true"'


async def test_what_is_pushed_is_what_the_page_shows(
    maya: Person, new_person: NewPerson, sqlite_database: Database
) -> None:
    tomas = await new_person("Tomás Lima")
    async with sqlite_database.transaction() as session:
        scene = await a_conversation(session, assignee=maya.agent)
        await cases.change(session, scene.case, by=maya.agent, tags=["damaged"])
        await open_case(session, scene.conversation, subject="Refund")
    async with sqlite_database.reading() as session:
        pushed = (await draw_heads(session, [scene.case.id], ["en"]))[scene.case.id]["en"]
    assert SWAP in pushed
    head = pushed.replace(SWAP, "").strip()
    for person in (maya, tomas):
        page = (
            await person.browser.get(
                f"/conversations/{scene.conversation.public_id}?case={scene.case.number}"
            )
        ).text
        assert head in page


async def test_a_private_case_is_not_named_beside_others(maya: Person, sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        scene = await a_conversation(session, assignee=maya.agent)
        secret = await open_case(session, scene.conversation, subject="About a colleague")
        secret.is_private = True
    async with sqlite_database.reading() as session:
        drawn = await draw_heads(session, [scene.case.id, secret.id], ["en"])
        assert await session.get(Case, secret.id) is not None
    assert "About a colleague" not in drawn[scene.case.id]["en"]
    assert re.search(rf'id="case-head-{secret.number}"', drawn[secret.id]["en"])
