"""What is taken out of the scripts that foreign sites fetch, and what is not."""

import pytest

from web.slimming import slim_markup, slim_script, slim_style


def test_a_script_is_served_without_remarks_and_long_names() -> None:
    written = "/* why */\n(function () { const greeting = 'a  // b'; say(greeting, greeting); })();\n"
    served = slim_script(written)
    assert "why" not in served and "greeting" not in served
    assert "'a  // b'" in served or '"a  // b"' in served


def test_a_script_that_nobody_can_read_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be made slim"):
        slim_script("const f = (a")


def test_a_style_sheet_keeps_the_space_that_means_something() -> None:
    assert slim_style("/* x */\na b , c { margin: 0 auto ; }\n") == "a b,c{margin:0 auto}"


def test_markup_keeps_its_ends_and_the_space_between_words() -> None:
    served = slim_markup('<p class="one two" id="three">\n  Four <b>five</b> six\n</p>\n')
    assert served == '<p class="one two" id=three>Four <b>five</b> six</p>'
