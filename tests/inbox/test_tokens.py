"""The signed token that an answer carries back."""

from inbox.ids import public_id
from inbox.tokens import StrandTokens, found_tokens, mint_message_id

OLD, NEW = b"o" * 32, b"n" * 32


def test_a_new_key_seals_and_the_old_one_still_opens() -> None:
    strand = public_id()
    before, after = StrandTokens([OLD]).mint(strand), StrandTokens([NEW, OLD]).mint(strand)

    assert before != after
    assert [StrandTokens([NEW, OLD]).read(token) for token in (before, after)] == [strand, strand]
    assert StrandTokens([NEW]).read(before) is None


def test_a_token_survives_other_case_and_is_found_in_a_message_id() -> None:
    strand, tokens = public_id(), StrandTokens([NEW])
    token = tokens.mint(strand)

    assert tokens.read(token.upper()) == strand
    assert found_tokens(mint_message_id(public_id(), token, "support@desk.test")) == [token]
    assert max(len(f"support+{token}"), 0) <= 64  # RFC 5321 §4.5.3.1.1


def test_a_seal_that_is_not_ours_opens_nothing() -> None:
    strand, tokens = public_id(), StrandTokens([NEW])
    token = tokens.mint(strand)
    other = token[:-1] + ("a" if token[-1] != "a" else "b")

    assert tokens.read(other) is None
    assert tokens.read(f"c.{public_id()}.{token[-16:]}") is None
    assert tokens.read("c.1001") is None
