"""Stored chat messages, read."""

from datetime import UTC, datetime

import pytest

from channels.webchat import parser
from inbox.envelopes import Address, AddressKind, ChannelFacts, ChannelKind, InboundAttachment
from inbox.errors import Refused

CHAT = ChannelFacts(id=1, kind=ChannelKind.WEBCHAT, name="Site", public_key="key")
MOMENT = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
PHOTO = InboundAttachment(filename="lamp.jpg", content_type="image/jpeg", size=3, digest="ab" * 32)


def raw(text: str = "Hello", **more: object) -> bytes:
    given: dict[str, object] = {"visitor_id": "v1", "client_id": "c1", "received_at": MOMENT} | more
    return parser.write(text=text, **given)  # type: ignore[arg-type]


def test_a_message_comes_from_its_visitor() -> None:
    message = parser.parse(raw(page="https://shop.example/lamp"), channel=CHAT)
    assert message.sender == Address("key:v1", "", AddressKind.VISITOR)
    assert (message.text, message.external_id, message.page_url) == (
        "Hello",
        "v1:c1",
        "https://shop.example/lamp",
    )


def test_the_same_message_sent_twice_is_told_by_its_ids_and_content() -> None:
    one, again = parser.parse(raw(), channel=CHAT), parser.parse(raw(page="https://x.example"), channel=CHAT)
    assert (one.external_id, one.content_hash) == (again.external_id, again.content_hash)
    assert parser.parse(raw("Other"), channel=CHAT).content_hash != one.content_hash


def test_a_typed_address_is_a_claim() -> None:
    assert parser.parse(raw(email="A@B.example"), channel=CHAT).claims == (Address("a@b.example"),)
    assert parser.parse(raw(email="nonsense"), channel=CHAT).claims == ()


def test_a_case_is_called_by_the_first_words() -> None:
    assert parser.parse(raw("Where is\nmy lamp?"), channel=CHAT).subject == "Where is my lamp?"
    assert len(parser.parse(raw("word " * 100), channel=CHAT).subject) <= 80
    assert parser.parse(raw("", files=[PHOTO]), channel=CHAT).subject == "lamp.jpg"


def test_files_come_with_it() -> None:
    assert parser.parse(raw(files=[PHOTO]), channel=CHAT).attachments == (PHOTO,)


@pytest.mark.parametrize("bad", [b"", b"{}", b"[]", b"null", b"\xff", b'{"visitor":1,"files":1}'])
def test_what_the_endpoint_never_wrote_is_refused(bad: bytes) -> None:
    with pytest.raises(Refused):
        parser.parse(bad, channel=CHAT)
