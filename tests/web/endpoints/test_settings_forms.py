"""Settings → Channels → a form: preview, pause, and waves of spam."""

from datetime import timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from inbox.clock import FrozenClock
from inbox.models import Case, Channel, Message, Status, Sweep
from tests.builders import a_form_channel
from tests.web.conftest import Opened, Person
from tests.web.endpoints.test_settings_channels import only_channel, questions
from web import visiting
from web.endpoints.forms import PER_NETWORK
from web.installation import Installation

GOOD, FLOOD = "198.51.100.4", "203.0.113.9"  # RFC 5737


@pytest.fixture
async def form(installation: Installation, clock: FrozenClock) -> Channel:
    async with installation.database.transaction() as session:
        return await a_form_channel(session, name="Returns")


async def send(client: httpx2.AsyncClient, form: Channel, text: str, **more: Any) -> None:
    answers = {"email": f"{text.replace(' ', '.')}@mail.example", "message": text}
    answer = await client.post(f"/forms/{form.public_key}", json=answers | more)
    assert answer.status_code == 202, answer.text


async def verdicts(installation: Installation) -> dict[str, tuple[bool, str]]:
    """Of each submission: whether it is spam, and the status of its case."""
    query = select(Message.text, Message.is_spam, Case.status).join(Case, Case.id == Message.case_id)
    async with installation.database.reading() as session:
        return {text: (is_spam, status) for text, is_spam, status in await session.execute(query)}


async def test_a_form_is_paused_with_one_press_and_says_so_to_whoever_comes(
    ada: Person, stranger: httpx2.AsyncClient, installation: Installation, form: Channel
) -> None:
    here, public = f"/settings/channels/{form.public_id}", f"/forms/{form.public_key}"
    assert "Pause this form" in (await ada.browser.get(here)).text

    await ada.post(f"{here}/pause")

    page = await stranger.get(public)
    assert page.status_code == 503 and int(page.headers["retry-after"]) > 0
    assert "This form is closed just now" in page.text
    sent = await stranger.post(public, data={"email": "a@b.example", "message": "Only <once>"})
    assert sent.status_code == 503
    assert "Only &lt;once&gt;" in sent.text, "what somebody wrote must not be lost"
    told = await stranger.post(public, json={"email": "a@b.example", "message": "x"})
    assert told.status_code == 503 and "closed" in told.json()["detail"]
    assert await verdicts(installation) == {}
    assert "Paused: people read that it is closed" in (await ada.browser.get(here)).text

    await ada.post(f"{here}/resume")
    assert (await stranger.get(public)).status_code == 200


async def test_saving_the_settings_keeps_a_form_paused(
    ada: Person, installation: Installation, form: Channel
) -> None:
    await ada.post(f"/settings/channels/{form.public_id}/pause")
    rows = questions(("Message", "message", "textarea", "yes", ""))
    await ada.post(
        f"/settings/channels/{form.public_id}", data={"name": "Returns", "closed": "Back on Monday", **rows}
    )

    settings = (await only_channel(installation)).settings
    assert settings["paused"] is True and settings["closed"] == "Back on Monday"


async def test_the_preview_shows_the_builder_as_it_stands_and_saves_nothing(
    ada: Person, installation: Installation, form: Channel
) -> None:
    rows = questions(
        ("About you", "", "heading", "no", ""),
        ("Which size?", "size", "radio", "yes", "S\nL"),
        ("Bought on", "day", "date", "no", ""),
        ("", "campaign", "hidden", "no", "spring"),
    )
    more = {
        "field_help": ["Who are you?", "As on the label", "", ""],
        "field_target": ["", "attribute", "", ""],
    }
    answer = await ada.post(
        "/settings/forms/preview", data={"name": "Sizes", "row": "preview", **rows, **more}
    )

    assert answer.status_code == 200
    for words in (
        "<h2>About you</h2>",
        "Who are you?",
        '<input type="radio" name="size" value="L" required>',
        "As on the label",
        'type="date"',
        '<input type="hidden" name="campaign" value="spring">',
        "<button disabled>",
    ):
        assert words in answer.text
    assert "fields" not in (await only_channel(installation)).settings


async def test_the_page_of_a_form_gives_markup_that_needs_no_script(ada: Person, form: Channel) -> None:
    page = (await ada.browser.get(f"/settings/channels/{form.public_id}")).text

    assert f"&lt;iframe src=&#34;http://127.0.0.1:8000/forms/{form.public_key}?embed=1&#34;" in page
    assert "&lt;textarea name=&#34;message&#34; rows=&#34;6&#34; required&gt;" in page
    assert "contact_url" in page


async def test_a_wave_is_swept_by_its_source_and_time_and_comes_back_as_it_was(
    ada: Person, opened: Opened, installation: Installation, form: Channel, clock: FrozenClock
) -> None:
    robot, person = opened(address=FLOOD), opened(address=GOOD)
    await send(robot, form, "long ago")
    clock.moment += timedelta(hours=3)
    for number in range(25):  # more than one batch
        await send(robot, form, f"buy {number}")
    await send(robot, form, "trapped", contact_url="http://spam.example")
    await send(person, form, "a real question")
    before = await verdicts(installation)
    here = f"/settings/channels/{form.public_id}"
    page = (await ada.browser.get(here)).text
    assert "203.0.113.0/24" in page and "26 submissions, 1 of them spam" in page
    assert "Mark 25 as spam" in page and "Mark 1 as spam" in page

    await ada.post(f"{here}/sweeps", data={"network": "203.0.113.0/24", "period": "hour"})

    after = await verdicts(installation)
    assert after["a real question"] == after["long ago"] == (False, Status.OPEN)
    assert all(after[f"buy {number}"] == (True, Status.SPAM) for number in range(25))
    swept = (await ada.browser.get(here)).text
    assert "<b>25 submissions</b>" in swept and "by Ada Admin" in swept

    async with installation.database.reading() as session:
        sweep = (await session.scalars(select(Sweep))).one()
    await ada.post(f"{here}/sweeps/{sweep.public_id}/undo")

    assert await verdicts(installation) == before
    assert before["trapped"] == (True, Status.SPAM), "what was spam before the sweep stays spam"
    assert "Undone" in (await ada.browser.get(here)).text


async def test_what_came_after_a_sweep_began_stays(
    ada: Person, opened: Opened, installation: Installation, form: Channel, clock: FrozenClock
) -> None:
    here, robot = f"/settings/channels/{form.public_id}", opened(address=FLOOD)
    await send(robot, form, "one")
    await ada.post(f"{here}/sweeps", data={"network": "", "period": "nonsense"})
    clock.advance(seconds=1)
    await send(robot, form, "two")

    assert await verdicts(installation) == {"one": (True, Status.SPAM), "two": (False, Status.OPEN)}


async def test_only_an_admin_sweeps_and_pauses(
    maya: Person, ada: Person, installation: Installation, form: Channel
) -> None:
    here = f"/settings/channels/{form.public_id}"
    for path in (f"{here}/pause", f"{here}/sweeps", "/settings/forms/preview"):
        assert (await maya.post(path)).status_code == 403
    assert (await ada.post(f"{here}/sweeps/nothing/undo")).status_code == 404


async def test_a_flood_from_one_network_is_told_to_wait_while_others_are_let_in(
    app: Starlette, opened: Opened, form: Channel
) -> None:
    rates = app.state.visiting.rates
    rates._clock = lambda: 0.0
    for _ in range(PER_NETWORK.limit):  # from many addresses, none of which alone is too fast
        rates.take(PER_NETWORK, f"{form.id} 203.0.113.0/24")
    refused = await opened(address=FLOOD).post(f"/forms/{form.public_key}", json={})

    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) >= 1 and "Please try again in" in refused.json()["detail"]
    await send(opened(address=GOOD), form, "a real question")


async def test_a_flood_from_one_address_is_answered_before_anything_is_read_for_it(
    app: Starlette, opened: Opened, form: Channel
) -> None:
    rates, robot = app.state.visiting.rates, opened(address=FLOOD)
    rates._clock = lambda: 0.0
    for _ in range(visiting.FLOOD.limit):
        rates.take(visiting.FLOOD, f"{FLOOD}/32")

    for path in ("/forms/nothing", f"/forms/{form.public_key}"):  # whether it exists is not even looked up
        assert (await robot.get(path)).status_code == (await robot.post(path, json={})).status_code == 429
    assert (await opened(address=GOOD).get(f"/forms/{form.public_key}")).status_code == 200
