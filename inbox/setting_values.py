"""What can be read from the environment's texts and from a TOML file. Each reader raises ValueError with what
the value must be."""

from collections.abc import Callable, Collection
from pathlib import Path


def text(value: object) -> str:
    """Any text."""
    if not isinstance(value, str):
        raise ValueError("must be text")
    return value


def folder(value: object) -> Path:
    """A path."""
    return Path(text(value))


def number(least: int, most: int) -> Callable[[object], int]:
    """A whole number between two, as a number or in digits."""

    def read(value: object) -> int:
        digits = str(value).strip()
        if isinstance(value, bool) or not digits.isdecimal() or not least <= int(digits) <= most:
            raise ValueError(f"must be a whole number from {least} to {most}")
        return int(digits)

    return read


def one_of(known: Collection[str], *offered: str) -> Callable[[object], str]:
    """One of the known texts, of which *offered* are named to whoever has given another."""

    def read(value: object) -> str:
        if text(value) not in known:
            raise ValueError(f"must be one of {', '.join(offered)}")
        return text(value)

    return read


def web_address(value: object) -> str:
    """An address of the web, without a slash at its end."""
    if not text(value).startswith(("http://", "https://")):
        raise ValueError("must start with http:// or https://")
    return text(value).rstrip("/")


def nothing_yet(value: object) -> str:
    """What this version does not serve, and must be left empty."""
    if value:
        raise ValueError("is not served by this version: leave it empty, the database tells what is new")
    return ""
