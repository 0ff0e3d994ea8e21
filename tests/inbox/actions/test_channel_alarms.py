"""Admins are mailed once of a channel that has stopped working, and nobody else is."""

import json
from datetime import timedelta

from sqlalchemy import select

from inbox.actions.channels import set_state
from inbox.alarms import EVERY, SILENCES_EVERY, Alarms
from inbox.clock import FrozenClock
from inbox.db import Database
from inbox.models import AutomaticMail, Channel, IntakeRecord, IntakeState, Role
from tests.builders import KEYS, a_mailbox_channel, an_agent

BASE = "https://inbox.example"


class Workshop:
    """Two mailboxes that can send, an admin who reads German, an agent, and the rounds."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.alarms = Alarms(database, KEYS, base_url=BASE, language="en")

    async def open(self) -> None:
        async with self.database.transaction() as session:
            admin = await an_agent(session, email="ada@shop.example")
            admin.role, admin.language = Role.ADMIN, "de"
            await an_agent(session, email="maya@shop.example")
            await a_mailbox_channel(session, name="Help", address="help@desk.example")
            await a_mailbox_channel(session, name="Trade", address="trade@desk.example")

    async def channel(self, name: str = "Help") -> Channel:
        async with self.database.reading() as session:
            return (await session.scalars(select(Channel).where(Channel.name == name))).one()

    async def note(self, state: str, text: str = "") -> None:
        async with self.database.transaction() as session:
            channel = (await session.scalars(select(Channel).where(Channel.name == "Help"))).one()
            await set_state(session, channel, state, text)

    async def mails(self) -> list[tuple[str, str, str]]:
        """From which mailbox, to whom, and the words of everything that was queued, after one more round."""
        await self.alarms.look()
        async with self.database.reading() as session:
            queued = await session.execute(
                select(AutomaticMail, Channel.name)
                .join(Channel, Channel.id == AutomaticMail.channel_id)
                .order_by(AutomaticMail.id)
            )
            return [
                (name, mail.address, "\n".join(json.loads(KEYS.unseal(mail.sealed or ""))))
                for mail, name in queued
            ]


async def workshop(database: Database) -> Workshop:
    made = Workshop(database)
    await made.open()
    return made


async def test_admins_are_mailed_once_by_a_mailbox_that_works(database: Database, clock: FrozenClock) -> None:
    shop = await workshop(database)
    assert await shop.mails() == []
    await shop.note("failing", "Nobody answers at imap.example.")
    clock.advance(minutes=10)
    early = await shop.mails()
    clock.advance(minutes=10)
    [(by, to, words)] = await shop.mails()

    assert early == [] and (by, to) == ("Trade", "ada@shop.example")
    assert words.startswith("Ein Kanal braucht Sie\n* Help: ")
    assert "Nobody answers at imap.example." in words
    assert f"{BASE}/settings/channels/{(await shop.channel()).public_id}" in words
    assert len(await shop.mails()) == 1

    await shop.note("ok")
    await shop.mails()
    await shop.note("auth_failed", "535 No")
    assert len(await shop.mails()) == 2, "it is told anew"


async def test_with_no_mailbox_that_can_send_it_is_told_as_soon_as_there_is_one(
    sqlite_database: Database, clock: FrozenClock
) -> None:
    shop = await workshop(sqlite_database)
    async with sqlite_database.transaction() as session:
        for channel in await session.scalars(select(Channel)):
            channel.sending_text = "535 No"
    before = await shop.mails()
    async with sqlite_database.transaction() as session:
        trade = (await session.scalars(select(Channel).where(Channel.name == "Trade"))).one()
        trade.sending_text = ""

    assert before == [] and [by for by, *_ in await shop.mails()] == ["Trade"]


async def test_a_channel_that_has_fallen_silent_is_noticed_until_something_comes_in(
    sqlite_database: Database, clock: FrozenClock
) -> None:
    shop = await workshop(sqlite_database)
    help_id, last = (await shop.channel()).id, clock()
    async with sqlite_database.transaction() as session:
        for number in range(60):
            created = last - timedelta(hours=4 * (59 - number))
            record = IntakeRecord(
                channel_id=help_id, state=IntakeState.FILED, digest="0" * 64, size=1, source="imap"
            )
            record.created_at = created
            session.add(record)
        (await session.get_one(Channel, help_id)).last_message_at = last
    clock.advance(hours=5)
    calm = await shop.mails()
    clock.advance(hours=2)
    [(_, _, words)] = await shop.mails()

    assert calm == [] and "Es kommt länger als üblich nichts mehr an." in words
    assert (await shop.channel()).is_silent and not (await shop.channel("Trade")).is_silent
    async with sqlite_database.transaction() as session:
        (await session.get_one(Channel, help_id)).last_message_at = clock()
    assert not (await shop.channel()).is_silent
    clock.advance(seconds=(EVERY + SILENCES_EVERY).total_seconds())
    await shop.mails()
    assert (await shop.channel()).silent_since is None
