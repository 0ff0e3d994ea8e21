"""Addresses as they are compared."""

import pytest

from inbox.addresses import normalise_email
from inbox.errors import Invalid


@pytest.mark.parametrize(
    ("typed", "normal"),
    [
        (" INES@Norte.Example ", "ines@norte.example"),
        ("a+b.c@x.co", "a+b.c@x.co"),
        ("a@Bücher.example", "a@xn--bcher-kva.example"),
        ("a@mail.shop.test", "a@mail.shop.test"),
    ],
)
def test_an_address_is_lower_case_with_its_domain_in_ascii(typed: str, normal: str) -> None:
    assert normalise_email(typed) == normal


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "a",
        "@b.example",
        "a@b",
        "a@.",
        "a b@c.example",
        "a@b..example",
        "a@b.example\nBcc: c@d",
        "|sh@b.example",
        "a@b@c.example",
        "x" * 65 + "@b.example",
        "a@-b.example",
        "a@b.example,c@d.example",
    ],
)
def test_what_is_no_single_address_is_refused(typed: str) -> None:
    with pytest.raises(Invalid):
        normalise_email(typed)


def test_a_letter_outside_of_ascii_never_becomes_somebody_elses_address() -> None:
    assert normalise_email("jac\u212a@example.com") != normalise_email("jack@example.com")
    assert normalise_email("JÜRGEN@example.com") == "jürgen@example.com"


@pytest.mark.parametrize("unseen", ["\u200b", "\u202e", "\u00ad", "\u2066", "\ufeff", "\ud800"])
def test_an_address_holds_nothing_that_nobody_sees(unseen: str) -> None:
    with pytest.raises(Invalid):
        normalise_email(f"ja{unseen}ne@example.com")
