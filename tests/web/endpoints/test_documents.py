"""Formatted mail in a document of its own."""

import re
from collections.abc import Sequence
from io import BytesIO

import pytest
from PIL import Image
from starlette.applications import Starlette

from inbox.db import Database
from inbox.models import Case, Message
from tests.builders import Scene
from tests.web.conftest import NewPerson, Person
from web.fetching import Fetcher, Limits

HTML = """<p onclick="alert(1)">Hello <b>there</b></p><script>alert(2)</script>
<img src="https://track.example/pixel.gif"><form action="/x"><input></form>
<a href="javascript:alert(3)">x</a>"""


async def with_html(database: Database, scene: Scene, html: str | None = HTML) -> str:
    async with database.transaction() as session:
        (await session.get_one(Message, scene.messages[0].id)).html = html
    return f"/messages/{scene.messages[0].public_id}/document"


async def test_a_document_runs_nothing_and_fetches_nothing(
    maya: Person, scene: Scene, sqlite_database: Database
) -> None:
    answer = await maya.browser.get(await with_html(sqlite_database, scene))
    assert "Hello <b>there</b>" in answer.text
    for harm in ("onclick", "<script", "track.example", "<form", "<input", "javascript:"):
        assert harm not in answer.text
    assert "1 picture from elsewhere is not loaded" in answer.text


async def test_a_document_has_a_policy_of_its_own(
    maya: Person, scene: Scene, sqlite_database: Database
) -> None:
    answer = await maya.browser.get(await with_html(sqlite_database, scene))
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'self'" in policy
    sandbox = next(part for part in policy.split("; ") if part.startswith("sandbox"))
    assert "allow-scripts" not in sandbox and "allow-forms" not in sandbox
    assert "img-src http://127.0.0.1:8000/pictures/" in policy


async def test_a_plain_mail_is_a_plain_document(maya: Person, scene: Scene) -> None:
    answer = await maya.browser.get(f"/messages/{scene.messages[0].public_id}/document")
    assert "<pre>Where is my order?</pre>" in answer.text


async def test_a_document_is_for_those_who_may_see_its_case(
    maya: Person, new_person: NewPerson, scene: Scene, sqlite_database: Database
) -> None:
    url = await with_html(sqlite_database, scene)
    tomas = await new_person("Tomás Lima")
    async with sqlite_database.transaction() as session:
        (await session.get_one(Case, scene.case.id)).is_private = True
    assert (await maya.browser.get(url)).status_code == 200
    assert (await tomas.browser.get(url)).status_code == 404


WITH_PICTURES = """<p>Hello</p><img src="https://pics.example/a.png"><img src="//pics.example/b.png">
<img srcset="https://pics.example/c.png 2x"><div style="background:url(https://pics.example/d.png)">x</div>"""


class Pictures(Fetcher):
    """Hands out what it was given, and remembers what it was asked for."""

    asked: Sequence[str] = ()

    async def fetch(self, url: str) -> bytes:
        object.__setattr__(self, "asked", [*self.asked, url])
        picture = BytesIO()
        Image.new("RGB", (4, 4), "red").save(picture, "PNG")
        return picture.getvalue() + b"<script>alert(1)</script>"


@pytest.fixture
def pictures(app: Starlette) -> Pictures:
    found = Pictures(Limits(1_000, 1))
    app.state.picture_fetcher = found
    return found


async def test_pictures_from_elsewhere_come_by_way_of_us_once_they_are_asked_for(
    maya: Person, scene: Scene, sqlite_database: Database, pictures: Pictures
) -> None:
    url = await with_html(sqlite_database, scene, WITH_PICTURES)
    assert "pics.example" not in (await maya.browser.get(url)).text
    await maya.post(url.replace("document", "pictures"), data={"of": "message"})
    document = (await maya.browser.get(url)).text
    sources = re.findall(r'<img src="([^"]+)"', document)
    assert len(sources) == 2 and "pics.example" not in document and "not loaded" not in document
    assert all(source.startswith("/pictures/elsewhere/") for source in sources)
    answer = await maya.browser.get(sources[0])
    assert pictures.asked == ["https://pics.example/a.png"]
    assert answer.headers["content-type"] == "image/jpeg" and b"script" not in answer.content
    await maya.post(url.replace("document", "pictures"), data={"of": ""})
    assert "/pictures/elsewhere/" not in (await maya.browser.get(url)).text


async def test_the_wish_for_a_senders_pictures_is_of_one_agent_and_of_true_mail_only(
    maya: Person, new_person: NewPerson, scene: Scene, sqlite_database: Database, pictures: Pictures
) -> None:
    url = await with_html(sqlite_database, scene, WITH_PICTURES)
    other = f"/messages/{scene.messages[1].public_id}/document"
    tomas = await new_person("Tomás Lima")
    async with sqlite_database.transaction() as session:
        (await session.get_one(Message, scene.messages[1].id)).html = WITH_PICTURES
    await maya.post(url.replace("document", "pictures"), data={"of": "sender"})
    await maya.post(url.replace("document", "pictures"), data={"of": "sender"})
    assert "/pictures/elsewhere/" in (await maya.browser.get(other)).text
    assert "/pictures/elsewhere/" not in (await tomas.browser.get(other)).text
    async with sqlite_database.transaction() as session:
        (await session.get_one(Message, scene.messages[1].id)).dmarc = "fail"
    assert "/pictures/elsewhere/" not in (await maya.browser.get(other)).text


async def test_addresses_that_we_did_not_seal_are_not_fetched(maya: Person, pictures: Pictures) -> None:
    for sealed in ("https:%2F%2Finside.example%2F", "abc", "none"):
        assert (await maya.browser.get(f"/pictures/elsewhere/{sealed}")).status_code == 404
    assert not pictures.asked


async def test_the_message_offers_to_show_its_pictures(
    maya: Person, scene: Scene, sqlite_database: Database
) -> None:
    await with_html(sqlite_database, scene, WITH_PICTURES)
    page = (await maya.browser.get(f"/conversations/{scene.conversation.public_id}")).text
    assert page.count("Show images") == 1 and "Always from this sender" in page
    url = f"/messages/{scene.messages[0].public_id}/pictures"
    answer = await maya.post(url, data={"of": "message"}, headers={"HX-Request": "true"})
    assert answer.status_code == 200 and "Block them again" in answer.text and "<details" in answer.text
    answer = await maya.post(url, data={"of": ""}, headers={"HX-Request": "true"})
    assert "Show images" in answer.text and "Block them again" not in answer.text
