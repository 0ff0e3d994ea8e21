"""Sessions are told apart by what people call their browsers."""

import pytest

from web.browsers import browser_words

MOZILLA = "Mozilla/5.0 ({}) AppleWebKit/537.36 (KHTML, like Gecko) {}"


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (MOZILLA.format("X11; Linux x86_64", "Chrome/156.0.0.0 Safari/537.36"), "Chrome on Linux"),
        (MOZILLA.format("Windows NT 10.0", "Chrome/140.0.0.0 Safari/537.36 Edg/140.0"), "Edge on Windows"),
        (MOZILLA.format("Macintosh; Intel Mac OS X 10_15_7", "Version/18.0 Safari/605.1"), "Safari on macOS"),
        (
            MOZILLA.format("iPhone; CPU iPhone OS 18_0", "CriOS/140.0 Safari/604"),
            "Chrome on iPhone",
        ),
        ("Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0", "Firefox on Android"),
        ("curl/8.14.1", "curl"),
        ("", "Unknown browser"),
    ],
)
def test_a_browser_is_called_by_its_name_and_its_system(user_agent: str, words: str) -> None:
    assert str(browser_words(user_agent)) == words
