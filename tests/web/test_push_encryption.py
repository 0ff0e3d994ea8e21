"""What is pushed can be read by its device alone, and is signed by us."""

import json
from datetime import UTC, datetime

import pytest
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from inbox.secrets import Keys
from tests.services.push import Receiver
from web.push_encryption import CURVE, MOST_BYTES, Device, PushKeys, encrypted, read, written

MOMENT = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
OLD, NEW = "an old key for tests only, long enough", "a new key for tests only, long enough"
ENDPOINT = "https://push.example:8443/send/abc?x=1"


def test_the_example_of_the_standard_comes_out_byte_for_byte() -> None:
    """RFC 8291, section 5 and appendix A."""
    private = int.from_bytes(read("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"))
    device = Device(
        read("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"),
        read("BTBZMqHH6r4Tts7J_aSIgg"),
    )

    body = encrypted(
        b"When I grow up, I want to be a watermelon",
        device,
        salt=read("DGv6ra1nlYgDCS1FRnbzlw"),
        private=ec.derive_private_key(private, CURVE),
    )

    assert written(body) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6Tlz"
        "AC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


def test_only_the_device_that_it_is_for_can_read_it() -> None:
    device, other = Receiver(), Receiver()

    bodies = [encrypted("Olá".encode(), device.device) for _ in range(2)]

    assert [device.decrypted(body).decode() for body in bodies] == ["Olá", "Olá"]
    assert bodies[0] != bodies[1]
    with pytest.raises(InvalidTag):
        other.decrypted(bodies[0])


def test_what_does_not_fit_into_one_record_is_refused() -> None:
    device = Receiver()

    assert device.decrypted(encrypted(b"x" * MOST_BYTES, device.device)) == b"x" * MOST_BYTES
    assert len(encrypted(b"x" * MOST_BYTES, device.device)) <= 4096
    with pytest.raises(ValueError):
        encrypted(b"x" * (MOST_BYTES + 1), device.device)


def test_a_key_that_is_no_point_is_refused() -> None:
    with pytest.raises(ValueError):
        encrypted(b"x", Device(b"\4" + b"\1" * 64, b"\0" * 16))


def checked(header: str) -> tuple[dict[str, object], str]:
    """The claims of a signed header and the name of the key, once the signature is right."""
    token, key = header.removeprefix("vapid t=").split(", k=")
    head, claims, signature = token.split(".")
    raw = read(signature)
    public = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, read(key))
    der = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
    public.verify(der, f"{head}.{claims}".encode(), ec.ECDSA(SHA256()))
    assert json.loads(read(head)) == {"typ": "JWT", "alg": "ES256"}
    return json.loads(read(claims)), key


def test_a_push_service_learns_who_we_are_for_half_a_day() -> None:
    keys = PushKeys(Keys([NEW]))

    header = keys.authorization(ENDPOINT, keys.public, subject="https://inbox.example", moment=MOMENT)

    claims, key = checked(header)
    expires = int(MOMENT.timestamp()) + 12 * 3600
    assert claims == {"aud": "https://push.example:8443", "exp": expires, "sub": "https://inbox.example"}
    assert key == keys.public and len(read(key)) == 65
    with pytest.raises(InvalidSignature):
        checked(header.replace(".", ".e", 1))


def test_a_device_is_written_to_with_the_key_that_it_knows_after_the_secret_was_changed() -> None:
    before, after = PushKeys(Keys([OLD])), PushKeys(Keys([NEW, OLD]))

    header = after.authorization(ENDPOINT, before.public, subject="https://inbox.example", moment=MOMENT)

    assert checked(header)[1] == before.public != after.public
    assert PushKeys(Keys([OLD])).public == before.public
