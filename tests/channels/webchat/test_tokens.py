"""Visitors' bearer tokens."""

from channels.webchat.tokens import VisitorTokens, digest_of, visitor_id_of

TOKENS = VisitorTokens([b"newest key", b"older key"])


def test_a_token_carries_256_random_bits_and_is_known_for_its_channel_alone() -> None:
    one, other = TOKENS.mint("shop"), TOKENS.mint("shop")
    assert one != other and len(one.split(".")[1]) == 43
    assert TOKENS.is_ours(one, "shop")
    assert not TOKENS.is_ours(one, "blog")


def test_tokens_of_an_older_key_stay_good() -> None:
    assert TOKENS.is_ours(VisitorTokens([b"older key"]).mint("shop"), "shop")
    assert not TOKENS.is_ours(VisitorTokens([b"strange key"]).mint("shop"), "shop")


def test_what_was_made_up_is_not_ours() -> None:
    token = TOKENS.mint("shop")
    for forged in (
        "",
        "v1",
        token + "x",
        token[:-1],
        "v1." + "A" * 43 + "." + "0" * 32,
        token.upper(),
        "v1.é.0",
    ):
        assert not TOKENS.is_ours(forged, "shop")


def test_a_visitors_id_follows_from_the_token_and_does_not_give_it_away() -> None:
    token = TOKENS.mint("shop")
    assert visitor_id_of(token) == visitor_id_of(token) != visitor_id_of(TOKENS.mint("shop"))
    assert len(visitor_id_of(token)) == 26 and len(digest_of(token)) == 64
