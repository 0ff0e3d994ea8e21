"""Mail addresses as they go out on the wire: checked, in ASCII where possible, never able to carry a command.

Header values and addresses are refused where they hold a line break of any kind, before any library sees
them: what a library calls a line differs from what a server calls one.
"""

import re

import idna

from inbox.errors import Invalid

LOCAL_PART_OCTETS = 64  # RFC 5321 §4.5.3.1.1
DOMAIN_OCTETS = 255  # RFC 5321 §4.5.3.1.2
LABEL_OCTETS = 63  # RFC 1035 §2.3.4

# CR, LF, NUL, U+0085, U+2028, U+2029, and the four that str.splitlines() takes for a line's end as well.
_LINE_BREAKS = re.compile("[\r\n\0\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_ATOM = r"[^\x00-\x20\x7f-\x9f()<>\[\]:;@\\,.\"\u2028\u2029]+"  # RFC 5322 §3.2.3 with RFC 6532 §3.2
_DOT_ATOM = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_DOTTED = re.compile(
    rf"(?:{_ATOM}|\.)+"
)  # "a..b@" and "a.@", which some providers gave out: they need quotes
_QUOTED = re.compile(r'"(?:[^\x00-\x1f\x7f-\x9f"\\\u2028\u2029]|\\[\x20-\x7e])+"')
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?", re.IGNORECASE)


def reject_line_breaks(text: str, *, field: str) -> str:
    """*text* itself; raises Invalid where it holds what anybody could take for the end of a line."""
    if _LINE_BREAKS.search(text):
        raise Invalid("The %(name)s must be one line without control characters.", name=field, field=field)
    return text


def reject_controls(text: str, *, field: str) -> str:
    """*text* itself; raises Invalid where it holds any control character, as no command's argument may."""
    if _CONTROLS.search(text):
        raise Invalid("The %(name)s must not contain control characters.", name=field, field=field)
    return text


def wire_address(address: str, *, field: str = "address") -> str:
    """The one mailbox that *address* names, its domain in ASCII (RFC 5890), fit for a command and a header.

    The local part stays as it is; it may be non-ASCII (RFC 6531), which `is_ascii_address` tells.
    Raises Invalid where *address* is not exactly one address, or is a domain literal.
    """
    reject_controls(address, field=field)
    local, at, domain = address.rpartition("@")
    if not at:
        raise Invalid("%(address)s is not an email address.", address=repr(address[:80]), field=field)
    return f"{_wire_local_part(local, address, field)}@{wire_domain(domain, field=field)}"


def wire_domain(domain: str, *, field: str = "address") -> str:
    """*domain* in lower-case ASCII; raises Invalid where it is none."""
    try:
        encoded = domain if domain.isascii() else idna.encode(domain, uts46=True).decode()
    except idna.IDNAError as error:
        raise Invalid("%(domain)s is not a domain.", domain=repr(domain[:80]), field=field) from error
    sound = all(len(label) <= LABEL_OCTETS and _LABEL.fullmatch(label) for label in encoded.split("."))
    if not sound or len(encoded) > DOMAIN_OCTETS:
        raise Invalid("%(domain)s is not a domain.", domain=repr(domain[:80]), field=field)
    return encoded.lower()


def is_ascii_address(address: str) -> bool:
    """Whether an address goes without SMTPUTF8 (RFC 6531) once its domain is in ASCII."""
    return address.rpartition("@")[0].isascii()


def reply_address(mailbox: str, token: str) -> str | None:
    """The plus-address (RFC 5233) that brings an answer back to its strand.

    None where the local part would be longer than RFC 5321 allows; then the token in our Message-ID has to
    do.
    """
    local, _, domain = wire_address(mailbox, field="mailbox").rpartition("@")
    extended = f"{local}+{reject_controls(token, field='token')}"
    if local.startswith('"') or len(extended.encode()) > LOCAL_PART_OCTETS:
        return None
    return f"{extended}@{domain}"


def mint_message_id(message_public_id: str, token: str, mailbox_address: str) -> str:
    """A Message-ID without angle brackets (RFC 5322 §3.6.4) in the mailbox's domain; it carries the token."""
    domain = wire_address(mailbox_address, field="mailbox").rpartition("@")[2]
    identifier = f"{message_public_id}.{token}" if token else message_public_id
    return f"{reject_controls(identifier, field='message id')}@{domain}"


def _wire_local_part(local: str, address: str, field: str) -> str:
    # A leading "|" is a pipe to a program in the alias syntax of several servers.
    if len(local.encode()) <= LOCAL_PART_OCTETS and not local.startswith("|"):
        if _DOT_ATOM.fullmatch(local) or _QUOTED.fullmatch(local):
            return local
        if _DOTTED.fullmatch(local):
            return f'"{local}"'
    raise Invalid("%(address)s is not an email address.", address=repr(address[:80]), field=field)
