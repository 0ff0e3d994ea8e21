"""What people type to find things is understood, and nothing of it is lost where it is not."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from inbox.clock import FrozenClock
from inbox.operators import Operator, Term, read


def test_the_number_of_an_order_is_looked_for_in_what_was_written() -> None:
    sought = read("order:48213 -order:7")

    assert sought.terms == (Term("48213"), Term("7", is_excluded=True))
    assert not sought.unknown and not sought.operators


def test_words_phrases_exclusions_and_operators_are_told_apart() -> None:
    sought = read('lamp "alder shade" -broken from:Ana -is:resolved tag:"first order"')

    assert sought.terms == (Term("lamp"), Term("alder shade"), Term("broken", is_excluded=True))
    assert sought.operators == (
        Operator("from", "ana"),
        Operator("is", "resolved", is_excluded=True),
        Operator("tag", "first order"),
    )
    assert sought.wanted == ["lamp", "alder shade"] and sought.plain == "lamp alder shade"


def test_an_operator_that_there_is_not_is_looked_for_as_words_and_told() -> None:
    sought = read("foo:bar is:blue ana@shop.example https://shop.example/a 12:30")

    assert sought.unknown == ("foo", "is:blue") and not sought.operators
    assert sought.wanted[:2] == ["foo bar", "is blue"]
    assert "ana@shop.example" in sought.plain


@pytest.mark.parametrize(
    ("typed", "begins", "ends"),
    [
        ("before:2026-11-01", None, datetime(2026, 11, 1, tzinfo=UTC)),
        ("after:2w", datetime(2026, 11, 7, tzinfo=UTC), None),
        ("on:yesterday", datetime(2026, 11, 19, tzinfo=UTC), datetime(2026, 11, 20, tzinfo=UTC)),
        ("on:monday", datetime(2026, 11, 16, tzinfo=UTC), datetime(2026, 11, 17, tzinfo=UTC)),
        ("on:friday", datetime(2026, 11, 13, tzinfo=UTC), datetime(2026, 11, 14, tzinfo=UTC)),
    ],
)
def test_days_are_named_as_people_name_them(
    clock: FrozenClock, typed: str, begins: datetime | None, ends: datetime | None
) -> None:
    (operator,) = read(typed).operators
    assert operator.span == (begins, ends)


def test_a_day_begins_where_whoever_asks_is(clock: FrozenClock) -> None:
    (operator,) = read("on:2026-11-18", zone=ZoneInfo("Europe/Lisbon")).operators
    (eastern,) = read("on:2026-11-18", zone=ZoneInfo("Asia/Tokyo")).operators

    assert operator.span[0] == datetime(2026, 11, 18, tzinfo=UTC)
    assert eastern.span[0] == datetime(2026, 11, 17, 15, tzinfo=UTC)


def test_a_search_less_one_operator_is_the_same_search() -> None:
    sought = read('"alder shade" -broken tag:"first order" is:open')
    tag, status = sought.operators

    assert sought.without(status) == '"alder shade" -broken tag:"first order"'
    assert read(sought.without(tag)).operators == (status,)


@given(st.text(max_size=500))
def test_whatever_is_typed_is_read(typed: str) -> None:
    sought = read(typed)
    assert all(term.text.strip() for term in sought.terms) and len(sought.terms) <= 16
    assert all(operator.value for operator in sought.operators)
