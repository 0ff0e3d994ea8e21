"""Passwords: argon2id (RFC 9106 §4, second recommended choice), never on the event loop."""

import asyncio
import base64
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type

from inbox.errors import Invalid

MINIMUM_LENGTH = 12
MAXIMUM_LENGTH = 1024
AT_ONCE = 2  # each needs 64 MiB

# Passwords of 12 and more characters that lists of stolen ones have on top, and what invites to be chosen.
_COMMON = """
123456789012 1234567890123 12345678901234 123456123456 123123123123 111111111111 000000000000
qwertyuiop12 qwertyuiop123 qwertyuiopas qwertyqwerty qwerty123456 1q2w3e4r5t6y 1qaz2wsx3edc q1w2e3r4t5y6
passwordpassword password1234 password12345 password123456 passw0rd1234 administrator administrator1
letmeinletmein iloveyouiloveyou welcome12345 welcome123456 changeme1234 changemechangeme asdfghjkl123
abcdefghijkl abc123abc123 unitedstates manchesterunited correcthorsebatterystaple onethread1234
"""
COMMON = frozenset(_COMMON.split())


class Passwords:
    """Hashes and verifies in threads, two at a time, so that guessing cannot take the machine's memory."""

    def __init__(
        self, *, time_cost: int = 3, memory_kib: int = 64 * 1024, parallelism: int = 4, at_once: int = AT_ONCE
    ) -> None:
        self._hasher = PasswordHasher(time_cost, memory_kib, parallelism, type=Type.ID)
        self._turns = asyncio.Semaphore(at_once)
        self._nobodys = _hash_of_nobody(time_cost, memory_kib, parallelism)

    async def hash(self, password: str) -> str:
        """The hash to store; raises Invalid for passwords that are too easy to guess."""
        check_strength(password)
        return await self.hash_again(password)

    async def hash_again(self, password: str) -> str:
        """The hash, by today's settings, of a password that was accepted earlier."""
        async with self._turns:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether the password is the one; where there is no hash the same work is done for nothing.

        An unknown account must cost as much time as a known one, or the difference would name the accounts.
        """
        if len(password) > MAXIMUM_LENGTH:
            password, password_hash = "", None
        async with self._turns:
            matches = await asyncio.to_thread(self._matches, password_hash or self._nobodys, password)
        return matches and password_hash is not None

    def needs_rehash(self, password_hash: str) -> bool:
        """Whether the hash was made with weaker settings than today's."""
        return self._hasher.check_needs_rehash(password_hash)

    def _matches(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError, UnicodeEncodeError):
            return False


def _hash_of_nobody(time_cost: int, memory_kib: int, parallelism: int) -> str:
    """A hash in the stored form that no password has, and that takes as long to verify as any other."""
    salt, digest = (base64.b64encode(secrets.token_bytes(n)).decode().rstrip("=") for n in (16, 32))
    return f"$argon2id$v=19$m={memory_kib},t={time_cost},p={parallelism}${salt}${digest}"


def check_strength(password: str) -> None:
    """Raise Invalid for what a list of passwords would find at once (NIST SP 800-63B §3.1.1.2)."""
    if len(password) < MINIMUM_LENGTH:
        raise Invalid(
            "Take at least %(least)s characters. A few words are easy to remember.",
            least=MINIMUM_LENGTH,
            field="password",
        )
    if len(password) > MAXIMUM_LENGTH:
        raise Invalid("Take at most %(most)s characters.", most=MAXIMUM_LENGTH, field="password")
    if any("\ud800" <= character <= "\udfff" for character in password):
        raise Invalid("Take letters, digits and signs that can be typed.", field="password")
    if password.lower() in COMMON or len(set(password)) < 5:
        raise Invalid(
            "That password is on the list that attackers try first. Take another.", field="password"
        )
