"""What makes an app of the pages."""

import io

import httpx2
from PIL import Image

from tests.web.conftest import Person


async def test_the_app_can_be_installed_and_its_icons_are_what_they_say(
    stranger: httpx2.AsyncClient, maya: Person
) -> None:
    answer = await stranger.get("/manifest.webmanifest")
    facts = answer.json()

    assert answer.headers["content-type"] == "application/manifest+json"
    assert (facts["start_url"], facts["scope"], facts["display"]) == ("/inbox/mine", "/", "standalone")
    assert {"any", "maskable"} == {icon["purpose"] for icon in facts["icons"]}
    for icon in facts["icons"]:
        picture = await stranger.get(icon["src"])
        assert picture.headers["content-type"] == "image/png"
        with Image.open(io.BytesIO(picture.content)) as opened:
            assert f"{opened.width}x{opened.height}" == icon["sizes"]
    for shortcut in facts["shortcuts"]:
        assert (await maya.browser.get(shortcut["url"])).status_code == 200
    assert 'rel="manifest" href="/manifest.webmanifest"' in (await maya.browser.get("/inbox/mine")).text


async def test_the_shortcuts_speak_the_language_of_the_browser(stranger: httpx2.AsyncClient) -> None:
    english = (await stranger.get("/manifest.webmanifest")).json()
    german = (await stranger.get("/manifest.webmanifest", headers={"Accept-Language": "de"})).json()

    assert (english["lang"], german["lang"]) == ("en", "de")
    assert english["shortcuts"][0]["name"] == "Mine"


async def test_the_service_worker_reaches_all_pages_and_is_asked_for_anew(
    stranger: httpx2.AsyncClient,
) -> None:
    answer = await stranger.get("/sw.js")

    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["cache-control"] == "no-cache"
    unchanged = await stranger.get("/sw.js", headers={"If-None-Match": answer.headers["etag"]})
    assert unchanged.status_code == 304


async def test_what_the_worker_keeps_is_there_and_says_nothing_of_anybody(
    stranger: httpx2.AsyncClient, maya: Person
) -> None:
    kept = ("/offline", "/static/door.css", "/static/icon-192.png")
    script = (await stranger.get("/sw.js")).text

    assert all(f"'{path}'" in script or path == "/offline" for path in kept)
    assert [(await stranger.get(path)).status_code for path in kept] == [200, 200, 200]
    page = (await maya.browser.get("/offline")).text
    assert "No connection" in page and "Maya" not in page and "csrf" not in page
