"""Foreign words shown safely, cut short and linked."""

import json
import os
import time
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st
from selectolax.lexbor import LexborHTMLParser

from inbox.envelopes import Span, SpanKind
from inbox.html_limits import is_bearable, names
from inbox.markdown import rendered
from inbox.texts import (
    Segment,
    count_remote_images,
    linkify,
    markdown_html,
    new_words,
    quoted_words,
    safe_link,
    sanitise,
    snippet,
    text_of,
)

ATTACKS = (
    Path(os.environ.get("ONETHREAD_TEST_DATA") or Path(__file__).parents[3] / "shared" / "data") / "attacks"
)
ALLOWED_ATTRIBUTES = names(
    "style dir lang href src alt width height align bgcolor border cellpadding cellspacing valign colspan"
    " rowspan nowrap span color face size start type value target rel"
)
FORBIDDEN_TAGS = names(
    "script style svg math form input button textarea select iframe object embed base meta link title"
    " template audio video source picture"
)


def clean(html: str) -> str:
    return sanitise(html, image_urls={})


def harm(html: str) -> list[str]:
    """What runs or fetches more than pictures of ours, by the parser of a browser's rules."""
    tree = LexborHTMLParser(f"<body>{html}</body>")
    assert tree.body is not None
    nodes = list(tree.body.traverse())
    tags = [str(node.tag) for node in nodes if node.tag in FORBIDDEN_TAGS]
    attributes = [(name, value or "") for node in nodes for name, value in node.attributes.items()]
    return tags + [f"{name}={value}" for name, value in attributes if not _is_harmless(name, value)]


def _is_harmless(name: str, value: str) -> bool:
    if name == "src":
        return value.startswith("/media/")
    if name == "href":
        return value.lower().startswith(("http://", "https://", "mailto:", "tel:"))
    if name == "style":
        return not any(bad in value.lower() for bad in ("url", "\\", "/*", "@", "expression"))
    return name in ALLOWED_ATTRIBUTES


def test_ordinary_formatting_survives() -> None:
    html = '<p style="color:red">Hi <b>there</b></p><table width="100%"><tr><td>1</td></tr></table>'
    assert clean(html).startswith('<p style="color:red">Hi <b>there</b></p><table width="100%">')


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script>x",
        "<img src=x onerror=alert(1)>",
        '<a href="javascript:alert(1)">x</a>',
        '<a href="java\nscript:alert(1)">x</a>',
        '<a href="&#1;javascript:alert(1)">x</a>',
        '<a href="/agents/logout">x</a>',
        '<a href="//evil.test">x</a>',
        '<a href="data:text/html,x">x</a>',
        "<svg><animate onbegin=alert(1)></svg>",
        '<math><a xlink:href="javascript:alert(1)">x</a></math>',
        '<p hx-get="/x" data-hx-get="/x" id="a" name="b" class="c">x</p>',
        '<form action="https://evil.test"><input name=a><button>x</button></form>',
        '<base href="https://evil.test"><meta http-equiv=refresh content="0;url=https://evil.test">',
        '<img src="https://evil.test/pixel.gif">',
        '<img src="//evil.test/pixel.gif">',
        '<img src="/agents/logout">',
        '<img srcset="https://evil.test/x 2x">',
        '<img src="data:image/svg+xml,<svg onload=alert(1)>">',
        '<td background="https://evil.test/x">x</td>',
        '<p style="background:url(https://evil.test/x)">x</p>',
        '<p style="back\\67 round:url(https://evil.test/x)">x</p>',
        '<p style="color:red;/**/width:expression(alert(1))">x</p>',
        '<p style="position:fixed;top:0;left:0">x</p>',
        '<p style="list-style-image:url(x);content:url(x);cursor:url(x)">x</p>',
        '<p style="font-family:&quot;x&quot;;width:calc(1px)">x</p>',
        "<style>@import 'https://evil.test/x'</style>x",
        "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
        "<!--><img src=x onerror=alert(1)>-->",
        "<plaintext>x",
        '<body onload="alert(1)" background="https://evil.test/x">x',
    ],
)
def test_what_runs_or_fetches_does_not_survive(html: str) -> None:
    assert harm(clean(html)) == []


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="<>/=\"' abimgsrcstyleonx:;()&#-!\n", max_size=120))
def test_any_text_becomes_harmless(html: str) -> None:
    assert harm(clean(html)) == []


def test_pictures_of_the_mail_are_shown_by_urls_of_ours() -> None:
    own = {"shot@x": "/media/1?s=2", "https://x.test/a.png": "/media/3"}
    assert 'src="/media/1?s=2"' in sanitise('<img src="cid:shot@x">', image_urls=own)
    assert 'src="/media/1?s=2"' in sanitise('<img src="cid:shot%40x">', image_urls=own)
    assert 'src="/media/3"' in sanitise('<img src="https://x.test/a.png">', image_urls=own)
    assert "src" not in sanitise('<img src="cid:other@x">', image_urls=own)


def test_remote_pictures_are_counted_and_shown_only_by_our_proxy() -> None:
    html = (
        '<img src="https://x.test/a.png"><img src="//x.test/b.png"><img src="cid:c@x"><img src="/relative">'
    )
    assert count_remote_images(html) == 2
    shown = sanitise(html, image_urls={}, allow_remote=True, proxy=lambda url: f"/media/remote?u={url}")
    assert "/media/remote?u=https://x.test/a.png" in shown
    assert "/media/remote?u=https://x.test/b.png" in shown
    assert harm(shown) == []


def test_links_open_elsewhere_and_tell_nothing() -> None:
    assert clean('<a href="https://x.test/">x</a>') == (
        '<a href="https://x.test/" target="_blank" rel="noopener noreferrer nofollow">x</a>'
    )


BOMBS = [
    "<div>" * 200_000,
    "<div><object></div></object>" * 30_000,
    "<p>" + "".join(f"<font a={number}>" for number in range(1000)) + "<p>x" * 20_000,
    "<" * 1_000_000,
    "<a" * 300_000,
    "<div>" * 1900 + "</b>" * 100_000,
]


@pytest.mark.parametrize("html", BOMBS, ids=["deep", "scopes", "fonts", "brackets", "unfinished", "closing"])
def test_html_that_would_keep_a_parser_busy_is_shown_as_text(html: str) -> None:
    begun = time.process_time()
    assert harm(clean(html)) == []
    text_of(html)
    assert time.process_time() - begun < 5


def test_ordinary_html_is_bearable() -> None:
    assert is_bearable("<table><tr><td><div>x</div></td></tr></table>" * 3000)
    assert is_bearable("<p>x" * 20_000)
    assert not is_bearable("<div>" * 3000)


def test_html_becomes_text_with_the_breaks_that_a_reader_sees() -> None:
    html = (
        "<head><title>no</title><style>p{}</style></head><p>Hello&nbsp;<b>World</b>,<br>again</p>\n"
        "<div>a</div><div>b</div>"
        '<ul><li>one</li><li>two</li></ul><div style="display:none">hidden</div>'
        "<pre>x\n  y</pre><script>no</script>"
    )
    assert text_of(html) == "Hello World,\nagain\n\na\nb\n\n- one\n- two\n\nx\n  y"
    assert text_of("") == ""


@pytest.mark.parametrize(
    "style",
    ["display:none", "visibility: hidden", "mso-hide:all", "max-height:0;overflow:hidden", "max-height:0px"],
)
def test_what_a_newsletter_hides_is_no_text(style: str) -> None:
    filling = "&zwnj;&nbsp;" * 20
    html = f'<div style="{style}">preview</div><p>Hello{filling}</p><p style="max-height:200px">there</p>'
    assert text_of(html) == "Hello\n\nthere"


def test_addresses_in_plain_text_become_links_without_the_punctuation_around() -> None:
    text = "See https://x.test/a_(b), (http://y.test/c). Or jane@x.test! www.z.test?"
    assert [(one.text, one.url) for one in linkify(text) if one.url] == [
        ("https://x.test/a_(b)", "https://x.test/a_(b)"),
        ("http://y.test/c", "http://y.test/c"),
        ("jane@x.test", "mailto:jane@x.test"),
        ("www.z.test", "http://www.z.test"),
    ]


@given(st.text(max_size=200))
def test_linked_segments_joined_are_the_text(text: str) -> None:
    assert "".join(segment.text for segment in linkify(text)) == text


def test_no_other_scheme_becomes_a_link() -> None:
    text = "javascript:alert(1) data:text/html,x vbscript:x file:///etc/passwd"
    assert linkify(text) == [Segment(text)]
    assert safe_link("javascript:alert(1)") is None
    assert safe_link("/relative") is None
    assert safe_link(" HTTPS://x.test/ ") == "HTTPS://x.test/"


@pytest.mark.parametrize("unit", ["a", "a@", "http://", "www.", "a.", "https://x.y/)", "(", "<"])
def test_linking_takes_linear_time(unit: str) -> None:
    begun = time.process_time()
    linkify(unit * (1_000_000 // len(unit)))
    assert time.process_time() - begun < 2


def test_a_snippet_is_one_line_cut_between_words() -> None:
    assert snippet("Hello,\n\n  there ") == "Hello, there"
    cut = snippet("word " * 100)
    assert len(cut) <= 140 and cut.endswith("word…")
    assert len(snippet("x" * 1000)) == 140


def test_new_and_quoted_words_share_the_text_between_them() -> None:
    text = "New\n> old\nmore\n-- \nJane"
    spans = [Span(4, 10, SpanKind.QUOTE), Span(15, 24, SpanKind.SIGNATURE)]
    assert new_words(text, spans) == "New\nmore"
    assert quoted_words(text, spans) == "> old\n-- \nJane"
    assert new_words(text, []) == text


def test_markdown_becomes_formatting_and_raw_html_stays_text() -> None:
    html = markdown_html("**Hi** ~~no~~\nnext https://x.test/a_b_c.\n\n- one\n\n<b>raw</b> [x](javascript:y)")
    assert "<strong>Hi</strong> <s>no</s><br>" in html
    assert '<a href="https://x.test/a_b_c"' in html and "</a>." in html
    assert "<li>one</li>" in html
    assert "&lt;b&gt;raw&lt;/b&gt;" in html
    assert harm(html) == []


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="*_[]()<>!`#|-~ \nabhttps:/.x@", max_size=100))
def test_any_markdown_becomes_harmless(text: str) -> None:
    assert harm(markdown_html(text)) == []


PIECES = (
    "Hello Inês,", "ok", " ", "  ", "\n", "\n\n", "\n\n\n", "1. one", "2) two", "10.30 h", "- dash",
    "=", "---", "#", "+ 5", "https://shop.example/a?b=c#d", "www.shop.example", "maya@shop.example.",
    "(see http://x.example/)", "it's", '"so"', "a-b", "100 %", "…", "\u2013", "\u3000", "\xa0", "\u2028",
    "😀", "*no*", "_", "&", "<", "[x](y)", "`", "~", "|", ":-", "\t", "!",
)  # fmt: skip


@settings(max_examples=400)
@given(st.lists(st.sampled_from(PIECES), max_size=8).map("".join))
def test_plain_words_look_as_markdown_makes_them(text: str) -> None:
    assert markdown_html(text) == sanitise(rendered(text), image_urls={})


@pytest.mark.parametrize("letter", ["é", "你", "…", "😀", "a", " ", "é ", "é\n", "1."])
def test_markdown_in_any_language_takes_linear_time(letter: str) -> None:
    begun = time.process_time()
    markdown_html("Grüße " + letter * 5_000 + " *now*")
    assert time.process_time() - begun < 5


@pytest.mark.skipif(not ATTACKS.exists(), reason="the attack data is not here")
@pytest.mark.parametrize("name", ["xss_payloads", "email_html_vectors", "remote_leaks"])
def test_no_published_attack_survives(name: str) -> None:
    lines = (ATTACKS / f"{name}.jsonl").read_text().splitlines()
    begun = time.process_time()
    for line in lines:
        assert harm(clean(json.loads(line)["payload"])) == []
    print(f"\n{name}: {len(lines)} payloads, {len(lines) / (time.process_time() - begun):.0f}/s")
