"""Notes between agents, as browsers write and change them."""

import re

from inbox.db import Database
from inbox.models import Note
from tests.builders import Scene
from tests.web.conftest import NewPerson, Person
from tests.web.endpoints.conftest import SCRIPT


async def test_a_note_is_changed_by_whoever_wrote_it_and_by_nobody_else(
    maya: Person, new_person: NewPerson, scene: Scene, sqlite_database: Database
) -> None:
    tomas = await new_person("Tomás Lima")
    here = f"/conversations/{scene.conversation.public_id}"
    await maya.post(f"{here}/notes", data={"text": "Ask the workshp."})
    path = (found := re.search(r'href="(/notes/\w+)/edit"', (await maya.browser.get(here)).text)) and found[1]
    assert path

    form = await maya.browser.get(f"{path}/edit", headers=SCRIPT)
    assert "Ask the workshp." in form.text and "<html" not in form.text
    assert "<html" in (await maya.browser.get(f"{path}/edit")).text
    assert (await tomas.browser.get(f"{path}/edit")).status_code == 403
    assert (await tomas.post(str(path), data={"text": "Mine now."})).status_code == 403
    assert (await maya.post(str(path), data={"text": " "}, headers=SCRIPT)).status_code == 422

    answer = await maya.post(str(path), data={"text": "Ask the workshop."})
    assert answer.headers["location"] == path
    page = (await maya.browser.get(here)).text
    assert "Ask the workshop." in page and "added a note, edited" in page
    async with sqlite_database.reading() as session:
        note = await session.get_one(Note, 1)
    assert note.edited_at is not None
