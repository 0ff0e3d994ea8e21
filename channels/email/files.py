"""Raw mail in files: single messages, mbox files, Maildir folders, standard input."""

import mailbox
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

MBOX_LINE = b"From "


@dataclass(frozen=True, slots=True)
class RawMail:
    """One message as it stands in a file; `ref` names where it came from."""

    ref: str
    content: bytes


def read_files(paths: Iterable[Path]) -> Iterator[RawMail]:
    """Each file is one message."""
    for path in paths:
        yield RawMail(path.name, path.read_bytes())


def read_stream(stream: BinaryIO, *, mbox: bool = False) -> Iterator[RawMail]:
    """Standard input: one message, or an mbox file."""
    if mbox:
        yield from _messages(stream, "-")
    else:
        yield RawMail("-", stream.read())


def read_mbox(paths: Iterable[Path]) -> Iterator[RawMail]:
    """Every message of mbox files, one at a time; ">From " lines are given back as they were (RFC 4155)."""
    for path in paths:
        with path.open("rb") as stream:
            yield from _messages(stream, path.name)


def read_maildir(paths: Iterable[Path]) -> Iterator[RawMail]:
    """Every message of Maildir folders, new and read ones."""
    for path in paths:
        folder = mailbox.Maildir(path, create=False)
        for key in sorted(folder.keys()):
            yield RawMail(f"{path.name}/{key}", folder.get_bytes(key))


def _messages(stream: BinaryIO, name: str) -> Iterator[RawMail]:
    lines: list[bytes] = []
    number, blank = 0, True
    for line in stream:
        if blank and line.startswith(MBOX_LINE):
            if lines:
                yield RawMail(f"{name}#{number}", b"".join(lines))
            number, lines = number + 1, []
        else:
            unquoted = line[1:] if line.startswith(b">") and line.lstrip(b">").startswith(MBOX_LINE) else line
            lines.append(unquoted)
        blank = not line.strip()
    if lines:
        yield RawMail(f"{name}#{number}", b"".join(lines))
