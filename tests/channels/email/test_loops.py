"""Machines that write to each other fall silent, whatever stands between them; people are still heard.

The full form, a storm of ten thousand, is tests/campaigns/mail_loop.py.
"""

from pathlib import Path

import pytest

from inbox.clock import FrozenClock
from tests.services.mail_storms import (
    AUTO_REPLY,
    MACHINE,
    MOST_ANSWERS,
    NORTH,
    SOUTH,
    begin_a_thread,
    check_nothing_is_lost,
    check_nothing_reopens,
    storm,
    two_offices,
)
from tests.services.offices import letter, until_silence

STORM = 150


@pytest.mark.parametrize("strips", [False, True], ids=["marks", "no marks"])
async def test_two_installations_that_acknowledge_each_other_stop_after_one_round(
    migrated_sqlite: Path, tmp_path: Path, clock: FrozenClock, strips: bool
) -> None:
    """Where a relay takes the marks away each still answers an address once a day only."""
    async with two_offices(migrated_sqlite, tmp_path, strips=strips) as (north, south):
        north.post.put(letter(SOUTH, NORTH, "A person of the south asks"), SOUTH, NORTH)
        await until_silence(north, south)

        written = [await office.automatic_mails() for office in (north, south)]
        assert [len(mails) for mails in written] == ([1, 1] if strips else [1, 0])
        assert {mail.state for mails in written for mail in mails} == {"sent"}
        await check_nothing_is_lost(north, came=2 if strips else 1)
        await check_nothing_is_lost(south, came=1)


async def test_an_acknowledgement_reopens_nothing_on_the_other_side(
    migrated_sqlite: Path, tmp_path: Path, clock: FrozenClock
) -> None:
    async with two_offices(migrated_sqlite, tmp_path) as (north, south):
        await begin_a_thread(south, NORTH)  # so that each knows the other
        await until_silence(north, south)
        north.post.put(letter(SOUTH, NORTH, "Now the south asks"), SOUTH, NORTH)
        await until_silence(north, south)

        assert north.post.carried == {(NORTH, SOUTH): 2, (SOUTH, NORTH): 2}  # one of a person each
        await check_nothing_reopens(south)
        await check_nothing_is_lost(south, came=2)
        await check_nothing_is_lost(north, came=2)


async def test_a_storm_of_automatic_replies_is_recorded_and_answered_by_nobody(
    migrated_sqlite: Path, tmp_path: Path
) -> None:
    async with two_offices(migrated_sqlite, tmp_path) as (north, _):
        weather = await storm(north, STORM, marks=AUTO_REPLY)

        assert weather.answers == 1  # what the storm began with
        await check_nothing_reopens(north)
        await check_nothing_is_lost(north, came=STORM + 1)


async def test_a_machine_that_writes_like_a_person_under_many_addresses_gets_few_answers(
    migrated_sqlite: Path, tmp_path: Path
) -> None:
    async with two_offices(migrated_sqlite, tmp_path) as (north, _):
        weather = await storm(north, STORM, marks=(), subaddresses=20)

        assert weather.answers <= MOST_ANSWERS
        await check_nothing_is_lost(north, came=STORM + 1)
        assert north.post.carried[MACHINE, NORTH] > 1
