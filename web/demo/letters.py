"""Raw inputs as the outside world would hand them over: mails, chat messages, form submissions."""

import base64
import hashlib
import struct
import zlib
from dataclasses import dataclass

from channels.forms import parser as forms
from channels.webchat import parser as webchat
from inbox import clock
from inbox.ids import public_id

AUTHSERV = "mx.harbourpine.example"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody outside. `company` is empty for private customers; `language` only colours their words."""

    name: str
    address: str
    company: str = ""

    @property
    def visitor_id(self) -> str:
        """The id of this person's browser: the same in every run, like 128 random bits to look at."""
        digest = hashlib.sha256(self.address.encode()).digest()[:16]
        return base64.b32encode(digest).decode().rstrip("=").lower()


def mail(
    person: Person,
    *,
    to: str,
    subject: str,
    text: str,
    answers: str = "",
    verdict: str = "pass",
    headers: tuple[str, ...] = (),
    photo: str = "",
) -> bytes:
    """A mail as the company's own server has taken it, with its verdict (RFC 8601). *answers* is the
    Message-ID that it answers, *photo* the name of a picture to attach."""
    domain = person.address.partition("@")[2]
    lines = [
        f"Authentication-Results: {AUTHSERV}; dmarc={verdict} header.from={domain}",
        f"From: {_encoded(person.name)} <{person.address}>",
        f"To: {to}",
        f"Subject: {_encoded(subject)}",
        f"Date: {clock.now():%a, %d %b %Y %H:%M:%S} +0000",
        f"Message-ID: <{public_id()}@{domain}>",
        *([f"In-Reply-To: <{answers}>", f"References: <{answers}>"] if answers else []),
        *headers,
        "MIME-Version: 1.0",
    ]
    plain = ["Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit", "", text]
    if photo:
        lines += _with_photo(plain, photo)
    else:
        lines += plain
    return ("\n".join(lines) + "\n").replace("\n", "\r\n").encode()


def chat(person: Person, text: str, *, page: str) -> bytes:
    """A message of a visitor's panel."""
    return webchat.write(
        visitor_id=person.visitor_id,
        client_id=public_id(),
        text=text,
        received_at=clock.now(),
        page=page,
        name=person.name,
    )


def form(person: Person, fields: dict[str, str]) -> bytes:
    """A submission of the form."""
    given = {"name": person.name, "email": person.address, **fields}
    return forms.write(submission_id=public_id(), fields=given, files=[], received_at=clock.now())


def _with_photo(plain: list[str], name: str) -> list[str]:
    boundary = f"part-{public_id()}"
    picture = base64.encodebytes(_picture(name)).decode().rstrip("\n")
    return [
        f'Content-Type: multipart/mixed; boundary="{boundary}"',
        "",
        f"--{boundary}",
        *plain,
        f"--{boundary}",
        f'Content-Type: image/png; name="{name}"',
        "Content-Transfer-Encoding: base64",
        f'Content-Disposition: attachment; filename="{name}"',
        "",
        picture,
        f"--{boundary}--",
    ]


def _picture(seed: str, width: int = 320, height: int = 240) -> bytes:
    """A plain PNG (RFC 2083): warm light that fades, in a colour of its name's own."""
    red, green, blue = (96 + byte % 128 for byte in hashlib.sha256(seed.encode()).digest()[:3])
    rows = bytearray()
    for y in range(height):
        rows.append(0)
        for x in range(width):
            near = 1 - min(1.0, ((x - width / 2) ** 2 + (y - height / 3) ** 2) ** 0.5 / width)
            rows += bytes(int(channel * (0.35 + 0.65 * near)) for channel in (red, green, blue))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(kind, data)
        for kind, data in ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(rows))), (b"IEND", b""))
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _encoded(words: str) -> str:
    """A header's words: those beyond ASCII as encoded words (RFC 2047)."""
    if words.isascii():
        return words
    return f"=?utf-8?b?{base64.b64encode(words.encode()).decode()}?="
