"""Calls and meetings are written down on a page of their own, and by programs."""

import re

from tests.builders import Scene
from tests.web.conftest import Person


async def test_a_call_is_written_down_and_stands_in_the_thread(maya: Person, scene: Scene) -> None:
    url = f"/customers/{scene.customer.public_id}/calls"
    panel = (await maya.browser.get(f"/conversations/{scene.conversation.public_id}")).text
    assert f"{url}/new?case={scene.case.number}" in panel
    form = (await maya.browser.get(f"{url}/new?case={scene.case.number}")).text
    at = re.search(r'name="at" value="([^"]+)"', form)
    assert at is not None and f'value="{scene.case.number}" selected' in form
    said = {
        "kind": "phone",
        "initiative": "theirs",
        "at": at[1],
        "minutes": "7",
        "with": "Rui",
        "text": "Blue, not green",
        "case": str(scene.case.number),
        "then": "open",
    }
    for wrong, words in (({"minutes": "many"}, "as a number"), ({"text": ""}, "what was said")):
        refused = await maya.post(url, data=said | wrong)
        assert refused.status_code == 422 and words in refused.text and 'value="Rui"' in refused.text

    logged = await maya.post(url, data=said)

    assert logged.headers["location"] == f"/cases/{scene.case.number}"
    thread = (await maya.browser.get(f"/conversations/{scene.conversation.public_id}")).text
    expected = ("Blue, not green", "Rui", "7 min", "icons.svg#phone", "Phone call")
    assert all(words in thread for words in expected)


async def test_a_program_logs_a_meeting(maya: Person, scene: Scene) -> None:
    url = f"/api/v1/customers/{scene.customer.public_id}/calls"
    body = {"kind": "meeting", "direction": "outbound", "text": "Met at the fair", "minutes": 30}
    answer = await maya.program.post(url, json=body)
    assert answer.status_code == 201
    made = answer.json()
    assert (made["channel"]["kind"], made["direction"], made["text"]) == (
        "meeting",
        "outbound",
        "Met at the fair",
    )
    assert (await maya.program.post(url, json=body | {"kind": "smoke"})).status_code == 422
    assert (await maya.program.get("/api/v1/channels")).json()["items"][0]["kind"] == "email"
