"""What a mail server hands over by LMTP is stored before it is told so, and then filed."""

import asyncio
import smtplib
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select

from channels.email.lmtp import LmtpAddress, lmtp_door
from inbox.actions.channels import deactivate
from inbox.actors import SYSTEM
from inbox.db import Database
from inbox.errors import SettingsInvalid
from inbox.intake import IntakeDesk
from inbox.models import Channel, IntakeRecord, IntakeState, Message
from tests.channels.email.conftest import NewMailbox

MAIL = b"From: jane@x.test\r\nSubject: Lamp\r\nMessage-ID: <1@x.test>\r\n\r\nIt broke.\r\n"


@pytest.fixture
async def door(
    sqlite_database: Database, desk: IntakeDesk, new_mailbox: NewMailbox, port: int
) -> AsyncIterator[int]:
    await new_mailbox("support")
    await new_mailbox("sales")
    async with lmtp_door(LmtpAddress("127.0.0.1", port), sqlite_database, desk, max_bytes=100_000):
        yield port


async def hand_over(port: int, *recipients: str, raw: bytes = MAIL) -> dict[str, tuple[int, bytes]]:
    """What a mail server's client is told of the recipients that were refused."""

    def converse() -> dict[str, tuple[int, bytes]]:
        with smtplib.LMTP("127.0.0.1", port, local_hostname="mx.test", timeout=10) as client:
            refused = client.sendmail("jane@x.test", recipients, raw)
            for _ in recipients[1:]:  # the library reads the first answer alone (RFC 2033 §4.2)
                assert client.getreply()[0] == 250
            return refused

    return await asyncio.to_thread(converse)


async def records(database: Database) -> list[IntakeRecord]:
    async with database.reading() as session:
        return list(await session.scalars(select(IntakeRecord).order_by(IntakeRecord.id)))


async def test_a_mail_that_was_answered_for_is_stored_and_then_filed(
    sqlite_database: Database, door: int
) -> None:
    assert await hand_over(door, "support+c.1@desk.test") == {}

    (stored,) = await records(sqlite_database)
    assert (stored.source, stored.source_ref) == ("lmtp", "jane@x.test")
    async with asyncio.timeout(20):
        with sqlite_database.feed.watch() as bell:
            while (await records(sqlite_database))[0].state != IntakeState.FILED:
                bell.clear()
                await bell.wait()
    async with sqlite_database.reading() as session:
        assert await session.scalar(select(Message.subject)) == "Lamp"


async def test_a_mail_to_two_of_our_mailboxes_is_stored_for_each(
    sqlite_database: Database, door: int
) -> None:
    assert await hand_over(door, "support@desk.test", "sales@desk.test") == {}

    assert len({stored.channel_id for stored in await records(sqlite_database)}) == 2


async def test_mail_for_nobody_and_for_a_mailbox_that_is_off_is_refused(
    sqlite_database: Database, door: int, new_mailbox: NewMailbox
) -> None:
    closed = await new_mailbox("closed")
    async with sqlite_database.transaction() as session:
        await deactivate(session, await session.get_one(Channel, closed.id), by=SYSTEM)

    for stranger in ("else@desk.test", "closed@desk.test"):
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            await hand_over(door, stranger)
        assert refused.value.recipients[stranger][0] == 550
    assert await records(sqlite_database) == []


async def test_two_servers_may_share_the_port_and_a_third_is_told_that_it_is_taken(
    door: int, sqlite_database: Database, desk: IntakeDesk
) -> None:
    address = LmtpAddress("127.0.0.1", door)
    async with lmtp_door(address, sqlite_database, desk, max_bytes=1000):
        with pytest.raises(SettingsInvalid, match="cannot listen"):
            address.check()


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:24", LmtpAddress("127.0.0.1", 24)),
        ("[::1]:24", LmtpAddress("::1", 24)),
        ("localhost:2424", LmtpAddress("localhost", 2424)),
        ("/run/lmtp.sock", LmtpAddress(path=Path("/run/lmtp.sock"))),
    ],
)
def test_an_address_is_a_port_or_a_socket(text: str, address: LmtpAddress) -> None:
    assert LmtpAddress.parse(text) == address


@pytest.mark.parametrize(
    "text", ["24", "127.0.0.1", "0.0.0.0:24", "mx.example:24", "127.0.0.1:0", "lmtp.sock"]
)
def test_an_address_that_others_could_reach_is_refused(text: str) -> None:
    with pytest.raises(SettingsInvalid):
        LmtpAddress.parse(text)


def test_a_file_in_the_place_of_the_socket_stays(tmp_path: Path) -> None:
    path = tmp_path / "precious"
    path.write_text("x")
    with pytest.raises(SettingsInvalid):
        LmtpAddress(path=path).check()


def test_a_socket_that_was_left_behind_is_no_trouble(tmp_path: Path) -> None:
    path = tmp_path / "lmtp.sock"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))

    LmtpAddress(path=path).check()

    assert path.is_socket()  # the listener takes its place
