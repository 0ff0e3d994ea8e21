"""Between being accepted and being filed nothing is lost, whatever goes wrong."""

import hashlib
from collections.abc import Sequence

import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError

from inbox.actions.messages import FilingRules
from inbox.actions.teams import remove_team
from inbox.actors import SYSTEM
from inbox.blobs import BlobStore
from inbox.clock import FrozenClock
from inbox.db import Database
from inbox.envelopes import Address, ChannelFacts, ChannelKind, InboundMessage
from inbox.errors import Conflict, Refused
from inbox.intake import IntakeDesk, RawInput
from inbox.intake_records import Position
from inbox.models import Channel, IntakeRecord, IntakeState, MailboxPosition, Message, Team
from inbox.queries import mailboxes
from tests.builders import KEYS, a_team


class PlainParsers:
    """Takes raw input for its own text; what begins with "bad" cannot be parsed."""

    def __init__(self, blobs: BlobStore) -> None:
        self._blobs = blobs

    async def parse(
        self, channel: ChannelFacts, digests: Sequence[str]
    ) -> Sequence[InboundMessage | Refused]:
        return [self._parse(self._blobs.read(digest)) for digest in digests]

    def _parse(self, raw: bytes) -> InboundMessage | Refused:
        if raw.startswith(b"bad"):
            return Refused("It is bad.")
        return InboundMessage(
            channel=ChannelKind.EMAIL,
            sender=Address("ines@norte.test"),
            content_hash=hashlib.sha256(raw).hexdigest(),
            # A text that no database takes: the culprit of its batch.
            subject="\ud800" if raw.startswith(b"poison") else "Lamp",
            text=raw.decode(),
        )


@pytest.fixture
async def channel(database: Database) -> Channel:
    async with database.transaction() as session:
        made = Channel(kind="email", name="Support", address="support@desk.test", public_key="k")
        session.add(made)
    return made


@pytest.fixture
def desk(database: Database, blobs: BlobStore) -> IntakeDesk:
    return IntakeDesk(database, blobs, PlainParsers(blobs), FilingRules(tokens=KEYS.strand_tokens()))


async def records(database: Database) -> list[IntakeRecord]:
    async with database.reading() as session:
        return list(await session.scalars(select(IntakeRecord).order_by(IntakeRecord.id)))


async def texts(database: Database) -> list[str]:
    async with database.reading() as session:
        return list(await session.scalars(select(Message.text).order_by(Message.id)))


def raws(*contents: str) -> list[RawInput]:
    return [RawInput(content=content.encode()) for content in contents]


async def test_accepting_stores_bytes_and_position_together(
    database: Database, desk: IntakeDesk, channel: Channel, blobs: BlobStore
) -> None:
    position = Position(folder="INBOX", uid_validity=7, last_uid=42, history_until=40)
    await desk.accept(channel.id, "imap", raws("one"), position=position)

    (stored,) = await records(database)
    async with database.reading() as session:
        read = await mailboxes.position(session, channel.id, "INBOX")
    assert stored.state == IntakeState.RECEIVED and blobs.read(stored.digest) == b"one"
    assert read == position


async def test_what_cannot_be_parsed_is_quarantined_and_the_others_are_filed(
    database: Database, desk: IntakeDesk, channel: Channel
) -> None:
    filed = await desk.file(await desk.accept(channel.id, "ingest", raws("one", "bad", "two")))

    assert [outcome.state for outcome in filed] == ["filed", "quarantined", "filed"]
    assert filed[1].reason == "It is bad."
    assert await texts(database) == ["one", "two"]


async def test_one_input_that_no_database_takes_does_not_hold_up_its_batch(
    database: Database, desk: IntakeDesk, channel: Channel
) -> None:
    inputs = raws(*(f"mail {i}" for i in range(5)), "poison", *(f"mail {i}" for i in range(5, 9)))
    filed = await desk.file(await desk.accept(channel.id, "ingest", inputs))

    assert [outcome.state for outcome in filed].count(IntakeState.QUARANTINED) == 1
    assert filed[5].state == IntakeState.QUARANTINED
    assert await texts(database) == [f"mail {i}" for i in range(9)]


async def test_what_was_too_large_is_quarantined_whole(
    database: Database, desk: IntakeDesk, channel: Channel
) -> None:
    ids = await desk.accept(channel.id, "imap", [RawInput(content=b"big", refused="It is too large.")])

    (stored,) = await records(database)
    assert ids == [] and (stored.state, stored.reason) == (IntakeState.QUARANTINED, "It is too large.")


async def test_a_crash_between_accepting_and_filing_is_picked_up_once_its_claim_has_run_out(
    database: Database, desk: IntakeDesk, channel: Channel, clock: FrozenClock
) -> None:
    await desk.accept(channel.id, "ingest", raws("one", "two"))

    early = await desk.sweep()
    clock.advance(seconds=31)
    late = await desk.sweep()

    assert (early, late) == (0, 2)
    assert await texts(database) == ["one", "two"]


async def test_filing_twice_files_once(database: Database, desk: IntakeDesk, channel: Channel) -> None:
    ids = await desk.accept(channel.id, "ingest", raws("one"))
    (first,) = await desk.file(ids)
    (again,) = await desk.file(ids)

    assert again.known and again.message_id == first.message_id
    assert await texts(database) == ["one"]


async def test_a_quarantined_input_can_be_tried_again_and_a_filed_one_not(
    database: Database, desk: IntakeDesk, channel: Channel
) -> None:
    (bad,) = await desk.file(await desk.accept(channel.id, "ingest", raws("bad")))
    again = await desk.retry(bad.record_id, by=SYSTEM)
    (good,) = await desk.file(await desk.accept(channel.id, "ingest", raws("good")))

    assert again.state == IntakeState.QUARANTINED
    assert (await records(database))[0].attempts == 2
    with pytest.raises(Conflict):
        await desk.retry(good.record_id, by=SYSTEM)


async def test_a_full_disk_quarantines_nothing_and_everything_is_filed_when_it_has_room_again(
    sqlite_database: Database, blobs: BlobStore, clock: FrozenClock
) -> None:
    async with sqlite_database.transaction() as session:
        channel = Channel(kind="email", name="Support", address="support@desk.test", public_key="k")
        session.add(channel)
    desk = IntakeDesk(sqlite_database, blobs, PlainParsers(blobs), FilingRules(tokens=KEYS.strand_tokens()))
    ids = await desk.accept(channel.id, "ingest", raws("one", "two"))

    def full(connection: object, cursor: object, statement: str, *rest: object) -> None:
        if statement.startswith("INSERT INTO messages "):
            raise OperationalError(statement, None, Exception("database or disk is full"))

    engine = sqlite_database._writer.sync_engine
    event.listen(engine, "before_cursor_execute", full)
    with pytest.raises(OperationalError):
        await desk.file(ids)
    event.remove(engine, "before_cursor_execute", full)
    states = [stored.state for stored in await records(sqlite_database)]
    clock.advance(seconds=31)
    await desk.sweep()

    assert states == [IntakeState.RECEIVED, IntakeState.RECEIVED]
    assert await texts(sqlite_database) == ["one", "two"]


async def test_the_position_of_a_mailbox_moves_on_with_each_batch(
    database: Database, desk: IntakeDesk, channel: Channel
) -> None:
    for uid in (3, 9):
        position = Position(folder="INBOX", uid_validity=7, last_uid=uid)
        await desk.accept(channel.id, "imap", raws(f"mail {uid}"), position=position)

    async with database.reading() as session:
        (stored,) = await session.scalars(select(MailboxPosition))
    assert stored.last_uid == 9


async def test_a_team_that_goes_while_a_mail_is_parsed_takes_no_mail_with_it(
    database: Database, channel: Channel, blobs: BlobStore
) -> None:
    async with database.transaction() as session:
        team = await a_team(session)
        (await session.get_one(Channel, channel.id)).default_team_id = team.id

    class SlowParsers(PlainParsers):
        async def parse(
            self, channel: ChannelFacts, digests: Sequence[str]
        ) -> Sequence[InboundMessage | Refused]:
            async with database.transaction() as session:
                gone = await session.get(Team, team.id)
                if gone is not None:
                    await remove_team(session, gone, by=SYSTEM)
            return await super().parse(channel, digests)

    desk = IntakeDesk(database, blobs, SlowParsers(blobs), FilingRules(tokens=KEYS.strand_tokens()))
    filed = await desk.file(await desk.accept(channel.id, "ingest", raws("one", "two")))

    assert [outcome.state for outcome in filed] == [IntakeState.FILED, IntakeState.FILED]
