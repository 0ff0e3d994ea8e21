"""Mail handed over by LMTP is answered for only once it is stored, for each recipient."""

import asyncio
import smtplib
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from channels.email.listener import DeliveredMail, LmtpListener
from inbox.errors import SettingsInvalid

RAW = b"Subject: Hi\r\n\r\nHello\r\n.hidden\r\n"
OURS = {"support@shop.example", "sales@shop.example", "support+tag@shop.example"}


class Store:
    def __init__(self) -> None:
        self.mails: list[DeliveredMail] = []
        self.full = False

    async def accept(self, mail: DeliveredMail) -> None:
        if self.full:
            raise OSError("disk full")
        self.mails.append(mail)

    async def knows(self, address: str) -> bool:
        return address in OURS


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
async def lmtp_port(store: Store) -> AsyncIterator[int]:
    listener = LmtpListener(knows=store.knows, accept=store.accept, max_bytes=100_000)
    port = await listener.start()
    assert isinstance(port, int)
    yield port
    await listener.stop()


async def conversation(
    port: int | Path, *recipients: str, raw: bytes = RAW, sender: str = "jane@x.example"
) -> list[int]:
    """The codes after MAIL: one for each RCPT, that of DATA, one for each recipient."""
    return await asyncio.to_thread(_converse, port, recipients, raw, sender)


def _converse(port: int | Path, recipients: tuple[str, ...], raw: bytes, sender: str) -> list[int]:
    where = (str(port), 0) if isinstance(port, Path) else ("127.0.0.1", port)
    with smtplib.LMTP(*where, local_hostname="mx.example", timeout=10) as client:
        client.ehlo_or_helo_if_needed()
        client.mail(sender)
        codes = [client.rcpt(recipient)[0] for recipient in recipients]
        taken = codes.count(250)
        codes.append(client.docmd("DATA")[0])
        if codes[-1] == 354:
            client.send(raw.replace(b"\r\n.", b"\r\n..") + b".\r\n")
            codes += [client.getreply()[0] for _ in range(taken)]
        assert client.noop()[0] == 250  # neither an answer too many nor one too few
        return codes


async def test_a_mail_is_handed_over_with_its_envelope(store: Store, lmtp_port: int) -> None:
    assert await conversation(lmtp_port, "support+tag@shop.example") == [250, 354, 250]

    (mail,) = store.mails
    assert (mail.sender, mail.recipients) == ("jane@x.example", ("support+tag@shop.example",))
    assert mail.content == (
        b"Return-Path: <jane@x.example>\r\nDelivered-To: support+tag@shop.example\r\n" + RAW
    )


async def test_each_recipient_gets_an_answer(store: Store, lmtp_port: int) -> None:
    answers = await conversation(
        lmtp_port, "support@shop.example", "nobody@shop.example", "sales@shop.example"
    )

    assert answers == [250, 550, 250, 354, 250, 250]
    assert [mail.recipients for mail in store.mails] == [("support@shop.example", "sales@shop.example")]


async def test_what_could_not_be_stored_is_tried_again(store: Store, lmtp_port: int) -> None:
    store.full = True

    assert await conversation(lmtp_port, *sorted(OURS)) == [250] * 3 + [354] + [451] * 3


async def test_a_bounce_keeps_its_empty_sender(store: Store, lmtp_port: int) -> None:
    await conversation(lmtp_port, "support@shop.example", sender="")

    assert store.mails[0].content.startswith(b"Return-Path: <>\r\n")


async def test_too_large_mail_is_refused_for_each_recipient(store: Store, lmtp_port: int) -> None:
    answers = await conversation(lmtp_port, *sorted(OURS), raw=b"x: y\r\n\r\n" + b"z\r\n" * 50_000)

    assert answers == [250] * 3 + [354] + [552] * 3
    assert store.mails == []


async def test_a_long_line_is_no_reason_to_refuse(store: Store, lmtp_port: int) -> None:
    raw = b"Subject: long\r\n\r\n" + b"x" * 50_000 + b"\r\n"

    assert await conversation(lmtp_port, "support@shop.example", raw=raw) == [250, 354, 250]
    assert store.mails[0].content.endswith(raw)


async def test_it_listens_on_a_unix_socket_as_well(store: Store, tmp_path: Path) -> None:
    listener = LmtpListener(knows=store.knows, accept=store.accept)
    path = await listener.start(path=tmp_path / "lmtp")
    try:
        assert await conversation(path, "support@shop.example") == [250, 354, 250]
    finally:
        await listener.stop()


async def test_it_does_not_listen_to_the_network(store: Store) -> None:
    listener = LmtpListener(knows=store.knows, accept=store.accept)

    with pytest.raises(SettingsInvalid):
        await listener.start(host="0.0.0.0")


async def test_nobody_is_answered_after_the_stop(store: Store) -> None:
    listener = LmtpListener(knows=store.knows, accept=store.accept)
    port = await listener.start()
    await listener.stop()

    with pytest.raises(OSError), socket.create_connection(("127.0.0.1", int(str(port))), timeout=2):
        pass
