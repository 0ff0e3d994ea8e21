"""The header of a mail or of a part: bytes as they came, and what they mean."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_tz

from channels.email.address_lists import normalise_address, parse_addresses
from channels.email.encoded_words import decode_header
from channels.email.parameters import Parameters, read_parameters
from inbox.envelopes import Address

__all__ = ["MAX_IDS", "Headers", "message_ids", "moment", "normalise_address"]

MAX_IDS = 100
MAX_ID_LENGTH = 900
MAX_NAME_LENGTH = 200

_ANGLED = re.compile(r"<([^<>]{3,2000})>")
_BETWEEN = re.compile(r"[\s<>,;()\"]+")


class Headers:
    """Header fields in order; names are lower-case. `hint` is the charset of undeclared 8-bit text."""

    __slots__ = ("_by_name", "fields", "hint")

    def __init__(self, fields: Sequence[tuple[str, bytes]] = ()) -> None:
        self.fields = tuple(fields)
        self.hint: str | None = None
        self._by_name: dict[str, list[bytes]] = {}
        for name, value in self.fields:
            self._by_name.setdefault(name, []).append(value)

    def __contains__(self, name: str) -> bool:
        return name in self._by_name

    def raw(self, name: str) -> bytes:
        """The first field of that name as it came, or b"": of what may stand once, the first counts."""
        return self._by_name.get(name, [b""])[0]

    def all_raw(self, *names: str) -> list[bytes]:
        """Every field of these names."""
        return [value for name in names for value in self._by_name.get(name, ())]

    def text(self, name: str) -> str:
        """The first field of that name, decoded, on one line; "" where there is none."""
        return decode_header(self.raw(name), self.hint)

    def texts(self, *names: str) -> list[str]:
        """Every field of these names, decoded."""
        return [decode_header(value, self.hint) for value in self.all_raw(*names)]

    def with_parameters(self, name: str) -> tuple[str, Parameters]:
        """The first word or words of a structured field, and its parameters."""
        head, parameters = read_parameters(self.raw(name))
        return decode_header(head), parameters

    def addresses(self, *names: str) -> list[Address]:
        """Usable addresses of these fields, normalised, each once, in order."""
        found: dict[str, Address] = {}
        for value in self.all_raw(*names):
            for name, written in parse_addresses(value, self.hint):
                address = normalise_address(written)
                if address and (address not in found or not found[address].name):
                    found[address] = Address(address, name[:MAX_NAME_LENGTH] if name != written else "")
        return list(found.values())

    def ids(self, name: str) -> list[str]:
        """The Message-IDs of a field, without angle brackets."""
        return message_ids(self.texts(name))


def message_ids(texts: Iterable[str]) -> list[str]:
    """Message-IDs in order, each once (RFC 5322 §3.6.4): folded, without brackets or amid words, too."""
    found: dict[str, None] = {}
    for text in texts:
        text = text.replace("&lt;", "<").replace("&gt;", ">")  # from a program that takes all for HTML
        angled = [re.sub(r"\s+", "", inner) for inner in _ANGLED.findall(text)]
        for one in angled or [word for word in _BETWEEN.split(text) if "@" in word[1:-1]]:
            if 3 <= len(one) <= MAX_ID_LENGTH:
                found[one] = None
    return list(found)


def moment(text: str) -> datetime | None:
    """The moment that a Date field names, in UTC; None where it names none between 1970 and 2100."""
    try:
        parsed = parsedate_tz(text[:200])
        if parsed is None:
            found = datetime.fromisoformat(text.strip())  # no date of mail (RFC 5322 §3.3), but exact
            return found.astimezone(UTC) if found.tzinfo and 1970 <= found.year < 2100 else None
        naive = datetime(*parsed[:6], tzinfo=UTC)
        found = naive - timedelta(seconds=parsed[9] or 0)
    except (ValueError, TypeError, IndexError, OverflowError, AttributeError):
        return None  # parsedate_tz stumbles over some of what it was not made for
    return found if 1970 <= found.year < 2100 else None
