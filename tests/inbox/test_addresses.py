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
