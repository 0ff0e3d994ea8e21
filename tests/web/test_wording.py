"""How templates speak, and whose language it is."""

import pytest

from tests.web.conftest import Opened, Person
from web.installation import Installation
from web.preferences import preferred
from web.templating import environment


def drawn(language: str, source: str, **names: object) -> str:
    return environment(language).from_string(source).render(**names)


def test_a_text_is_put_in_when_a_template_is_compiled() -> None:
    compiled = environment("de").compile('<p>{{ _("Nobody") }}</p>', raw=True)

    assert "'<p>Niemandem</p>'" in compiled and "resolve('_')" not in compiled


def test_what_fills_a_text_is_escaped_and_the_text_is_not() -> None:
    source = '{{ _("to <b>%(channel)s</b>", channel=name) }}'

    assert drawn("en", source, name="<i>") == "to <b>&lt;i&gt;</b>"
    assert drawn("de", source, name="<i>") == "an <b>&lt;i&gt;</b>"


def test_a_text_that_python_names_is_escaped() -> None:
    assert drawn("de", "{{ title | said }}", title="Mine") == "Meine"
    assert drawn("de", "{{ title | said }}", title="<b>") == "&lt;b&gt;"


@pytest.mark.parametrize(
    ("source", "english", "german"),
    [
        ("{{ ['a', '<b>', 'c'] | listed }}", "a, &lt;b&gt; and c", "a, &lt;b&gt; und c"),
        ("{{ ['a'] | listed }}", "a", "a"),
        ("{{ 1.25 | decimal }}", "1.2", "1,2"),
        ("{{ counted('%(number)d file', '%(number)d files', 2000) }}", "2,000 files", "2.000 Dateien"),
        ("{{ language }}", "en", "de"),
    ],
)
def test_lists_and_numbers_are_those_of_the_language(source: str, english: str, german: str) -> None:
    assert (drawn("en", source), drawn("de", source)) == (english, german)


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("de-AT, en;q=0.5", "de"),
        ("fr, de;q=0.2, en;q=0.1", "de"),
        ("fr", "en"),
        ("", "en"),
        ("en-GB, de", "en"),
    ],
)
async def test_the_door_speaks_what_the_browser_prefers(opened: Opened, accepted: str, language: str) -> None:
    page = (await opened(headers={"accept-language": accepted}).get("/sign-in")).text

    assert f'<html lang="{language}">' in page
    assert ("Anmelden" in page) == (language == "de")


async def test_trouble_is_told_in_the_agents_language_and_to_programs_in_english(
    maya: Person, installation: Installation
) -> None:
    async with installation.database.transaction() as session:
        (await session.merge(maya.agent)).language = "de"

    page = await maya.browser.get("/cases/999999")
    answer = await maya.browser.get("/api/v1/cases/999999")

    assert "Hier ist nichts, oder nichts, das Sie sehen dürfen." in page.text
    assert answer.headers["content-type"] == "application/problem+json" and "Nicht" not in answer.text


def test_preferences_are_read_by_their_weight() -> None:
    assert preferred("fr;q=0.9, de-AT;q=0.95, en;q=0") == ["de-AT", "fr"]
