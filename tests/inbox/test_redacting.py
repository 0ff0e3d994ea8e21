"""Words are found however they were broken, grouped and marked up."""

import pytest

from inbox.errors import Invalid
from inbox.redacting import MARK, Words, lines_of, words_of
from inbox.texts import text_of

CARD = "4111 1111 1111 1111"
WORDS = Words([CARD, "my secret horse"])


@pytest.mark.parametrize(
    "html",
    [
        "<p>Card: 4111 <b>1111</b>&nbsp;1111 1111</p><!-- 4111111111111111 -->",
        '<a href="tel:4111111111111111">4111-1111-1111-1111</a><img alt="my secret horse">',
        "<blockquote>My<br>\nsecret <i>ho</i>rse</blockquote>",
        "<table><tr><td>my</td><td>secret</td><td>horse</td></tr></table>",
        '<a href="https://shop.example/?q=my%20secret%20horse">here</a>',
        "<script>x = '4111111111111111'</script><style>/* my secret horse */</style>",
        '<p title="my secret&#32;horse">&#109;y secret horse</p>',
    ],
)
def test_nothing_is_left_of_them_in_html(html: str) -> None:
    cleaned = WORDS.out_of_html(html)
    assert cleaned is not None
    plain = cleaned.lower().replace("&nbsp;", " ").replace(" ", "").replace("-", "").replace("%20", "")
    assert "4111" not in plain and "secret" not in plain


def test_the_rest_of_a_document_stays() -> None:
    assert WORDS.out_of_html("<p>Hello</p>") == "<p>Hello</p>"
    cleaned = WORDS.out_of_html(f"<p>Pay by {CARD} <b>today</b></p>")
    assert text_of(cleaned or "") == f"Pay by {MARK} today"


def test_a_document_that_no_parser_bears_goes_whole() -> None:
    assert WORDS.out_of_html("<div>" * 3000 + CARD) is None


@pytest.mark.parametrize(
    "text", ["My  secret\n> horse", "> my\n> > secret horse", "4111\n> 1111 1111 1111", "4111.1111-1111/1111"]
)
def test_quoted_and_regrouped_words_are_found(text: str) -> None:
    assert MARK in WORDS.out_of(text).text and "1111" not in WORDS.out_of(text).text


def test_a_longer_number_is_another_number() -> None:
    assert not WORDS.are_in("order 41111111111111112")


def test_spans_follow_their_words() -> None:
    text = f"Hi {CARD}\n> old {CARD} words"
    start = text.index("> old")
    new = WORDS.out_of_columns(
        {"text": text, "spans": [[start, len(text), "quote"]], "subject": "", "html": None}
    )
    ((first, last, _),) = new["spans"]
    assert new["text"][first:last] == f"> old {MARK} words"


def test_only_what_somebody_wrote_goes_from_stored_json() -> None:
    words = Words(["pending"])
    stored = {"status": "pending", "text": "It is pending", "column": "status", "old": "pending"}
    assert words.out_of_json(stored) == stored | {"text": f"It is {MARK}"}


def test_too_little_cannot_be_told_apart() -> None:
    with pytest.raises(Invalid):
        words_of(["a b"])
    assert not words_of(["  "])


def test_short_lines_may_be_anybodys() -> None:
    assert lines_of("Thanks\n> My card is gone for good\nAna") == ["My card is gone for good"]
