"""Web push: what is said to a device is encrypted for it alone (RFC 8291), and signed by us (RFC 8292). Pure.

The keys we sign with are derived from the installation's secret, so that they are in its backup and need no
place of their own. A subscription is bound to the key that it was made with; it keeps that one's name.
"""

import base64
import json
import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from inbox.secrets import Keys

RECORD_SIZE = 4096
MOST_BYTES = 3_900  # of a payload: with header, padding and tag it fills one record (RFC 8291 §4)
LIFE = timedelta(hours=12)  # RFC 8292 §2: a day at most
CURVE = ec.SECP256R1()
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256 (FIPS 186-4, D.1.2.3)


@dataclass(frozen=True, slots=True)
class Device:
    """A device's public key (an uncompressed point) and its secret (RFC 8291 §2)."""

    p256dh: bytes
    auth: bytes


class PushKeys:
    """What we sign pushes with, newest first."""

    def __init__(self, keys: Keys) -> None:
        scalars = (int.from_bytes(key) % (_ORDER - 1) + 1 for key in keys.derive_all("web push"))
        self._private = [ec.derive_private_key(scalar, CURVE) for scalar in scalars]

    @property
    def public(self) -> str:
        """The name of the newest, as browsers take it: the point in base64url."""
        return written(_point(self._private[0].public_key()))

    def authorization(self, endpoint: str, public: str, *, subject: str, moment: datetime) -> str:
        """The header that says to a push service who we are, by the key of this public name (the newest where
        that is gone)."""
        signed_by = next(
            (key for key in self._private if written(_point(key.public_key())) == public), self._private[0]
        )
        parts = urlsplit(endpoint)
        claims = {
            "aud": f"{parts.scheme}://{parts.netloc}",
            "exp": int((moment + LIFE).timestamp()),
            "sub": subject,
        }
        token = f"{_json({'typ': 'JWT', 'alg': 'ES256'})}.{_json(claims)}"
        r, s = decode_dss_signature(signed_by.sign(token.encode(), ec.ECDSA(SHA256())))
        signature = written(r.to_bytes(32) + s.to_bytes(32))
        return f"vapid t={token}.{signature}, k={written(_point(signed_by.public_key()))}"


def encrypted(
    payload: bytes,
    device: Device,
    *,
    salt: bytes | None = None,
    private: ec.EllipticCurvePrivateKey | None = None,
) -> bytes:
    """The body of a push, in one record of the aes128gcm encoding (RFC 8188 §2). *salt* and *private* are
    made anew for each unless a test gives them. Raises ValueError for a key that is none, or a payload that
    does not fit."""
    if len(payload) > MOST_BYTES:
        raise ValueError("a push holds one record")
    salt, private = salt or os.urandom(16), private or ec.generate_private_key(CURVE)
    own = _point(private.public_key())
    shared = private.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(CURVE, device.p256dh))
    # RFC 8291 §3.4: the device's secret and both public keys go into what the record's key is made from.
    material = _derived(shared, device.auth, b"WebPush: info\0" + device.p256dh + own, 32)
    key = _derived(material, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derived(material, salt, b"Content-Encoding: nonce\0", 12)
    header = salt + RECORD_SIZE.to_bytes(4) + len(own).to_bytes(1) + own
    return header + AESGCM(key).encrypt(nonce, payload + b"\2", None)  # 2: the last record


def written(data: bytes) -> str:
    """base64url without padding (RFC 7515 §2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def read(text: str) -> bytes:
    """What `written()` wrote; raises ValueError."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _derived(material: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=salt, info=info).derive(material)


def _point(public: ec.EllipticCurvePublicKey) -> bytes:
    return public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _json(value: object) -> str:
    return written(json.dumps(value, separators=(",", ":")).encode())
