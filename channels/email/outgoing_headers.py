"""The header block of a mail that we write, made here rather than by the standard library.

`email.policy` folds a Message-ID or a References header of more than 78 characters as if it were prose,
into encoded-words, which no receiver reads back as an id; ours are longer than that. Written out, the rules
are few: one address or id for each line, encoded-words (RFC 2047) where a text needs them.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from email.header import Header
from email.utils import format_datetime

from channels.email.addresses import reject_line_breaks, wire_address
from inbox.envelopes import Address
from inbox.errors import Invalid

LINE_OCTETS = 998  # RFC 5322 §2.1.1
REFERENCES_KEPT = 20  # at each end
_LINE = 76  # RFC 2047 §2
_SHORT_NAME = 60
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f]")
_ID = re.compile(r"[!-;=?-~]+@[!-;=?-~]+")  # printable ASCII without "<" and ">"


def header_line(name: str, value: str) -> bytes:
    """One header as bytes. *value* is folded already; UTF-8 in it is an address that needs RFC 6531.

    Raises Invalid where a line of it is longer than RFC 5322 allows.
    """
    line = f"{name}: {value}\r\n".encode()
    if any(len(part) > LINE_OCTETS for part in line.split(b"\r\n")):
        raise Invalid("The %(name)s is too long.", name=name, field=name.lower())
    return line


def text_value(text: str, *, field: str) -> str:
    """Prose such as a subject: as it is where it fits one line of ASCII, else encoded and folded.

    Raises Invalid where it holds a line break.
    """
    clean = _clean(text, field=field)
    # "=?" would be read as an encoded-word that we did not write.
    if clean.isascii() and "=?" not in clean and len(field) + 2 + len(clean) <= _LINE:
        return clean
    return _encoded(clean, field=field)


def address_value(addresses: Iterable[Address], *, field: str) -> str:
    """A list of addresses, one on each line; raises Invalid where one cannot be used."""
    return ",\r\n ".join(_mailbox(address, field=field) for address in addresses)


def id_value(message_id: str) -> str:
    """A Message-ID in angle brackets; raises Invalid where it is none (RFC 5322 §3.6.4)."""
    if not _ID.fullmatch(reject_line_breaks(message_id, field="message id")):
        raise Invalid("The message id is not one.", field="message id")
    return f"<{message_id}>"


def reference_values(references: Sequence[str]) -> list[str]:
    """The ids in angle brackets, oldest first, without the middle of a long list.

    The first ones name the thread and the last ones the branch, so these stay. What is no id is left out: it
    came from somebody else's mail, and a reply must not fail for it; one with a line break raises Invalid.
    """
    ids = [reject_line_breaks(reference, field="reference") for reference in references]
    usable = [f"<{id}>" for id in ids if _ID.fullmatch(id) and len(id) < LINE_OCTETS - 20]
    if len(usable) > 2 * REFERENCES_KEPT:
        return usable[:REFERENCES_KEPT] + usable[-REFERENCES_KEPT:]
    return usable


def date_value(moment: datetime) -> str:
    """A moment as RFC 5322 §3.3 writes it, in UTC so that it does not tell where the agent sits."""
    return format_datetime(moment.astimezone(UTC))


def _mailbox(address: Address, *, field: str) -> str:
    spec = wire_address(address.value, field=field)
    name = _clean(address.name, field=field)
    if not name:
        return spec
    phrase = _phrase(name, field=field)
    fits = len(field) + 2 + len(phrase) + 1 + len(spec) + 2 <= _LINE
    return f"{phrase} <{spec}>" if fits else f"{phrase}\r\n <{spec}>"


def _phrase(name: str, *, field: str) -> str:
    if not name.isascii() or "=?" in name or len(name) > _SHORT_NAME:
        return _encoded(name, field=field)
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _encoded(text: str, *, field: str) -> str:
    # One space before each further line, so a word may be one character shorter than the line.
    return Header(text, "utf-8", maxlinelen=_LINE, header_name=field).encode(linesep="\r\n")


def _clean(text: str, *, field: str) -> str:
    single = reject_line_breaks(text, field=field).encode("utf-8", "replace").decode()
    return " ".join(_CONTROLS.sub(" ", single).split())
