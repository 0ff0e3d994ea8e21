"""What is taken out of the scripts that foreign sites fetch, and what is not."""

import pytest

from web.slimming import slim_markup, slim_script, slim_style


@pytest.mark.parametrize(
    ("written", "served"),
    [
        ("/* why\n   so */\nlet a = 1;  // here\n", "let a=1;"),
        ("const text = 'a  // b /* c */';", "let a='a  // b /* c */';"),
        ("x = `a  ${ b }  c`;", "x=`a  ${b}  c`;"),
        ("x = `a ${ y.map(z => `<${ z }>`) } // }`;", "x=`a ${y.map(a=>`<${a}>`)} // }`;"),
        ("if (a) b()\nelse c()", "if(a)b()\nelse c()"),
        ("x = /a  [/]b/.test(y) + +z / 2;", "x=/a  [/]b/.test(y)+ +z/2;"),
        ("f(true, { false: false, true: a.true });", "f(!0,{false:!1,true:a.true});"),
        ("const long = 1; f(long, long);", "let a=1;f(a,a);"),
        ("const name = 1; f(name, x.name);", "let a=1;f(a,x.name);"),
        ("const kept = 1; f({ kept }, kept);", "let a=1;f({kept:a},a);"),
        ("const kept = 1; f({ kept: 2, ...kept }, kept);", "let a=1;f({kept:2,...a},a);"),
        ("const shown = 1; f(`${shown}`, shown);", "let a=1;f(`${a}`,a);"),
        ("const each = 1; f(a ? each : 2, each);", "let b=1;f(a?b:2,b);"),
        ("const { one, two: other } = x; f(one, other);", "let{one:a,two:b}=x;f(a,b);"),
        ("let one, two; ({ one } = two);", "let a,b;({one:a}=b);"),
        ("function first(one) { return first(one); }", "function b(a){return b(a);}"),
        ("const f = history => history.back(); history.go();", "let f=a=>a.back();history.go();"),
    ],
)
def test_only_what_authors_need_is_left_out(written: str, served: str) -> None:
    assert slim_script(written).strip() == served


def test_a_script_that_is_one_function_has_its_outermost_level_inside() -> None:
    served = slim_script(
        "(function () {\nconst kept = 1;\nf(word => word + kept);\nf(name => name);\n})();\n"
    )
    assert served.strip() == "(function(){let b=1;f(a=>a+b);f(a=>a);})();"


def test_a_script_that_nobody_can_read_is_refused() -> None:
    with pytest.raises(ValueError, match="never closed"):
        slim_script("const f = (a")


def test_a_style_sheet_keeps_the_space_that_means_something() -> None:
    assert slim_style("/* x */\na b , c { margin: 0 auto ; }\n") == "a b,c{margin:0 auto}"


def test_markup_keeps_the_space_between_words_and_the_quotes_around_several() -> None:
    markup = '<p class="one two" id="three">\n  Four <b>five</b>\n</p>\n<i title=""></i>\n'
    assert slim_markup(markup) == '<p class="one two" id=three>Four <b>five</b></p><i title=""></i>'
