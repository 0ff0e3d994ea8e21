"""Email addresses as they are compared: lower-case, the domain in ASCII (RFC 5891); plus-tags and dots
stay."""

import re

import idna

from inbox.errors import Invalid

LONGEST_NAME = 300
LONGEST = 254  # RFC 5321 §4.5.3.1.3, without the angle brackets

# Neither what ends a word or a line, nor what nobody sees: two addresses that look alike would be two people.
_LOCAL_PART = re.compile(
    r"[^\x00-\x20\x7f-\xa0\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff"
    r"()<>\[\]:;@\\,\"]{1,64}"
)
_DOMAIN = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")


def normalise_email(typed: str, *, field: str = "email") -> str:
    """The address that somebody typed, normalised.

    Raises Invalid, with a sentence for whoever typed it, where it is not one address that mail can reach.
    """
    local, at, domain = typed.strip().rpartition("@")
    if not at or not local:
        raise Invalid("Write a whole address, like name@example.com.", field=field)
    if "." not in domain.strip("."):
        raise Invalid("Add the part after the dot, like .com or .pt.", field=field)
    address = f"{_small(local)}@{_ascii_domain(domain, field)}"
    if not _LOCAL_PART.fullmatch(local) or local.startswith("|") or len(address) > LONGEST:
        raise Invalid("This is not an address that mail can reach.", field=field)
    return address


def name_for(kind: str, address: str) -> str:
    """What somebody without a known name is called: their address, or "Visitor" and the end of it; at most as
    much of it as a name may be long."""
    return f"Visitor {address[-4:].upper()}" if kind == "visitor" else address[:LONGEST_NAME]


def _small(local: str) -> str:
    """In small letters; but a letter outside of ASCII never becomes one of it (the Kelvin sign would be a k):
    that would be somebody else's address."""
    return local.lower() if local.isascii() else "".join(map(_small_letter, local))


def _small_letter(letter: str) -> str:
    small = letter.lower()
    return letter if small.isascii() and not letter.isascii() else small


def _ascii_domain(domain: str, field: str) -> str:
    try:
        encoded = domain.lower() if domain.isascii() else idna.encode(domain, uts46=True).decode()
    except idna.IDNAError as error:
        raise Invalid("The part after @ is not a domain.", field=field) from error
    if not _DOMAIN.fullmatch(encoded):
        raise Invalid("The part after @ is not a domain.", field=field)
    return encoded
