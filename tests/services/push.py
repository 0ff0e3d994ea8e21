"""A push service with a device behind it: takes what is pushed, and reads it as a browser would."""

import asyncio
import json
import os
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from web.push_encryption import CURVE, Device


class Receiver:
    """The browser's half of RFC 8291."""

    def __init__(self) -> None:
        self._private = ec.generate_private_key(CURVE)
        point = self._private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.device = Device(point, os.urandom(16))

    def decrypted(self, body: bytes) -> bytes:
        """What was said; raises InvalidTag where it was not for this device."""
        salt, length = body[:16], body[20]
        theirs, record = body[21 : 21 + length], body[21 + length :]
        shared = self._private.exchange(
            ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(CURVE, theirs)
        )
        info = b"WebPush: info\0" + self.device.p256dh + theirs
        material = _hkdf(shared, self.device.auth, info, 32)
        key = _hkdf(material, salt, b"Content-Encoding: aes128gcm\0", 16)
        nonce = _hkdf(material, salt, b"Content-Encoding: nonce\0", 12)
        padded = AESGCM(key).decrypt(nonce, record, None)
        return padded.rstrip(b"\0").removesuffix(b"\2")


@dataclass(slots=True)
class Pushed:
    """A request to the service: its headers, and what the device read."""

    path: str
    headers: dict[str, str]
    payload: dict[str, Any]


@dataclass(slots=True)
class PushService:
    """Answers with its script's status codes, then with 201. `pushed` is what came."""

    port: int
    receiver: Receiver = field(default_factory=Receiver)
    script: deque[str] = field(default_factory=deque)
    pushed: list[Pushed] = field(default_factory=list)

    @property
    def endpoint(self) -> str:
        return f"http://push.example:{self.port}/send/abc"

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        body = await reader.readexactly(int(headers["content-length"]))
        payload = json.loads(self.receiver.decrypted(body))
        self.pushed.append(Pushed(first.split()[1], headers, payload))
        status = self.script.popleft() if self.script else "201 Created"
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()


@asynccontextmanager
async def push_service() -> AsyncIterator[PushService]:
    """One that listens on 127.0.0.1."""
    service = PushService(0)
    server = await asyncio.start_server(service.answer, "127.0.0.1", 0)
    service.port = server.sockets[0].getsockname()[1]
    async with server:
        yield service


def _hkdf(material: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=salt, info=info).derive(material)
