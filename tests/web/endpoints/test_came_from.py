"""A form that was sent without a script leads back beside the list one came from."""

from tests.builders import Scene
from tests.web.conftest import Person


async def test_a_form_leads_back_beside_the_list_one_came_from(maya: Person, scene: Scene) -> None:
    number = scene.case.number
    thread = f"/conversations/{scene.conversation.public_id}?case={number}"

    await maya.browser.get(f"{thread}&in=unassigned")
    answer = await maya.post(f"/cases/{number}/star")
    assert answer.headers["location"] == f"/cases/{number}?in=unassigned"
    moved = await maya.browser.get(answer.headers["location"])
    assert moved.headers["location"] == f"{thread}&in=unassigned"

    await maya.browser.get("/inbox/found?q=blue%20lamp")
    answer = await maya.post(f"/cases/{number}/star")
    assert answer.headers["location"] == f"/cases/{number}?in=found&q=blue%20lamp"

    await maya.browser.get("/inbox/mine")
    answer = await maya.post(f"/cases/{number}/star")
    assert answer.headers["location"] == f"/cases/{number}"


async def test_what_is_no_list_leads_nowhere_else(maya: Person, scene: Scene) -> None:
    for planted in ("//evil.example", "all&next=x", "a b", "x" * 90):
        maya.browser.cookies.set("onethread_list", f'"{planted}"')
        answer = await maya.post(f"/cases/{scene.case.number}/star")
        location = answer.headers["location"]
        assert location == f"/cases/{scene.case.number}"
        assert "next" not in location and " " not in location
