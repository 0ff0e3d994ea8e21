"""What browsers load beside the pages."""

import httpx2


async def test_the_icon_is_where_browsers_ask_for_it(stranger: httpx2.AsyncClient) -> None:
    answer = await stranger.get("/favicon.ico")

    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/x-icon")
    assert answer.content.startswith(b"\0\0\1\0"), "an icon file"
