"""What is taken out of the scripts that foreign sites fetch, and what is not."""

import pytest

from web.slimming import MARKUP, SCRIPT, STYLE, slim


def test_a_script_is_served_without_remarks_and_long_names() -> None:
    written = "/* why */\n(function () { const greeting = 'a  // b'; say(greeting, greeting); })();\n"
    (served,) = slim((SCRIPT, written))
    assert "why" not in served and "greeting" not in served
    assert "'a  // b'" in served or '"a  // b"' in served


def test_a_script_that_nobody_can_read_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be made slim"):
        slim((SCRIPT, "const f = (a"))


def test_what_means_something_stays() -> None:
    style = (STYLE, "/* x */\na b , c { margin: 0 auto ; }\n")
    markup = (MARKUP, '<p class="one two" id="three">\n  Four <b>five</b> six\n</p>\n')
    assert slim(style, markup) == [
        "a b,c{margin:0 auto}",
        '<p class="one two" id=three>Four <b>five</b> six</p>',
    ]
