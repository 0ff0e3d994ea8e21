"""A storm of mail between machines: two installations that acknowledge each other, and a machine that answers
everything ten thousand times, marked as automatic and not.

.venv/bin/python -m pytest tests/campaigns/mail_loop.py

STORM in the environment says how many mails come in each storm (10,000). A short form stands in
tests/channels/email/test_loops.py. Nothing collects this file by itself.
"""

import os
from pathlib import Path

import pytest

from tests.services.mail_storms import (
    AUTO_REPLY,
    MOST_ANSWERS,
    NORTH,
    SOUTH,
    check_nothing_is_lost,
    check_nothing_reopens,
    storm,
    two_offices,
)
from tests.services.offices import letter, until_silence

STORM = int(os.environ.get("STORM", "10000"))
DRAINED_SECONDS = 60.0


@pytest.mark.slow
@pytest.mark.parametrize("marks", [AUTO_REPLY, ()], ids=["marked", "like a person"])
async def test_a_storm_ends_with_a_few_answers_and_an_empty_queue(
    migrated_sqlite: Path, tmp_path: Path, marks: tuple[str, ...]
) -> None:
    async with two_offices(migrated_sqlite, tmp_path) as (north, _):
        weather = await storm(north, STORM, marks=marks, subaddresses=1 if marks else 50)
        print(f"\n{STORM} mails in {weather.seconds:.0f} s, the last {weather.drained:.1f} s for the queue")
        print(f"{weather.answers} answers")

        assert weather.answers <= MOST_ANSWERS
        assert weather.drained < DRAINED_SECONDS
        await check_nothing_is_lost(north, came=STORM + 1)
        if marks:
            await check_nothing_reopens(north)


@pytest.mark.slow
@pytest.mark.parametrize("strips", [False, True], ids=["marks", "no marks"])
async def test_many_people_on_both_sides_bring_about_one_round_at_most(
    migrated_sqlite: Path, tmp_path: Path, strips: bool
) -> None:
    """Both write a lot; what they answer each other with stays within a mail a day."""
    count = max(STORM // 100, 1)
    async with two_offices(migrated_sqlite, tmp_path, strips=strips) as (north, south):
        for number in range(count):
            north.post.put(letter(SOUTH, NORTH, f"From the south {number}"), SOUTH, NORTH)
            north.post.put(letter(NORTH, SOUTH, f"From the north {number}"), NORTH, SOUTH)
        await until_silence(north, south)

        written = [len(await office.automatic_mails()) for office in (north, south)]
        print(f"\n{2 * count} mails of people, {sum(written)} automatic ones")
        assert written == [1, 1]
        for office in (north, south):
            await check_nothing_is_lost(office, came=count + 1)
