"""What users rely on stands in the documentation."""

import pkgutil
import re
from pathlib import Path

import pytest

from inbox.config import PREFIX, Settings
from inbox.models import EventKind, place_of
from web import commands

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_documented(name: str) -> None:
    assert f"`{PREFIX}{name.upper()}`" in (ROOT / "docs" / "configuration.md").read_text()


@pytest.mark.parametrize("kind", EventKind)
def test_every_event_kind_is_documented_with_what_it_does_to_a_timeline(kind: EventKind) -> None:
    place = {"place": "a new entry", "redraw": "drawn anew", "reset": "read anew", "none": "-"}[
        place_of(kind)
    ]
    row = re.search(rf"\| `{re.escape(kind)}` \| (.+) \| (.+) \|", (ROOT / "docs" / "events.md").read_text())

    assert row is not None and len(row[1]) > 5 and place in row[2]


@pytest.mark.parametrize(
    "name", [module.name.rstrip("_") for module in pkgutil.iter_modules(commands.__path__)]
)
def test_every_command_is_documented(name: str) -> None:
    assert f"onethread {name}" in (ROOT / "docs" / "commands.md").read_text()


def test_every_link_of_the_documentation_leads_somewhere() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    broken = [
        (page.name, target)
        for page in pages
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text())
        if not (page.parent / target).exists()
    ]

    assert broken == []


def test_the_readme_says_how_to_start() -> None:
    assert all(words in README for words in ("make run", "make demo", "make test", "docs/architecture.md"))
