"""Installations in one process that mail each other, by a post that does what the servers in between do.

Each has a database, keys and a mailbox of its own, acknowledges whatever comes, and is always closed.
"""

import re
from collections import Counter, defaultdict, deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.utils import format_datetime, make_msgid

from sqlalchemy import func, select

from channels.email.sender import EmailSender
from channels.registry import ChannelParsers
from inbox import clock
from inbox.actions.channels import add_channel
from inbox.actions.messages import FilingRules
from inbox.actors import SYSTEM
from inbox.blobs import BlobStore
from inbox.db import Database
from inbox.envelopes import Account, ChannelKind, OutboundMessage, Outcome, RecipientOutcome
from inbox.intake import BATCH, IntakeDesk, RawInput
from inbox.mailing import AutomaticMailWorker
from inbox.models import AutomaticMail, AutomaticState, Case, IntakeRecord, IntakeState, WorkingHours
from inbox.secrets import Keys

# What says that a machine wrote it; some relays take such fields away.
_MARKS = re.compile(
    rb"^(?:auto-submitted|precedence|x-auto-response-suppress|return-path):.*\r\n(?:[ \t].*\r\n)*",
    re.IGNORECASE | re.MULTILINE,
)


class Post:
    """Carries mail between addresses; implements `inbox.envelopes.Sender`. What nobody here reads piles up in
    `boxes`. *strips* takes away the marks of automatic mail. `carried` counts mails by their way."""

    def __init__(self, blobs: BlobStore, *, strips: bool = False) -> None:
        self.boxes: defaultdict[str, deque[bytes]] = defaultdict(deque)
        self.carried: Counter[tuple[str, str]] = Counter()
        self._composer = EmailSender(blobs.read)
        self._strips = strips

    def compose(self, message: OutboundMessage) -> bytes:
        """The bytes that would really leave."""
        return self._composer.compose(message)

    async def deliver(
        self, account: Account, raw: bytes, *, sender: str, recipients: Sequence[str]
    ) -> Mapping[str, RecipientOutcome]:
        """Lay it into the boxes of its recipients."""
        for recipient in recipients:
            self.put(raw, account.address, recipient, envelope_sender=sender)
        outcome = RecipientOutcome(outcome=Outcome.SENT, text="Ok", code=250)
        return dict.fromkeys(recipients, outcome)

    def put(self, raw: bytes, sender: str, recipient: str, *, envelope_sender: str | None = None) -> None:
        """Lay a mail into a box as its server would: authenticated, with the trace of its way."""
        ours, theirs = recipient.rpartition("@")[2], sender.rpartition("@")[2]
        from_envelope = sender if envelope_sender is None else envelope_sender
        trace = (
            f"Return-Path: <{from_envelope}>\r\n"
            f"Authentication-Results: mx.{ours}; dmarc=pass header.from={theirs}\r\n"
            f"Received: from out.{theirs} (out.{theirs} [192.0.2.1])\r\n\tby mx.{ours} with ESMTPS id 1;"
            f" {format_datetime(clock.now())}\r\n"
        ).encode()
        whole = trace + raw
        self.carried[sender, recipient] += 1
        self.boxes[recipient].append(_without_marks(whole) if self._strips else whole)


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """One installation."""

    address: str
    channel_id: int
    database: Database
    desk: IntakeDesk
    worker: AutomaticMailWorker
    post: Post

    async def work(self) -> int:
        """Take in what lies in the box and send what is due; answers how much there was to do."""
        box, done = self.post.boxes[self.address], 0
        while box:
            raws = [RawInput(content=box.popleft()) for _ in range(min(BATCH, len(box)))]
            await self.desk.file(await self.desk.accept(self.channel_id, "lmtp", raws))
            done += len(raws)
        while sent := await self.worker.send_what_is_due():
            done += sent
        return done

    async def waiting(self) -> int:
        """What is accepted and not filed, or queued and not sent."""
        unfiled = select(func.count()).where(IntakeRecord.state == IntakeState.RECEIVED)
        due = (AutomaticState.WAITING, AutomaticState.SENDING)
        unsent = select(func.count()).where(AutomaticMail.state.in_(due))
        async with self.database.reading() as session:
            return (await session.scalar(unfiled) or 0) + (await session.scalar(unsent) or 0)

    async def automatic_mails(self) -> list[AutomaticMail]:
        """All that it has written by itself."""
        async with self.database.reading() as session:
            return list(await session.scalars(select(AutomaticMail).order_by(AutomaticMail.id)))

    async def cases(self) -> list[Case]:
        """All cases, the oldest first."""
        async with self.database.reading() as session:
            return list(await session.scalars(select(Case).order_by(Case.id)))

    async def recorded(self) -> Counter[str]:
        """What became of everything that came in."""
        async with self.database.reading() as session:
            rows = await session.execute(
                select(IntakeRecord.state, func.count()).group_by(IntakeRecord.state)
            )
            return Counter({str(state): count for state, count in rows})


@asynccontextmanager
async def open_office(
    url: str, address: str, *, post: Post, blobs: BlobStore, parsers: ChannelParsers
) -> AsyncIterator[Office]:
    """Set an installation up in the migrated database at *url*; parsers and blobs may be shared."""
    keys = Keys([f"the key of {address}, for tests only, and long enough"])
    domain = address.rpartition("@")[2]
    async with Database(url) as database:
        async with database.transaction() as session:
            channel = await add_channel(
                session,
                kind=ChannelKind.EMAIL,
                name="Support",
                address=address,
                settings={"smtp_url": f"smtp://out.{domain}", "authserv_id": f"mx.{domain}"},
                by=SYSTEM,
                keys=keys,
            )
            words = {"subject": "We have your mail", "text": "We answer tomorrow."}
            channel.settings = channel.settings | {"acknowledgement": words}
            session.add(WorkingHours(time_zone="UTC", week=[[] for _ in range(7)]))
        rules = FilingRules(tokens=keys.strand_tokens(), keys=keys)
        yield Office(
            address=address,
            channel_id=channel.id,
            database=database,
            desk=IntakeDesk(database, blobs, parsers, rules),
            worker=AutomaticMailWorker(database, keys, {ChannelKind.EMAIL: post}),
            post=post,
        )


async def until_silence(*offices: Office, rounds: int = 30) -> int:
    """Let them work until none has anything to do; answers after how many rounds, at most *rounds*."""
    for number in range(rounds):
        if not sum([await office.work() for office in offices]):
            return number
    raise AssertionError(f"they still write to each other after {rounds} rounds")


def letter(sender: str, recipient: str, text: str, *, answers: str = "", marks: Sequence[str] = ()) -> bytes:
    """A mail as a person's program writes it, or a machine's where *marks* say so; *answers*: a
    Message-ID."""
    lines = [
        f"From: {sender}",
        f"To: {recipient}",
        f"Subject: {'Re: ' if answers else ''}{text}",
        f"Date: {format_datetime(clock.now())}",
        f"Message-ID: {make_msgid(domain=sender.rpartition('@')[2])}",
        *([f"In-Reply-To: <{answers}>", f"References: <{answers}>"] if answers else []),
        *marks,
    ]
    return "\r\n".join([*lines, "", text, ""]).encode()


def _without_marks(raw: bytes) -> bytes:
    header, blank, body = raw.partition(b"\r\n\r\n")
    return _MARKS.sub(b"", header + b"\r\n").removesuffix(b"\r\n") + blank + body
