"""What is offered for removal."""

import pytest

from inbox.leaks import leaks_in


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Card 4111 1111 1111 1111, exp 12/28", ["4111 1111 1111 1111"]),
        ("5500-0000-0000-0004", ["5500-0000-0000-0004"]),
        ("Order 4111 1111 1111 1112", []),
        ("IBAN DE89 3704 0044 0532 0130 00 please", ["DE89 3704 0044 0532 0130 00"]),
        ("DE89 3704 0044 0532 0130 01", []),
        ("My password is hunter2!, ok?", ["hunter2!"]),
        ("Passwort: geheim42", ["geheim42"]),
        ("Call +351 910 555 014 about 0000000000000000", []),
        ("I forgot my password and wait", []),
    ],
)
def test_numbers_and_passwords_are_told_from_the_rest(text: str, found: list[str]) -> None:
    assert leaks_in(text) == found
