"""Secrets that prove who somebody is: how they are made, kept and how long they hold."""

import hashlib
import secrets
from datetime import timedelta

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


def guess_subjects(email: str, client: str) -> tuple[str, str]:
    """The digests under which wrong passwords are counted: the account's, and the client network's."""
    return digest_of(f"account {email.strip().lower()}"), digest_of(f"address {client}")
