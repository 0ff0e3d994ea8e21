"""Mails out of an open folder: the small ones together, the large ones piece by piece into files.

BODY.PEEK leaves every flag alone (RFC 9051 §6.4.5). What the library gives as one answer stands in memory,
so the answers are kept small.
"""

import imaplib
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from channels.email.connection import ANSWER_OCTETS, ImapSession, one_line
from inbox import clock

CHUNK_OCTETS = 1_000_000  # what is larger goes into a file
GROUP_OCTETS = 4_000_000
BATCH_OCTETS = 16_000_000
MAIL_OCTETS = 1_000_000_000  # where reading ends if a mail does not
REFUSALS = 3
BREAKS = 8  # with the pauses in between more than a bad quarter of an hour of the network

Facts = Mapping[int, Mapping[bytes, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedMail:
    """A mail as it came: either `content` or, when it is large, `path` of a file that lives until it was
    accepted.

    `received_at` is the server's INTERNALDATE. `too_large`: more than is allowed, to be quarantined
    unparsed. `history`: it lay there before the mailbox was connected. `unreadable`: why the server will
    not hand it over.
    """

    uid: int
    size: int
    received_at: datetime
    content: bytes = b""
    path: Path | None = None
    too_large: bool = False
    history: bool = False
    unreadable: str | None = None


@dataclass(frozen=True, slots=True)
class FetchedBatch:
    """Mails in the order of their UIDs; up to `last_uid` there is no other. At the start: nothing is new."""

    mails: tuple[FetchedMail, ...]
    last_uid: int


@dataclass(frozen=True, slots=True)
class Trials:
    """How often the server refused which mail, and how often it broke off meanwhile, over all connections."""

    refusals: Counter[int] = field(default_factory=Counter)
    breaks: Counter[int] = field(default_factory=Counter)


class MailFetcher:
    """Reads mails by UID; *trials* is what earlier connections brought."""

    def __init__(self, session: ImapSession, directory: Path, trials: Trials) -> None:
        self._session = session
        self._directory = directory
        self._trials = trials

    def fetch(self, uids: Sequence[int], *, max_bytes: int, history_until: int) -> FetchedBatch:
        """The first of these mails, about 16 MB unless one alone is larger, without those deleted meanwhile.

        Raises imaplib.IMAP4.error where the server refuses, until one has been refused so often that it
        comes as unreadable; OSError where the connection is lost or a file cannot be written. A mail at which
        the connection broke is read by itself in pieces from then on, and holds up no other for ever.
        """
        facts = self._ask(uids, "RFC822.SIZE", "INTERNALDATE")
        chosen = list(_within(BATCH_OCTETS, uids, facts))
        small = [uid for uid in chosen if uid in facts and self._is_small(uid, facts[uid])]
        contents: dict[int, bytes | Path | str] = {}
        for group in _groups(small, facts):
            with self._counted(group):
                contents |= self._small(group)
        for uid in chosen:
            if uid in facts and uid not in small:
                with self._counted([uid]):
                    contents |= self._large(uid, _size(facts[uid]))
        mails = [
            _mail(uid, contents[uid], facts[uid], max_bytes=max_bytes, history=uid <= history_until)
            for uid in chosen
            if uid in contents
        ]
        return FetchedBatch(tuple(mails), chosen[-1])

    @contextmanager
    def _counted(self, uids: Sequence[int]) -> Iterator[None]:
        try:
            yield
        except (imaplib.IMAP4.abort, OSError):
            self._trials.breaks.update(uids)
            raise
        for uid in uids:
            del self._trials.breaks[uid]

    def _small(self, uids: Sequence[int]) -> Mapping[int, bytes | Path | str]:
        try:
            return self._bodies(uids)
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error as error:
            if len(uids) == 1:
                return {uids[0]: self._count_refusal(uids[0], error)}
        bodies: dict[int, bytes | Path | str] = {}
        for uid in uids:  # one of them is the culprit
            bodies |= self._small([uid])
        return bodies

    def _bodies(self, uids: Sequence[int]) -> Mapping[int, bytes | Path | str]:
        answers = self._ask(uids, "BODY.PEEK[]", octets=2 * GROUP_OCTETS)
        return {uid: answer[b"BODY[]"] or b"" for uid, answer in answers.items() if b"BODY[]" in answer}

    def _large(self, uid: int, size: int) -> Mapping[int, bytes | Path | str]:
        if self._trials.breaks[uid] >= BREAKS:
            return {uid: f"the connection broke {BREAKS} times while it was read"}
        with tempfile.NamedTemporaryFile(dir=self._directory, delete=False) as file:
            path, offset = Path(file.name), 0
            try:
                while (piece := self._piece(uid, offset)) and offset < MAIL_OCTETS:
                    offset += file.write(piece)
                    # Servers are known to be wrong about RFC822.SIZE: a short piece ends it only past that.
                    if len(piece) < CHUNK_OCTETS and offset >= size:
                        break
            except imaplib.IMAP4.abort:
                raise
            except imaplib.IMAP4.error as error:
                return {uid: self._count_refusal(uid, error)}
        return {} if piece is None else {uid: path}  # what is left of a deleted one goes with the folder

    def _piece(self, uid: int, offset: int) -> bytes | None:
        """Some octets of a mail; empty past its end, None where the mail is gone."""
        answers = self._ask([uid], f"BODY.PEEK[]<{offset}.{CHUNK_OCTETS}>")
        for name, value in answers.get(uid, {}).items():
            if name.startswith(b"BODY[]"):
                return value or b""
        return None

    def _is_small(self, uid: int, facts: Mapping[bytes, Any]) -> bool:
        # Where it broke, the size that the server told may be a lie.
        return _size(facts) <= CHUNK_OCTETS and uid not in self._trials.breaks

    def _count_refusal(self, uid: int, error: Exception) -> str:
        self._trials.refusals[uid] += 1
        if self._trials.refusals[uid] < REFUSALS:
            raise error
        return one_line(error) or "no reason was given"

    def _ask(self, uids: Sequence[int], *items: str, octets: int = 0) -> Facts:
        self._session.allow(ANSWER_OCTETS + octets)
        answers: Facts = self._session.fetch(list(uids), list(items))
        return answers


def _size(facts: Mapping[bytes, Any]) -> int:
    # Without a size the careful way is taken.
    return int(facts.get(b"RFC822.SIZE") or CHUNK_OCTETS + 1)


def _within(octets: int, uids: Sequence[int], facts: Facts) -> Iterator[int]:
    taken = 0
    for uid in uids:
        size = _size(facts[uid]) if uid in facts else 0
        if taken and taken + size > octets:
            return
        taken += size
        yield uid


def _groups(uids: Sequence[int], facts: Facts) -> Iterator[list[int]]:
    left = list(uids)
    while left:
        group = list(_within(GROUP_OCTETS, left, facts))
        yield group
        left = left[len(group) :]


def _mail(
    uid: int, body: bytes | Path | str, facts: Mapping[bytes, Any], *, max_bytes: int, history: bool
) -> FetchedMail:
    received_at = (facts.get(b"INTERNALDATE") or clock.now()).astimezone(UTC)
    if isinstance(body, str):
        size = _size(facts)
        return FetchedMail(uid=uid, size=size, received_at=received_at, history=history, unreadable=body)
    content = body if isinstance(body, bytes) else b""
    path = body if isinstance(body, Path) else None
    size = path.stat().st_size if path else len(content)
    return FetchedMail(
        uid=uid,
        size=size,
        received_at=received_at,
        content=content,
        path=path,
        too_large=size > max_bytes,
        history=history,
    )
