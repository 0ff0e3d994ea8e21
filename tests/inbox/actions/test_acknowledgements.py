"""Telling people out of hours that their mail has come: few words, to few, and never to a machine."""

import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actions.acknowledgements import checked_acknowledgement
from inbox.actions.automatic_mails import OF_INSTALLATION
from inbox.actions.hours import set_hours
from inbox.actions.messages import FilingRules, receive
from inbox.actors import Actor
from inbox.clock import FrozenClock
from inbox.db import Database
from inbox.envelopes import Address, Authentication, Automatic, ChannelKind, InboundMessage, Verdict
from inbox.errors import Invalid
from inbox.models import AutomaticKind, AutomaticMail, Case, Channel, IntakeRecord, Message, Role, Status
from inbox.placements import Arrival
from tests.builders import KEYS, a_conversation, a_mailbox_channel, an_agent

RULES = FilingRules(tokens=KEYS.strand_tokens(), keys=KEYS)
WORKDAYS = [[["09:00", "17:00"]]] * 5 + [[], []]
WORDS = {"subject": "We have your mail", "text": "We answer on working days from 9 to 17."}


async def a_closed_shop(session: AsyncSession, clock: FrozenClock, **settings: Any) -> Channel:
    """A mailbox that acknowledges, on a Friday evening."""
    clock.advance(hours=10)
    admin = Actor.agent(await an_agent(session, name="Ada", role=Role.ADMIN))
    await set_hours(session, None, time_zone="Europe/London", week=WORKDAYS, by=admin)
    mailbox = await a_mailbox_channel(session)
    mailbox.settings = mailbox.settings | {"acknowledgement": WORDS} | settings
    return mailbox


async def writes(
    session: AsyncSession,
    mailbox: Channel,
    text: str = "Is anybody there?",
    *,
    sender: str = "ines@norte.test",
    dmarc: Verdict = Verdict.PASS,
    history: bool = False,
    **more: Any,
) -> None:
    """A mail comes in."""
    digest = hashlib.sha256((sender + text).encode()).hexdigest()
    record = IntakeRecord(channel_id=mailbox.id, digest=digest, size=1, source="ingest")
    session.add(record)
    await session.flush()
    message = InboundMessage(
        channel=ChannelKind.EMAIL,
        sender=Address(sender),
        content_hash=digest,
        external_id=f"{digest[:20]}@norte.test",
        subject="Buy cheap pills at pills.test",
        text=text,
        mailbox=mailbox.address,
        authentication=Authentication(dmarc=dmarc),
        **more,
    )
    arrival = Arrival(record_id=record.id, channel=mailbox, message=message, is_history=history)
    await receive(session, [arrival], RULES)


async def acknowledged(session: AsyncSession) -> list[AutomaticMail]:
    return list(await session.scalars(select(AutomaticMail).order_by(AutomaticMail.id)))


async def test_who_writes_out_of_hours_is_told_once_a_day_in_our_own_words(
    database: Database, clock: FrozenClock
) -> None:
    async with database.transaction() as session:
        mailbox = await a_closed_shop(session, clock)
        await writes(session, mailbox, "First")
        await writes(session, mailbox, "Second")
        (mail,) = await acknowledged(session)
        assert (mail.address, mail.kind) == ("ines@norte.test", AutomaticKind.ACKNOWLEDGEMENT)
        assert json.loads(KEYS.unseal(mail.sealed or "")) == [WORDS["subject"], WORDS["text"]]
        clock.advance(hours=25)
        await writes(session, mailbox, "Third")
        assert len(await acknowledged(session)) == 2


async def test_an_answer_to_an_acknowledgement_is_not_acknowledged(
    database: Database, clock: FrozenClock
) -> None:
    async with database.transaction() as session:
        mailbox = await a_closed_shop(session, clock)
        await writes(session, mailbox)
        (mail,) = await acknowledged(session)
        clock.advance(hours=25)
        await writes(session, mailbox, "Then tomorrow", references=(mail.external_id,))
        await writes(session, mailbox, "And this", sender="else@norte.test", references=("x@norte.test",))
        assert [mail.address for mail in await acknowledged(session)] == [
            "ines@norte.test",
            "else@norte.test",
        ]


async def test_whatever_stands_behind_a_plus_it_is_one_mailbox(
    database: Database, clock: FrozenClock
) -> None:
    async with database.transaction() as session:
        mailbox = await a_closed_shop(session, clock)
        for sender in ("robot+1@norte.test", "robot+2@norte.test", "robot@norte.test", "robot+3@sul.test"):
            await writes(session, mailbox, sender=sender)
        await writes(session, mailbox, sender="robo%@norte.test")
        told = [mail.address for mail in await acknowledged(session)]
        assert told == ["robot+1@norte.test", "robot+3@sul.test", "robo%@norte.test"]


async def test_an_acknowledgement_is_no_answer(sqlite_database: Database, clock: FrozenClock) -> None:
    async with sqlite_database.transaction() as session:
        await writes(session, await a_closed_shop(session, clock))
    async with sqlite_database.reading() as session:
        case = (await session.scalars(select(Case))).one()
        assert (case.status, case.waiting_since, case.first_replied_at) == (Status.OPEN, clock(), None)
        assert len((await session.scalars(select(Message))).all()) == 1


@pytest.mark.parametrize(
    "mail",
    [
        {"dmarc": Verdict.NONE},
        {"dmarc": Verdict.FAIL},
        {"automatic": Automatic.AUTO_REPLY},
        {"automatic": Automatic.LIST},
        {"forbids_answers": True},
        {"spam": True},
        {"history": True},
        {"sender": "no-reply@norte.test"},
        {"sender": "MAILER-DAEMON@norte.test".lower()},
    ],
    ids=str,
)
async def test_machines_strangers_without_proof_and_history_are_told_nothing(
    sqlite_database: Database, clock: FrozenClock, mail: dict[str, Any]
) -> None:
    async with sqlite_database.transaction() as session:
        mailbox = await a_closed_shop(session, clock)
        await a_conversation(session)
        await writes(session, mailbox, **mail)
        assert await acknowledged(session) == []


async def test_in_hours_without_hours_or_without_words_nothing_is_sent(
    sqlite_database: Database, clock: FrozenClock
) -> None:
    async with sqlite_database.transaction() as session:
        timeless = await a_mailbox_channel(session)
        timeless.settings = timeless.settings | {"acknowledgement": WORDS}
        await writes(session, timeless, "No hours are set")
        silent = await a_closed_shop(session, clock, acknowledgement={})
        await writes(session, silent, "It is off")
        clock.advance(hours=63)
        loud = await a_mailbox_channel(session)
        loud.settings = loud.settings | {"acknowledgement": WORDS}
        await writes(session, loud, "Monday at eleven")
        assert await acknowledged(session) == []


async def test_a_flood_of_senders_gets_no_more_than_the_workspaces_share(
    sqlite_database: Database, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    cap = OF_INSTALLATION[AutomaticKind.ACKNOWLEDGEMENT]
    assert cap.within == timedelta(hours=1) and cap.most <= 500
    monkeypatch.setitem(OF_INSTALLATION, AutomaticKind.ACKNOWLEDGEMENT, type(cap)(2, cap.within))
    async with sqlite_database.transaction() as session:
        mailbox = await a_closed_shop(session, clock)
        for number in range(4):
            await writes(session, mailbox, sender=f"victim{number}@norte.test")
        assert len(await acknowledged(session)) == 2


def test_words_are_checked_and_none_switch_it_off() -> None:
    assert checked_acknowledgement("  We have\nyour mail ", " Soon. ") == {
        "subject": "We have your mail",
        "text": "Soon.",
    }
    assert checked_acknowledgement("We have your mail", "  ") == {}
    with pytest.raises(Invalid):
        checked_acknowledgement("", "Soon.")
