"""Addresses that go out: one mailbox each, in ASCII where possible, with the strand's token if it fits."""

import pytest

from channels.email.addresses import mint_message_id, reply_address, wire_address, wire_domain
from inbox.errors import Invalid
from inbox.tokens import TOKEN, StrandTokens

STRAND = "abcdefghijklmnopqrstuvwxyz"
TOKEN_TEXT = StrandTokens([b"k" * 32]).mint(STRAND)


def test_an_answer_comes_back_to_a_plus_address_that_carries_the_token() -> None:
    address = reply_address("support@shop.example", TOKEN_TEXT)

    assert address == f"support+{TOKEN_TEXT}@shop.example"
    assert StrandTokens([b"k" * 32]).read(TOKEN.search(address).group()) == STRAND  # type: ignore[union-attr]


def test_a_mailbox_with_a_long_name_goes_without_a_plus_address() -> None:
    longest = "s" * (64 - 1 - len(TOKEN_TEXT))

    assert reply_address(f"{longest}@shop.example", TOKEN_TEXT) is not None
    assert reply_address(f"{longest}s@shop.example", TOKEN_TEXT) is None


def test_a_message_id_stands_in_the_domain_of_its_mailbox() -> None:
    assert mint_message_id("m" * 26, TOKEN_TEXT, "support@Bücher.example") == (
        f"{'m' * 26}.{TOKEN_TEXT}@xn--bcher-kva.example"
    )


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("jane@shop.example", "jane@shop.example"),
        ("Jane.Doe+tag@SHOP.Example", "Jane.Doe+tag@shop.example"),
        ("jane@straße.example", "jane@xn--strae-oqa.example"),
        ("用户@例え.example", "用户@xn--r8jz45g.example"),
        ("a..b.@docomo.example", '"a..b."@docomo.example'),
        ('"jane doe"@shop.example', '"jane doe"@shop.example'),
        ("o'brien!#$%&*/=?^_`{|}~-@shop.example", "o'brien!#$%&*/=?^_`{|}~-@shop.example"),
    ],
)
def test_an_address_goes_out_with_its_domain_in_ascii(typed: str, sent: str) -> None:
    assert wire_address(typed) == sent


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "jane",
        "@shop.example",
        "jane@",
        "jane doe@shop.example",
        "jane@shop.example,joe@shop.example",
        "jane@shop.example>\r\nRCPT TO:<joe@shop.example",
        "jane@shop.example\0",
        "jane@shop\u2028.example",
        "ja\x85ne@shop.example",
        "jane@[127.0.0.1]",
        "jane@shop..example",
        "jane@-shop.example",
        "|/bin/sh@shop.example",
        '"a@trusted.example" <evil@shop.example>',
        "a" * 65 + "@shop.example",
        "jane@" + "b" * 64 + ".example",
        "jane@" + "b." * 130 + "example",
    ],
)
def test_what_is_not_exactly_one_address_is_refused(typed: str) -> None:
    with pytest.raises(Invalid):
        wire_address(typed)


def test_a_domain_that_only_looks_like_one_is_refused() -> None:
    with pytest.raises(Invalid):
        wire_domain("shop\u3002.example")
