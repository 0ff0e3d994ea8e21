"""Saved replies: written once, filled in for whoever is answered, counted."""

from inbox.db import Database
from inbox.models import Case, Conversation, Customer
from tests.builders import Scene
from tests.web.conftest import NewPerson, Person

REFUND = {
    "name": "Refund on its way",
    "shortcut": "/Refund",
    "text": 'Hi {{ customer.first_name | default: "there" }}, #{{ case.number }} is paid. '
    "{{ agent.first_name }}",
    "language": ["de", ""],
    "language_text": ["Hallo {{ customer.first_name }}, {{ customer.company }}", ""],
    "audience": "everybody",
}


async def offered(person: Person, scene: Scene, language: str = "") -> list[dict[str, str]]:
    url = f"/cases/{scene.case.number}/saved-replies"
    answer = await person.browser.get(url, params={"language": language} if language else {})
    items: list[dict[str, str]] = answer.json()["items"]
    return items


async def test_a_saved_reply_is_filled_in_for_the_customer_of_the_case(
    maya: Person, scene: Scene, sqlite_database: Database
) -> None:
    assert (await maya.post("/settings/replies", data=REFUND)).status_code == 303
    (item,) = await offered(maya, scene)
    first = scene.customer.name.split()[0]
    assert item["shortcut"] == "refund"
    assert item["text"] == f"Hi {first}, #{scene.case.number} is paid. Maya"

    async with sqlite_database.transaction() as session:
        (await session.get_one(Customer, scene.customer.id)).name = ""
    (item,) = await offered(maya, scene)
    assert item["text"].startswith("Hi there,")


async def test_what_is_not_known_stays_to_be_seen_and_the_language_decides(
    maya: Person, scene: Scene
) -> None:
    await maya.post("/settings/replies", data=REFUND)
    first = scene.customer.name.split()[0]
    (german,) = await offered(maya, scene, "de-AT")
    (other,) = await offered(maya, scene, "fr")
    assert german["text"] == f"Hallo {first}, {{{{ customer.company }}}}"
    assert other["text"].startswith(f"Hi {first}")


async def test_uses_are_counted_on_the_list(maya: Person, scene: Scene) -> None:
    await maya.post("/settings/replies", data=REFUND)
    assert "not used in 30 days" in (await maya.browser.get("/settings/replies")).text
    (item,) = await offered(maya, scene)
    for _ in range(2):
        assert (await maya.post(f"/saved-replies/{item['id']}/uses")).status_code == 204
    assert "used 2 times in 30 days" in (await maya.browser.get("/settings/replies")).text


async def test_ones_own_is_for_nobody_else(maya: Person, new_person: NewPerson, scene: Scene) -> None:
    tomas = await new_person("Tomás Lima")
    await maya.post("/settings/replies", data=REFUND | {"audience": "own"})
    (item,) = await offered(maya, scene)
    assert await offered(tomas, scene) == []
    assert (await tomas.browser.get(f"/settings/replies/{item['id']}")).status_code == 404
    assert (await tomas.post(f"/settings/replies/{item['id']}/removal")).status_code == 404
    assert (await maya.post(f"/settings/replies/{item['id']}/removal")).status_code == 303
    assert await offered(maya, scene) == []


async def test_what_was_removed_comes_back_with_its_count(maya: Person, scene: Scene) -> None:
    await maya.post("/settings/replies", data=REFUND)
    (item,) = await offered(maya, scene)
    await maya.post(f"/saved-replies/{item['id']}/uses")
    way_back = (await maya.post(f"/settings/replies/{item['id']}/removal")).headers["location"]
    assert 'href="/settings/replies"' in (await maya.browser.get(way_back)).text

    undone = await maya.post(way_back.split("?")[0])

    assert undone.headers["location"] == "/settings/replies"
    assert await offered(maya, scene) == [item]
    assert "used once in 30 days" in (await maya.browser.get("/settings/replies")).text


async def test_another_of_the_same_shortcut_keeps_a_removed_one_away(maya: Person) -> None:
    await maya.post("/settings/replies", data=REFUND)
    page = (await maya.browser.get("/settings/replies")).text
    at = page.split('href="/settings/replies/')[2].split('"')[0]
    way_back = (await maya.post(f"/settings/replies/{at}/removal")).headers["location"].split("?")[0]
    await maya.post("/settings/replies", data=REFUND)

    refused = await maya.post(way_back)

    assert refused.status_code == 409 and "There is already a saved reply /refund." in refused.text


async def test_what_cannot_be_kept_is_refused_beside_its_field(maya: Person, scene: Scene) -> None:
    for change, says in (
        ({"text": "{{ customer.secret }}"}, "cannot be filled in"),
        ({"text": "{% for a in b %}{% endfor %}"}, "cannot be filled in"),
        ({"text": " "}, "Write what it says"),
        ({"shortcut": "two words"}, "without blanks"),
        ({"name": ""}, "1 to 120 characters"),
        ({"language": ["german!", ""]}, "such as de or pt-BR"),
    ):
        refused = await maya.post("/settings/replies", data=REFUND | change)
        assert refused.status_code == 422 and says in refused.text, change
    await maya.post("/settings/replies", data=REFUND)
    taken = await maya.post("/settings/replies", data=REFUND)
    assert taken.status_code == 422 and "already a saved reply /refund" in taken.text


async def test_a_reply_is_changed_on_its_page(maya: Person, scene: Scene) -> None:
    await maya.post("/settings/replies", data=REFUND)
    (item,) = await offered(maya, scene)
    page = (await maya.browser.get(f"/settings/replies/{item['id']}")).text
    assert 'value="de"' in page and "Refund on its way" in page
    changed = REFUND | {"text": "All done.", "language": [""], "language_text": [""]}
    assert (await maya.post(f"/settings/replies/{item['id']}", data=changed)).status_code == 303
    (item,) = await offered(maya, scene, "de")
    assert item["text"] == "All done."


async def test_a_private_case_of_others_offers_nothing(
    maya: Person, new_person: NewPerson, scene: Scene, sqlite_database: Database
) -> None:
    tomas = await new_person("Tomás Lima")
    async with sqlite_database.transaction() as session:
        (await session.get_one(Case, scene.case.id)).is_private = True
        assert await session.get(Conversation, scene.conversation.id)
    answer = await tomas.browser.get(f"/cases/{scene.case.number}/saved-replies")
    assert answer.status_code == 404
