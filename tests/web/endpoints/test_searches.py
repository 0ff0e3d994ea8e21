"""Finding what was written."""

from inbox.actions import notes
from inbox.db import Database
from inbox.models import Case, Conversation
from tests.builders import Scene, a_conversation
from tests.web.conftest import NewPerson, Person
from tests.web.endpoints.conftest import SCRIPT
from web.endpoints.searches import Stretch, marked


async def test_messages_notes_and_customers_are_found(
    maya: Person, scene: Scene, sqlite_database: Database
) -> None:
    async with sqlite_database.transaction() as session:
        conversation = await session.get_one(Conversation, scene.conversation.id)
        await notes.add_note(session, conversation, by=maya.agent, text="The order is at the depot")
    page = (await maya.browser.get("/search?q=order")).text
    assert "The <mark>order</mark> is at the depot" in page and f"{maya.agent.name} · " in page
    assert scene.identity.address in (await maya.browser.get("/search?q=ana")).text
    assert "Nothing matches" in (await maya.browser.get("/search?q=zebra")).text


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
    assert "&lt;b&gt;<mark>lamp</mark>&lt;/b&gt;" in (await maya.browser.get("/search?q=lamp")).text


def test_a_term_is_marked_where_a_word_begins_with_it() -> None:
    assert marked("Lamps and a lamp", ["lamp"]) == [
        Stretch("Lamp", is_found=True),
        Stretch("s and a ", is_found=False),
        Stretch("lamp", is_found=True),
    ]


async def test_operators_are_chips_that_can_be_taken_away_and_unknown_ones_are_told(
    maya: Person, scene: Scene
) -> None:
    page = (await maya.browser.get("/search?q=order is:open foo:bar")).text
    assert 'href="/search?q=order+%22foo+bar%22" aria-label="Without is:open"' in page
    assert "There is no operator <b>foo</b>" in page


async def test_the_page_says_what_is_looked_for_and_has_room_for_what_was(maya: Person) -> None:
    asked = (await maya.browser.get('/search?q="a <b>" is:open')).text
    empty = (await maya.browser.get("/search")).text
    assert 'data-searched="&#34;a &lt;b&gt;&#34; is:open"' in asked and 'id="searches"' not in asked
    assert '<section id="searches" hidden>' in empty and "data-searched" not in empty


async def test_cases_found_by_operators_are_listed_and_can_be_kept_as_a_view(
    maya: Person, scene: Scene, sqlite_database: Database
) -> None:
    page = (await maya.browser.get("/search?q=is:open")).text
    assert f'href="/cases/{scene.case.number}"' in page and "/views/new?q=is%3Aopen" in page
    listed = (await maya.browser.get("/inbox/found?q=is:open")).text
    assert f'id="case-{scene.case.number}"' in listed and "in=found&amp;q=is%3Aopen" in listed

    filled = {"name": "Open ones", "words": "is:open", "audience": "everybody"}
    saved = await maya.post("/views", data=filled)
    assert saved.status_code == 303
    view = (await maya.browser.get(saved.headers["location"])).text
    assert '<h1 id="list-title">Open ones</h1>' in view and f'id="case-{scene.case.number}"' in view
    assert 'data-key="1" aria-current="page"' in view
    name = saved.headers["location"].removeprefix("/inbox/")
    assert f'data-counter="{name}">1</b>' in view
    changed = await maya.browser.get(
        f"{saved.headers['location']}?changed={scene.case.number},1", headers={"HX-Request": "true"}
    )
    assert f'id="case-{scene.case.number}"' in changed.text and 'id="case-1" data-gone' in changed.text


async def test_a_view_that_says_nothing_is_refused_with_the_reason(maya: Person, scene: Scene) -> None:
    refused = await maya.post("/views", data={"name": "Nothing", "words": "!!", "audience": "own"})
    assert refused.status_code == 422 and "Say what to look for" in refused.text
    assert (await maya.browser.get("/inbox/view/nothing")).status_code == 404


async def test_a_view_is_changed_and_removed_on_its_page(maya: Person, scene: Scene) -> None:
    filled = {"name": "Open ones", "words": "is:open", "audience": "own"}
    at = (await maya.post("/views", data=filled)).headers["location"].removeprefix("/inbox/view/")
    assert 'value="is:open"' in (await maya.browser.get(f"/views/{at}")).text
    changed = await maya.post(f"/views/{at}", data=filled | {"name": "Resolved", "words": "is:resolved"})
    assert changed.status_code == 303
    page = (await maya.browser.get(f"/inbox/view/{at}")).text
    assert "Resolved</h1>" in page and f'id="case-{scene.case.number}"' not in page
    removed = await maya.post(f"/views/{at}/removal")
    assert (await maya.browser.get(f"/inbox/view/{at}")).status_code == 404
    undo = removed.headers["location"].split("?")[0]
    assert "The view was removed" in (await maya.browser.get(undo)).text
    assert (await maya.post(undo)).status_code == 303
    assert "Resolved</h1>" in (await maya.browser.get(f"/inbox/view/{at}")).text


async def test_the_palette_does_to_the_open_case_what_is_typed(
    maya: Person, new_person: NewPerson, scene: Scene, sqlite_database: Database
) -> None:
    handa = await new_person("Handa Yilmaz")
    number = scene.case.number

    async def offered(typed: str, case: object = number) -> list[dict[str, object]]:
        found = (await maya.browser.get("/palette", params={"q": typed, "c": str(case)})).json()["items"]
        return [one for one in found if "post" in one]

    (assign,) = await offered("hand")
    assert (assign["title"], assign["url"]) == ("Assign to Handa Yilmaz", f"/cases/{number}/assignee")
    assert (await maya.post(str(assign["url"]), data=assign["post"], headers=SCRIPT)).status_code == 204
    async with sqlite_database.reading() as session:
        assert (await session.get_one(Case, scene.case.id)).assignee_id == handa.agent.id
    assert [one["post"] for one in await offered("snooze tom")] == [{"until": "tomorrow"}]
    assert await offered("zebra") == await offered("hand", "") == await offered("hand", 999) == []
