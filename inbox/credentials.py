"""Secrets that prove who somebody is: how they are made, kept and how long they hold."""

import hashlib
import ipaddress
import secrets
from datetime import timedelta

import idna

from inbox.errors import Invalid

IDLE_LIFE = timedelta(hours=12)
ABSOLUTE_LIFE = timedelta(days=7)
INVITATION_LIFE = timedelta(hours=24)
GUESS_WINDOW = timedelta(minutes=15)
GUESSES = 10

API_PREFIX = "onethread_"  # so that scanners for leaked secrets know one when they see it


def new_token(prefix: str = "") -> str:
    """256 random bits, safe in URLs and cookies."""
    return prefix + secrets.token_urlsafe(32)


def digest_of(token: str) -> str:
    """What is stored instead of a token. The tokens are random, so a plain hash is enough."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def normalise_email(address: str) -> str:
    """An agent's address as it is stored: lower-case, the domain in IDNA; raises Invalid for what is none."""
    local, _, domain = address.strip().rpartition("@")
    try:
        domain = domain if domain.isascii() else idna.encode(domain, uts46=True).decode()
    except idna.IDNAError as error:
        raise Invalid("That is no email address.", field="email") from error
    whole = f"{local}@{domain}".lower()
    strange = any(c.isspace() or not c.isprintable() or c in '<>,;"' for c in whole)
    if not local or not domain or len(whole) > 320 or strange:
        raise Invalid("That is no email address. It looks like name@example.com.", field="email")
    return whole


def guess_subjects(email: str, client: str) -> tuple[str, str]:
    """The digests under which wrong passwords are counted: the account's, and that of the address block."""
    return digest_of(f"account {email.strip().lower()}"), digest_of(f"address {address_block(client)}")


def address_block(client: str) -> str:
    """The client's IPv4 address, or its IPv6 /64, which is what one customer of a provider has."""
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return client
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return client
