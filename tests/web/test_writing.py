"""What a composer's form says."""

from datetime import UTC, datetime

import pytest
from starlette.datastructures import FormData

from inbox.clock import FrozenClock
from inbox.errors import Invalid
from inbox.models import Status
from web.writing import Written, written_in


def test_addresses_are_written_with_commas_with_names_or_on_lines_of_their_own() -> None:
    line = "Ana <ana@mail.test>, tomas@mail.test;rui@mail.test\n clara@mail.test ,"
    assert written_in(line) == [
        ("Ana", "ana@mail.test"),
        ("", "tomas@mail.test"),
        ("", "rui@mail.test"),
        ("", "clara@mail.test"),
    ]


def test_ticked_and_written_recipients_are_one_list() -> None:
    form = FormData(
        [("addressed", "1"), ("to", "ana@mail.test"), ("to_more", "Tomas@Mail.test"), ("cc_more", "x@y.test")]
    )
    written = Written.of(form, [], UTC)
    assert [one.value for one in written.to or ()] == ["ana@mail.test", "tomas@mail.test"]
    assert [one.value for one in written.cc or ()] == ["x@y.test"] and written.bcc == ()


def test_a_mail_to_nobody_or_to_what_is_no_address_is_refused() -> None:
    with pytest.raises(Invalid, match="tick or write"):
        Written.of(FormData([("addressed", "1")]), [], UTC)
    with pytest.raises(Invalid):
        Written.of(FormData([("addressed", "1"), ("to", "a@b.test"), ("bcc_more", "nobody")]), [], UTC)


def test_a_mail_leaves_when_its_writer_says_but_not_in_the_past(clock: FrozenClock) -> None:
    later = Written.of(FormData([("later", "at"), ("send_at", "2026-11-23T08:30")]), [], UTC)
    assert later.send_at == datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
    assert Written.of(FormData([("later", "week")]), [], UTC).send_at == datetime(2026, 11, 23, 9, tzinfo=UTC)
    with pytest.raises(Invalid, match="still to come"):
        Written.of(FormData([("later", "at"), ("send_at", "2026-11-19T08:30")]), [], UTC)


def test_what_becomes_of_the_case_is_pending_unless_said(clock: FrozenClock) -> None:
    assert Written.of(FormData([]), [], UTC).then is Status.PENDING
    snoozed = Written.of(FormData([("then", "tomorrow")]), [], UTC)
    assert (snoozed.then, snoozed.snoozed_until) == (Status.SNOOZED, datetime(2026, 11, 21, 9, tzinfo=UTC))
