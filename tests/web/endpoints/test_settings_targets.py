"""Reply targets are set on one page, for each channel."""

from tests.builders import Scene
from tests.web.conftest import Person


async def test_an_admin_sets_a_target_and_takes_it_away(ada: Person, scene: Scene) -> None:
    channel = scene.channel.public_id
    filled = {f"amount_{channel}": "4", f"unit_{channel}": "hours"}
    assert (await ada.post("/settings/targets", data=filled)).status_code == 303
    page = (await ada.browser.get("/settings/targets")).text
    assert 'value="4"' in page and '<option value="hours" selected>' in page
    assert 'data-format="due"' in (await ada.browser.get("/inbox/all")).text

    await ada.post("/settings/targets", data={f"amount_{channel}": ""})
    assert 'data-format="due"' not in (await ada.browser.get("/inbox/all")).text


async def test_what_is_no_number_is_refused_and_agents_may_not(
    ada: Person, maya: Person, scene: Scene
) -> None:
    filled = {f"amount_{scene.channel.public_id}": "soon"}
    refused = await ada.post("/settings/targets", data=filled)
    assert refused.status_code == 422 and "Write a whole number" in refused.text
    assert (await maya.post("/settings/targets", data=filled)).status_code in (403, 404)
