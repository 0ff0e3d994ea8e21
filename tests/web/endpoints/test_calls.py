"""Calls and meetings are written down on a page of their own, and by programs."""

import json
import re
from datetime import datetime

from inbox.actions.calls import log_call
from inbox.db import Database
from inbox.envelopes import SpokenKind
from inbox.models import Case, Customer, Status
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


async def test_what_was_written_down_is_put_right_and_taken_back(
    maya: Person, scene: Scene, sqlite_database: Database
) -> None:
    async with sqlite_database.transaction() as session:
        customer = await session.get_one(Customer, scene.customer.id)
        call = await log_call(
            session,
            customer,
            by=maya.agent,
            kind=SpokenKind.PHONE,
            is_inbound=True,
            text="Green",
            subject="Colour",
            minutes=7,
            spoken_with="Rui",
            then=Status.OPEN,
        )
    url = f"/messages/{call.public_id}/call"
    form = (await maya.browser.get(url)).text
    assert all(f'value="{value}"' in form for value in ("Rui", "7")) and ">Green<" in form
    refused = await maya.post(url, data={"text": "", "with": "Rui Dias"})
    assert refused.status_code == 422 and 'value="Rui Dias"' in refused.text
    changed = await maya.post(url, data={"text": "Blue", "with": "Rui Dias", "minutes": "9"})
    thread = (await maya.browser.get(f"/conversations/{scene.conversation.public_id}")).text
    row = (await maya.browser.get("/inbox/mine")).text

    assert changed.status_code == 303
    assert all(words in thread for words in ("Blue", "Rui Dias", "9 min")) and ">Green<" not in thread
    assert "Blue" in row
    async with sqlite_database.reading() as session:
        case = await session.get_one(Case, call.case_id)
    assert case.waiting_since is not None

    taken = await maya.post(f"{url}/withdrawal")
    again = await maya.post(f"{url}/withdrawal")

    async with sqlite_database.reading() as session:
        case = await session.get_one(Case, call.case_id)
    assert case.waiting_since is None and again.status_code == 404
    thread = (await maya.browser.get(f"/conversations/{scene.conversation.public_id}")).text
    assert "Taken back" in thread
    mail = scene.messages[0].public_id
    assert (await maya.browser.get(f"/messages/{mail}/call")).status_code == 404, "that is a mail"

    undone = await maya.post(taken.headers["location"].partition("?")[0])

    assert undone.headers["location"] == f"/cases/{case.number}"
    async with sqlite_database.reading() as session:
        case = await session.get_one(Case, call.case_id)
    assert case.waiting_since is not None
    thread = (await maya.browser.get(f"/conversations/{scene.conversation.public_id}")).text
    assert "Taken back" not in thread
    assert (await maya.browser.get(url)).status_code == 200, "it can be changed again"


async def test_taking_back_a_call_of_ours_forgets_its_answer_and_the_undo_brings_it_again(
    maya: Person, scene: Scene, sqlite_database: Database
) -> None:
    async with sqlite_database.transaction() as session:
        call = await log_call(
            session,
            await session.get_one(Customer, scene.customer.id),
            by=maya.agent,
            kind=SpokenKind.PHONE,
            is_inbound=False,
            text="Told them",
        )

    async def first_reply() -> datetime | None:
        async with sqlite_database.reading() as session:
            return (await session.get_one(Case, call.case_id)).first_replied_at

    before = await first_reply()
    toast = await maya.post(f"/messages/{call.public_id}/call/withdrawal", headers={"HX-Request": "true"})
    undo = json.loads(toast.headers["HX-Trigger"])["toast"]["undo"]
    assert before is not None
    assert (await maya.post(undo)).status_code == 303
    assert await first_reply() == before
    assert (await maya.post(undo)).status_code == 409


async def test_a_program_puts_a_call_right_and_takes_it_back(maya: Person, scene: Scene) -> None:
    url = f"/api/v1/customers/{scene.customer.public_id}/calls"
    body = {"kind": "phone", "text": "Green", "spoken_with": "Rui", "minutes": 7, "subject": "Colour"}
    made = (await maya.program.post(url, json=body)).json()
    here = f"/api/v1/calls/{made['id']}"

    changed = (await maya.program.patch(here, json={"text": "Blue"})).json()
    assert (changed["text"], changed["subject"]) == ("Blue", "Colour")
    thread = (await maya.browser.get(f"/conversations/{scene.conversation.public_id}")).text
    assert "Rui" in thread and "7 min" in thread
    await maya.program.patch(here, json={"minutes": None, "spoken_with": "Ana"})
    thread = (await maya.browser.get(f"/conversations/{scene.conversation.public_id}")).text
    assert "Ana" in thread and "7 min" not in thread
    assert (await maya.program.patch(here, json={"text": " "})).status_code == 422
    assert (await maya.program.patch(here, json={"at": "x"})).status_code == 422

    taken = await maya.program.post(f"{here}/cancel")
    assert (taken.status_code, taken.json()["delivery"]["state"]) == (200, "cancelled")
    assert (await maya.program.post(f"{here}/cancel")).status_code == 404
    mail = scene.messages[0].public_id
    assert (await maya.program.patch(f"/api/v1/calls/{mail}", json={"text": "x"})).status_code == 404
