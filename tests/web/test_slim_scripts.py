"""What is taken out of the scripts that foreign sites fetch, and what is not."""

import pytest

from web.slim_scripts import slim, slim_style


@pytest.mark.parametrize(
    ("written", "served"),
    [
        ("/* why\n   so */\nlet a = 1;  // here\n", "let a=1;"),
        ("const text = 'a  // b /* c */';", "const text='a  // b /* c */';"),
        ("x = `a  ${ b }  c`;", "x=`a  ${ b }  c`;"),
        ("if (a) b()\nelse c()", "if(a)b()\nelse c()"),
        ("x = /a  [/]b/.test(y) + +z;", "x= /a  [/]b/.test(y)+ +z;"),
        ("const long = 1; f(long, long);", "const a=1;f(a,a);"),
        ("const name = 1; f(name, x.name);", "const name=1;f(name,x.name);"),
        ("const kept = 1; f({ kept }, kept);", "const kept=1;f({kept},kept);"),
        ("const kept = 1; f({ kept: 2 }, kept);", "const kept=1;f({kept:2},kept);"),
        ("const shown = 1; f(`${shown}`, shown);", "const shown=1;f(`${shown}`,shown);"),
        ("const each = 1; f(a ? each : 2, each);", "const b=1;f(a?b:2,b);"),
    ],
)
def test_only_what_authors_need_is_left_out(written: str, served: str) -> None:
    assert slim(written).strip() == served


def test_a_style_sheet_keeps_the_space_that_means_something() -> None:
    assert slim_style("/* x */\na b , c { margin : 0 auto ; }\n") == "a b,c{margin : 0 auto}"
