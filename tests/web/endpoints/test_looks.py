"""Settings → Appearance and Shortcuts."""

import re

import pytest

from inbox.models import Agent
from tests.web.conftest import Person
from tests.web.endpoints.conftest import SCRIPT
from web.installation import Installation
from web.keymap import CHANGEABLE

DEFAULTS = {name: key.default for name, key in CHANGEABLE.items()}


async def stored(installation: Installation, person: Person) -> Agent:
    async with installation.database.reading() as session:
        return await session.get_one(Agent, person.agent.id)


async def test_colours_and_density_are_kept(maya: Person, installation: Installation) -> None:
    answer = await maya.post("/settings/appearance", data={"theme": "dark", "density": "compact"})

    agent = await stored(installation, maya)
    assert answer.status_code == 303
    assert (agent.theme, agent.density) == ("dark", "compact")
    page = (await maya.browser.get("/inbox/mine")).text
    assert re.search(r'<html [^>]*data-theme="dark" data-density="compact"', page)


@pytest.mark.parametrize("choice", [{"theme": "pink", "density": "compact"}, {"theme": "dark"}])
async def test_there_is_no_other_look(maya: Person, choice: dict[str, str]) -> None:
    assert (await maya.post("/settings/appearance", data=choice)).status_code == 422


async def test_a_key_can_be_put_in_anothers_place(maya: Person, installation: Installation) -> None:
    data = DEFAULTS | {"shortcuts": "yes", "resolve": "y", "take_next": "", "mine": "g i"}
    assert (await maya.post("/settings/shortcuts", data=data)).status_code == 303

    assert (await stored(installation, maya)).keys == {"e": "y", "N": "", "g m": "g i"}
    assert 'data-keys=\'{"N": "", "e": "y"' in (await maya.browser.get("/inbox/mine")).text
    sheet = (await maya.browser.get("/settings/shortcuts", headers=SCRIPT)).text
    assert re.search(r"resolve, or reopen</dt><dd><kbd>Y</kbd> </dd>", sheet)
    assert "take the next" not in sheet and "<html" not in sheet


async def test_single_letters_can_be_switched_off(maya: Person, installation: Installation) -> None:
    await maya.post("/settings/shortcuts", data=DEFAULTS)

    assert not (await stored(installation, maya)).shortcuts
    assert 'data-shortcuts="off"' in (await maya.browser.get("/inbox/mine")).text


async def test_all_can_be_as_it_came(maya: Person, installation: Installation) -> None:
    await maya.post("/settings/shortcuts", data=DEFAULTS | {"resolve": "y"})
    await maya.post("/settings/shortcuts", data={"default": "yes"})

    agent = await stored(installation, maya)
    assert (agent.keys, agent.shortcuts) == ({}, True)


@pytest.mark.parametrize(
    ("name", "key", "why"),
    [
        ("resolve", "h", "is already taken"),
        ("resolve", "g", "is already taken"),
        ("resolve", "ab", "One sign"),
        ("resolve", "Ctrl e", "One sign"),
        ("resolve", "3", "saved views"),
    ],
)
async def test_a_key_that_would_mean_two_things_is_refused(
    maya: Person, installation: Installation, name: str, key: str, why: str
) -> None:
    answer = await maya.post("/settings/shortcuts", data=DEFAULTS | {name: key})

    assert answer.status_code == 422
    assert why in answer.text and f'value="{key}"' in answer.text
    assert (await stored(installation, maya)).keys == {}
