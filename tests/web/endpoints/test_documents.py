"""Formatted mail in a document of its own."""

from inbox.db import Database
from inbox.models import Case, Message
from tests.builders import Scene
from tests.web.conftest import NewPerson, Person

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
