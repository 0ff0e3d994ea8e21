"""What gives a robot away."""

from datetime import UTC, datetime, timedelta

from channels.forms.spam import TRAP, OpeningSeals, suspicion

MOMENT = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
SEALS = OpeningSeals([b"newest key", b"older key"])


def test_a_seal_tells_when_the_page_was_opened() -> None:
    opening = SEALS.read("key", SEALS.mint("key", MOMENT))
    assert opening is not None and opening[0] == MOMENT


def test_each_opening_names_a_submission_of_its_own() -> None:
    assert SEALS.read("key", SEALS.mint("key", MOMENT)) != SEALS.read("key", SEALS.mint("key", MOMENT))


def test_a_seal_of_an_older_key_is_read_and_one_of_another_form_is_not() -> None:
    seal = OpeningSeals([b"older key"]).mint("key", MOMENT)
    assert SEALS.read("key", seal) is not None
    assert SEALS.read("other", seal) is None
    for forged in ("", "x", "1.a.", seal[:-1] + "0", "é.é.é"):
        assert SEALS.read("key", forged) is None or forged == seal


def test_a_filled_trap_and_a_form_sent_at_once_are_suspicious() -> None:
    assert suspicion({TRAP: "http://spam"}, opened_at=None, moment=MOMENT)
    assert suspicion({}, opened_at=MOMENT, moment=MOMENT + timedelta(seconds=1))


def test_a_person_is_not() -> None:
    assert suspicion({TRAP: ""}, opened_at=MOMENT, moment=MOMENT + timedelta(seconds=9)) == ""
    assert suspicion({}, opened_at=None, moment=MOMENT) == ""
