"""POST /mail/{key}: what was accepted is stored, however large it is and whatever filing brings."""

from collections.abc import AsyncIterator

import httpx2
import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from inbox.accounts import unsealed
from inbox.actions import channels
from inbox.actors import SYSTEM
from inbox.envelopes import ChannelKind
from inbox.models import Channel, IntakeRecord, IntakeState
from tests.web.conftest import Opened
from web.endpoints import mail as door
from web.installation import Installation

MAIL = b"From: jane@x.test\r\nSubject: Lamp\r\nMessage-ID: <1@x.test>\r\n\r\nIt broke.\r\n"


@pytest.fixture
async def channel(installation: Installation) -> Channel:
    async with installation.database.transaction() as session:
        return await channels.add_channel(
            session,
            kind=ChannelKind.EMAIL,
            name="Support",
            address="support@desk.test",
            by=SYSTEM,
            keys=installation.keys,
        )


@pytest.fixture
def program(installation: Installation, channel: Channel, opened: Opened) -> httpx2.AsyncClient:
    """A mail server's pipe, which knows the channel's token."""
    token = unsealed(channel, installation.keys)["inbound_token"]
    return opened(headers={"Authorization": f"Bearer {token}"})


async def records(installation: Installation) -> list[IntakeRecord]:
    async with installation.database.reading() as session:
        return list(await session.scalars(select(IntakeRecord).order_by(IntakeRecord.id)))


async def test_a_mail_is_filed_and_the_same_mail_known(
    installation: Installation, channel: Channel, program: httpx2.AsyncClient
) -> None:
    path = f"/mail/{channel.public_key}"
    first, second = [await program.post(path, content=MAIL) for _ in range(2)]

    assert (first.status_code, first.json()) == (202, {"state": "filed", "known": False})
    assert second.json() == {"state": "filed", "known": True}


async def test_what_is_larger_than_a_message_may_be_is_stored_whole_and_quarantined(
    installation: Installation, channel: Channel, program: httpx2.AsyncClient
) -> None:
    limit = installation.settings.max_message_bytes

    async def pieces() -> AsyncIterator[bytes]:
        yield MAIL
        for _ in range(limit // 1_000_000 + 1):
            yield b"x" * 1_000_000

    answer = await program.post(f"/mail/{channel.public_key}", content=pieces())

    assert (answer.status_code, answer.json()["state"]) == (202, "quarantined")
    (stored,) = await records(installation)
    assert stored.size > limit and "larger" in stored.reason
    assert installation.blobs.path(stored.digest).stat().st_size == stored.size
    assert list(installation.blobs.temporary_folder().iterdir()) == []


async def test_what_no_disk_should_hold_is_refused_before_it_is_read(
    channel: Channel, program: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "LARGEST", 1_000)

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"x" * 500

    announced = await program.post(f"/mail/{channel.public_key}", content=b"x" * 1_001)
    unannounced = await program.post(f"/mail/{channel.public_key}", content=pieces())

    assert [announced.status_code, unannounced.status_code] == [413, 413]


async def test_a_mail_that_cannot_be_filed_now_is_accepted_and_kept(
    installation: Installation,
    channel: Channel,
    program: httpx2.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def full(self: object, ids: object) -> None:
        raise OperationalError("INSERT", {}, Exception("database or disk is full"))

    monkeypatch.setattr(type(installation.intake), "file", full)
    answer = await program.post(f"/mail/{channel.public_key}", content=MAIL)
    monkeypatch.undo()

    assert (answer.status_code, answer.json()["state"]) == (202, "received")
    (stored,) = await records(installation)
    (filed,) = await installation.intake.file([stored.id])
    assert filed.state is IntakeState.FILED


@pytest.mark.parametrize("content", [b"", b" \r\n \r\n"])
async def test_an_empty_body_is_no_mail(
    channel: Channel, program: httpx2.AsyncClient, content: bytes
) -> None:
    assert (await program.post(f"/mail/{channel.public_key}", content=content)).status_code == 422


@pytest.mark.parametrize("token", ["", "inbound_wrong", "inböund"])
async def test_without_the_token_nothing_is_read(
    installation: Installation, channel: Channel, opened: Opened, token: str
) -> None:
    headers = {b"Authorization": f"Bearer {token}".encode()}
    answer = await opened().post(f"/mail/{channel.public_key}", content=MAIL, headers=headers)

    assert answer.status_code == 401
    assert await records(installation) == []
