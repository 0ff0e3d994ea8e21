"""Stored submissions, read into messages."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from channels.forms import parser
from inbox.addresses import name_for
from inbox.envelopes import Address, AddressKind, ChannelFacts, ChannelKind, InboundAttachment
from inbox.errors import Refused

FORM = ChannelFacts(id=1, kind=ChannelKind.FORM, name="Returns", public_key="formkey")
MOMENT = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
PHOTO = InboundAttachment(filename="lamp.jpg", content_type="image/jpeg", size=3, digest="ab" * 32)


def raw(spam: str = "", files: list[InboundAttachment] | None = None, **fields: str) -> bytes:
    return parser.write(
        submission_id="s1",
        fields=fields,
        files=files or [],
        received_at=MOMENT,
        page="https://shop.example/x",
        spam=spam,
    )


def test_a_submission_comes_from_the_address_that_was_typed() -> None:
    message = parser.parse(
        raw(name="Inês", email="INES@Nörte.example", subject="Lamp", message="It broke"), channel=FORM
    )
    assert message.sender == Address("ines@xn--nrte-5qa.example", "Inês")
    assert (message.subject, message.text, message.external_id) == ("Lamp", "It broke", "s1")
    assert message.sent_at == MOMENT and message.page_url == "https://shop.example/x"


def test_of_a_name_without_end_the_beginning_is_kept() -> None:
    message = parser.parse(raw(name="N" * 900, email="ines@norte.example", message="Hello"), channel=FORM)
    assert message.sender.name == "N" * 300
    assert len(name_for("email", "l" * 900 + "@norte.example")) == 300


def test_answers_stand_under_their_labels_and_the_message_is_not_repeated() -> None:
    message = parser.parse(raw(message="It broke", email="a@b.example", name="A", vat="PT1"), channel=FORM)
    assert message.fields == (("Your name", "A"), ("Email", "a@b.example"), ("vat", "PT1"))


def test_without_a_usable_address_it_comes_from_a_visitor_of_its_own() -> None:
    message = parser.parse(raw(email="nobody", message="Hello"), channel=FORM)
    assert message.sender == Address("formkey:s1", "", AddressKind.VISITOR)


def test_without_a_subject_the_form_gives_its_name() -> None:
    assert parser.parse(raw(message="Hello"), channel=FORM).subject == "Returns"


def test_a_robots_submission_is_marked_as_spam() -> None:
    assert parser.parse(raw(spam="A trap", message="Buy"), channel=FORM).spam
    assert not parser.parse(raw(message="Hello"), channel=FORM).spam


def test_files_come_with_the_message() -> None:
    assert parser.parse(raw(files=[PHOTO], message="Look"), channel=FORM).attachments == (PHOTO,)


def test_the_content_hash_is_of_words_and_files_alone() -> None:
    one = parser.parse(raw(message="Hello"), channel=FORM)
    same = parser.parse(raw(message="Hello").replace(b'"s1"', b'"s2"'), channel=FORM)
    other = parser.parse(raw(files=[replace(PHOTO, digest="cd" * 32)], message="Hello"), channel=FORM)
    assert one.content_hash == same.content_hash != other.content_hash


def test_a_map_of_its_own_names_the_text() -> None:
    settings = {
        "fields": [{"name": "mail", "type": "email"}, {"name": "story", "label": "Story", "type": "textarea"}]
    }
    message = parser.parse(raw(mail="a@b.example", story="Once"), channel=replace(FORM, settings=settings))
    assert message.text == "Once" and message.sender.value == "a@b.example"


@pytest.mark.parametrize("bad", [b"", b"[]", b"{}", b"\xff", b'{"fields": 1, "files": []}', b"null"])
def test_what_the_endpoint_never_wrote_is_refused(bad: bytes) -> None:
    with pytest.raises(Refused):
        parser.parse(bad, channel=FORM)
