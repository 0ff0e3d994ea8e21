"""What a chat says before anybody has written."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.clock import FrozenClock
from inbox.db import Database
from inbox.models import Channel, WorkingHours
from tests.builders import a_conversation, a_mailbox_channel, a_webchat_channel
from web.chat_facts import facts_of, told_to_script
from web.visit_words import catalogues

ENGLISH = catalogues()["en"]
FRIDAY_NIGHT = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)
WEEK = [[["09:00", "17:00"]]] * 5 + [[], []]


async def said(session: AsyncSession, channel: Channel) -> dict[str, Any]:
    return await facts_of(session, channel, ENGLISH)


async def a_chat(session: AsyncSession, **settings: object) -> Channel:
    channel = await a_webchat_channel(session)
    channel.settings = settings
    return channel


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        ([1] * 5, "Replies in about a minute"),
        ([3, 4, 4, 5, 600], "Replies in about 4 min"),
        ([23] * 9, "Replies in about 25 min"),
        ([130] * 5, "Replies in about 2 h"),
        ([4] * 4, "We reply here and by email"),
        ([60 * 20] * 6, "We reply here and by email"),
    ],
)
async def test_when_answers_come_is_worked_out_from_those_of_the_last_days(
    sqlite_database: Database, minutes: list[int], words: str
) -> None:
    async with sqlite_database.transaction() as session:
        channel = await a_chat(session)
        for taken in minutes:
            scene = await a_conversation(session, channel=channel)
            scene.case.first_channel_id = channel.id
            scene.case.first_replied_at = scene.case.opened_at + timedelta(minutes=taken)
        await session.flush()
        facts = await said(session, channel)
        assert facts["expectation"] == words
        assert facts["usual"] == (sorted(minutes)[len(minutes) // 2] * 60 if len(minutes) > 4 else 0)
        channel.settings = {"expectation": "Within the hour"}
        assert (await said(session, channel))["expectation"] == "Within the hour"


@pytest.mark.parametrize(
    ("moment", "away", "words"),
    [
        (FRIDAY_NIGHT, None, "Back Monday at 09:00"),
        (FRIDAY_NIGHT - timedelta(hours=15), None, "Back today at 09:00"),
        (FRIDAY_NIGHT - timedelta(days=1), None, "Back tomorrow at 09:00"),
        (FRIDAY_NIGHT - timedelta(hours=10), None, None),
        (FRIDAY_NIGHT - timedelta(hours=10), "on", ENGLISH.panel["away"]),
        (FRIDAY_NIGHT, "never", None),
    ],
)
async def test_it_is_away_by_the_hours_unless_somebody_says_otherwise(
    sqlite_database: Database, moment: datetime, away: str | None, words: str | None
) -> None:
    async with sqlite_database.transaction() as session:
        channel = await a_chat(session, **({"away": away} if away else {}))
        session.add(WorkingHours(time_zone="UTC", week=WEEK, closed_days=[]))
        await session.flush()
        with clock.using(FrozenClock(moment)):
            facts = await said(session, channel)
    assert facts["away"] is (words is not None)
    assert words in (None, facts["expectation"])


async def test_it_asks_what_the_company_wants_to_know(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        channel = await a_chat(session, ask_email="required", questions=["Order number*", "Which lamp?"])
        facts = await said(session, channel)
        assert [(each["label"], each["required"]) for each in facts["ask"]] == [
            ("Your email", True),
            ("Order number", True),
            ("Which lamp?", False),
        ]
        assert not facts["mails"]
        await a_mailbox_channel(session)
        assert (await said(session, channel))["mails"]
    assert "identity_required" not in told_to_script(facts)


async def test_out_of_hours_it_asks_where_to_answer(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        facts = await said(session, await a_chat(session, away="on"))
    assert facts["ask"] == [{"name": "email", "label": "Your email", "fills": "email", "required": True}]


@pytest.mark.parametrize(
    ("chosen", "told"),
    [
        ("#101010", ["#101010", "#fff"]),
        ("#FFEE00", ["#FFEE00", "#101010"]),
        ("#8a2be2", ["#8a2be2", "#fff"]),
        ("red;}", []),
        ("", []),
    ],
)
async def test_a_colour_comes_with_what_can_be_read_on_it(
    sqlite_database: Database, chosen: str, told: list[str]
) -> None:
    async with sqlite_database.transaction() as session:
        assert (await said(session, await a_chat(session, accent=chosen)))["accent"] == told
