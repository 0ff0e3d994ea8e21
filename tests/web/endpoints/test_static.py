"""What browsers load beside the pages."""

import re

import httpx2
import pytest

from tests.web.conftest import Person
from web.endpoints.static import SCRIPTS, SHEETS, STATIC, slim_script, slim_sheet
from web.slimming import SCRIPT, slim


async def test_the_icon_is_where_browsers_ask_for_it(stranger: httpx2.AsyncClient) -> None:
    answer = await stranger.get("/favicon.ico")

    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/x-icon")
    assert answer.content.startswith(b"\0\0\1\0"), "an icon file"


@pytest.mark.parametrize(
    ("path", "sheet"),
    [
        ("/sign-in", "door.css"),
        ("/api/docs", "door.css"),
        ("/inbox/mine", "inbox.css"),
        ("/settings", "workspace.css"),
        ("/search", "workspace.css"),
        ("/customers", "workspace.css"),
    ],
)
async def test_a_page_loads_one_sheet_of_all_that_it_looks_like(
    maya: Person, stranger: httpx2.AsyncClient, path: str, sheet: str
) -> None:
    browser = stranger if path == "/sign-in" else maya.browser
    page = await browser.get(path, follow_redirects=True)

    assert re.findall(r'rel="stylesheet" href="/static/([^"]+)"', page.text) == [sheet]
    loaded = await browser.get(f"/static/{sheet}")
    assert loaded.headers["content-type"].startswith("text/css")
    assert loaded.text == "".join(slim_sheet((STATIC / part).read_text()) for part in SHEETS[sheet])


async def test_a_page_loads_one_file_of_all_its_scripts(maya: Person) -> None:
    page = await maya.browser.get("/inbox/mine")

    assert re.findall(r'<script src="/static/([^"]+)"', page.text) == ["desk.js"]
    loaded = await maya.browser.get("/static/desk.js")
    assert loaded.headers["content-type"].startswith("text/javascript")
    assert loaded.text == ";\n".join(slim_script((STATIC / part).read_text()) for part in SCRIPTS)


def test_a_script_means_the_same_without_its_remarks_and_margins() -> None:
    written = [path.read_text() for path in sorted(STATIC.glob("*.js"))]
    served = [slim_script(script) for script in written]
    assert sum(map(len, served)) < 0.9 * sum(map(len, written))
    made = slim(*((SCRIPT, script) for script in [*written, *served]))
    assert made[: len(written)] == made[len(written) :]
