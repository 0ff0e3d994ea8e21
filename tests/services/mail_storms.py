"""Two machines that write to each other, and one that answers and answers: who falls silent, and when."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import copy

from sqlalchemy import select

from channels.registry import ChannelParsers
from inbox.actions.resolutions import resolve
from inbox.actors import SYSTEM
from inbox.blobs import BlobStore
from inbox.models import Event, EventKind, IntakeRecord, Status
from tests.services.offices import Office, Post, letter, open_office, until_silence

NORTH, SOUTH, MACHINE = "support@north.test", "support@south.test", "robot@machine.test"
AUTO_REPLY = ("Auto-Submitted: auto-replied",)
MOST_ANSWERS = 5
PIECE = 500


@dataclass(frozen=True, slots=True)
class Storm:
    """How it went: what the machine got, and how long it took until nothing waited any more, after the last
    mail and in all."""

    answers: int
    drained: float
    seconds: float


@asynccontextmanager
async def two_offices(
    template: Path, folder: Path, *, strips: bool = False
) -> AsyncIterator[tuple[Office, Office]]:
    """Installations at NORTH and SOUTH; *strips*: what stands between them takes marks away."""
    blobs = BlobStore(folder / "shared-blobs")
    post = Post(blobs, strips=strips)
    parsers = ChannelParsers(blobs, max_message_bytes=1_000_000)
    urls = [f"sqlite:///{copy(template, folder / f'{name}.db')}" for name in ("north", "south")]
    try:
        async with (
            open_office(urls[0], NORTH, post=post, blobs=blobs, parsers=parsers) as north,
            open_office(urls[1], SOUTH, post=post, blobs=blobs, parsers=parsers) as south,
        ):
            yield north, south
    finally:
        await parsers.close()


async def begin_a_thread(office: Office, other: str) -> None:
    """Somebody at *other* writes to the office, which acknowledges it; its case is then resolved."""
    office.post.put(letter(other, office.address, "Do you deliver?"), other, office.address)
    await office.work()
    (case,) = await office.cases()
    async with office.database.transaction() as session:
        await resolve(session, await session.merge(case), by=SYSTEM)


async def storm(office: Office, count: int, *, marks: tuple[str, ...], subaddresses: int = 1) -> Storm:
    """A machine that the office has acknowledged writes *count* times, under so many addresses; every other
    mail answers the acknowledgement."""
    await begin_a_thread(office, MACHINE)
    (first,) = await office.automatic_mails()
    name, _, domain = MACHINE.partition("@")
    senders = [MACHINE, *(f"{name}+{number}@{domain}" for number in range(1, subaddresses))]
    began = time.monotonic()
    drained = 0.0
    for number in range(count):
        sender = senders[number % len(senders)]
        answers = first.external_id if number % 2 else ""
        raw = letter(sender, office.address, f"We are away {number}", answers=answers, marks=marks)
        office.post.put(raw, sender, office.address)
        if (number + 1) % PIECE == 0 or number + 1 == count:
            last = time.monotonic()
            await until_silence(office)
            drained = time.monotonic() - last
    carried = sum(office.post.carried[office.address, sender] for sender in senders)
    return Storm(answers=carried, drained=drained, seconds=time.monotonic() - began)


async def check_nothing_is_lost(office: Office, came: int) -> None:
    """All that came was filed or is named among what is ignored, and nothing waits."""
    recorded = await office.recorded()
    assert await office.waiting() == 0
    assert recorded["filed"] + recorded["ignored"] == recorded.total() == came, recorded
    async with office.database.reading() as session:
        query = select(IntakeRecord.reason).where(IntakeRecord.state == "ignored")
        assert all(await session.scalars(query))


async def check_nothing_reopens(office: Office) -> None:
    """The resolved case rests."""
    async with office.database.reading() as session:
        kinds = list(await session.scalars(select(Event.kind)))
    assert EventKind.CASE_REOPENED not in kinds
    assert [case.status for case in await office.cases()] == [Status.RESOLVED]
