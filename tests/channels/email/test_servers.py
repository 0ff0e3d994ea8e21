"""What an account's URLs say of its servers."""

import pytest

from channels.email.servers import foreign_login
from inbox.envelopes import Account


def account(login: str) -> Account:
    address = "help@shop.example"
    url = f"smtps://{login}mx.example:465"
    return Account(channel_id=1, name="Help", address=address, imap_url=None, smtp_url=url, password="pw")


@pytest.mark.parametrize(
    ("login", "foreign"),
    [
        ("", None),
        ("help@", None),
        ("help%40shop.example@", None),
        ("help%40mail.shop.example@", None),
        ("help%40eshop.example@", "eshop.example"),
        ("shop%40Gmail.example@", "gmail.example"),
    ],
)
def test_a_login_at_another_house_is_named(login: str, foreign: str | None) -> None:
    assert foreign_login(account(login)) == foreign
