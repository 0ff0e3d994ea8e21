"""Identities that the host page's server signs."""

from datetime import UTC, datetime
from typing import Any

import pytest

from channels.webchat.signatures import SignedIdentity, sign, verify
from inbox.errors import Invalid, NotPermitted

MOMENT = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
SOON = int(MOMENT.timestamp()) + 3600


def signed(secret: str = "now", channel: str = "key", **facts: Any) -> dict[str, Any]:
    given = {"id": "u-1", "email": "Ines@Norte.example", "expires": SOON} | facts
    content = f"{channel}\n{given['id']}\n{given['email']}\n{given['expires']}"
    return given | {"signature": sign(secret, content.encode()), "name": "Inês"}


def check(given: dict[str, Any], secrets: tuple[str, ...] = ("now", "before")) -> SignedIdentity:
    return verify(given, channel_key="key", secrets=secrets, moment=MOMENT)


def test_what_was_signed_with_a_live_secret_is_proved() -> None:
    proved = SignedIdentity(user_id="u-1", email="ines@norte.example", name="Inês")
    assert check(signed()) == proved
    assert check(signed("before")) == proved


def test_numbers_are_signed_as_they_are_written() -> None:
    assert check(signed(id=42)).user_id == "42"


def test_an_email_is_not_needed() -> None:
    assert check(signed(email="")).email == ""


@pytest.mark.parametrize(
    "given",
    [
        signed("strange"),
        signed(channel="other"),
        signed() | {"id": "u-2"},
        signed() | {"email": "eve@evil.example"},
        signed() | {"expires": SOON + 1},
        signed() | {"signature": ""},
        signed() | {"signature": "é" * 64},
    ],
)
def test_anything_else_than_what_was_signed_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(NotPermitted):
        check(given)


def test_without_a_secret_nothing_is_proved() -> None:
    with pytest.raises(NotPermitted):
        check(signed(""), secrets=())


@pytest.mark.parametrize("expires", [SOON - 7200, SOON + 25 * 3600, "", "soon", -1, "1e9", True])
def test_a_signature_is_good_for_a_day_at_most(expires: object) -> None:
    with pytest.raises((Invalid, NotPermitted)):
        check(signed(expires=expires))


@pytest.mark.parametrize("user_id", ["", "a" * 201, "a\nb", None, True, ["u"]])
def test_an_id_is_one_line(user_id: object) -> None:
    with pytest.raises(Invalid):
        check(signed(id=user_id))
