"""Email addresses as they are compared: lower-case, the domain in ASCII (RFC 5891); plus-tags and dots
stay."""

import re

import idna

from inbox.errors import Invalid

LONGEST = 254  # RFC 5321 §4.5.3.1.3, without the angle brackets

_LOCAL_PART = re.compile(r"[^\x00-\x20\x7f-\xa0\u2028\u2029()<>\[\]:;@\\,\"]{1,64}")
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
    address = f"{local.lower()}@{_ascii_domain(domain, field)}"
    if not _LOCAL_PART.fullmatch(local) or local.startswith("|") or len(address) > LONGEST:
        raise Invalid("This is not an address that mail can reach.", field=field)
    return address


def name_for(kind: str, address: str) -> str:
    """What somebody without a known name is called: their address, or "Visitor" and the end of it."""
    return f"Visitor {address[-4:].upper()}" if kind == "visitor" else address


def _ascii_domain(domain: str, field: str) -> str:
    try:
        encoded = domain.lower() if domain.isascii() else idna.encode(domain, uts46=True).decode()
    except idna.IDNAError as error:
        raise Invalid("The part after @ is not a domain.", field=field) from error
    if not _DOMAIN.fullmatch(encoded):
        raise Invalid("The part after @ is not a domain.", field=field)
    return encoded
