"""Agents are mailed what they have left unseen: collected, once, and never in their quiet hours."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from inbox.actions.notes import add_note
from inbox.actions.notifications import mark_read
from inbox.blobs import BlobStore
from inbox.clock import FrozenClock
from inbox.db import Database
from inbox.digests import Digests
from inbox.models import (
    Absence,
    Agent,
    AutomaticMail,
    Conversation,
    Notification,
    NotificationChoices,
    Setting,
)
from inbox.notifier import Notifier
from tests.builders import (
    KEYS,
    Scene,
    a_conversation,
    a_customer,
    a_mailbox_channel,
    an_agent,
    an_inbound_message,
)

BASE = "https://inbox.example"


class House:
    """Maya, her case, and the two rounds that end in a mail."""

    def __init__(self, database: Database, maya: Agent, scene: Scene) -> None:
        self.database, self.maya, self.scene = database, maya, scene
        self.notifier = Notifier(database)
        self.digests = Digests(database, KEYS, base_url=BASE, language="en")

    async def customer_writes(self, text: str = "Where is my order?") -> None:
        async with self.database.transaction() as session:
            await an_inbound_message(session, self.scene, text=text)
        await self.notifier.tell_what_is_due()

    async def mails(self) -> list[tuple[str, str, str]]:
        """Address, subject and text of everything that was queued, after one more round."""
        await self.digests.mail_what_is_due()
        async with self.database.reading() as session:
            queued = await session.scalars(select(AutomaticMail).order_by(AutomaticMail.id))
            return [(mail.address, *_words(mail)) for mail in queued]


def _words(mail: AutomaticMail) -> tuple[str, str]:
    import json

    subject, text = json.loads(KEYS.unseal(mail.sealed or ""))
    return subject, text


async def a_house(database: Database) -> House:
    async with database.transaction() as session:
        maya = await an_agent(session, email="maya@shop.example")
        mailbox = await a_mailbox_channel(session)
        scene = await a_conversation(session, with_messages=0, assignee=maya, channel=mailbox)
    house = House(database, maya, scene)
    await house.notifier.tell_what_is_due()
    return house


@pytest.fixture
async def house(sqlite_database: Database, clock: FrozenClock) -> House:
    return await a_house(sqlite_database)


async def test_what_is_unseen_for_a_quarter_of_an_hour_is_mailed_together_and_once(
    database: Database, clock: FrozenClock
) -> None:
    house = await a_house(database)
    await house.customer_writes()
    clock.advance(minutes=14)
    await house.customer_writes("Hello?")

    early = await house.mails()
    clock.advance(minutes=1)
    [(address, subject, text)] = await house.mails()
    clock.advance(days=1)

    assert early == []
    assert (address, subject) == ("maya@shop.example", "One conversation waits for you")
    assert "Ana Sousa wrote 2 messages" in text and f"{BASE}/cases/{house.scene.case.number}" in text
    assert "Where is my order?" not in text and f"{BASE}/settings/notifications" in text
    assert len(await house.mails()) == 1


async def test_what_has_been_seen_is_not_mailed(house: House, clock: FrozenClock) -> None:
    await house.customer_writes()
    async with house.database.transaction() as session:
        await mark_read(session, by=house.maya)
    clock.advance(minutes=15)

    assert await house.mails() == []


async def test_a_mention_is_mailed_sooner_and_brings_what_waits_beside_it(
    house: House, clock: FrozenClock
) -> None:
    await house.customer_writes()
    async with house.database.transaction() as session:
        tom = await an_agent(session, name="Tom Rivera")
        conversation = await session.get_one(Conversation, house.scene.conversation.id)
        await add_note(session, conversation, by=tom, text="@Maya he is furious")
        session.add(Setting(name="notifications", value={"texts": True}))
    await house.notifier.tell_what_is_due()
    clock.advance(minutes=5)

    [(_, _, text)] = await house.mails()

    assert "Tom Rivera mentioned you: Ana Sousa" in text and "Ana Sousa wrote" in text
    assert "Where is my order?" in text, "the workspace allows customers' words"
    assert "furious" not in text, "a note never leaves"


async def test_in_quiet_hours_the_mail_waits_for_their_end(house: House, clock: FrozenClock) -> None:
    async with house.database.transaction() as session:
        session.add(
            NotificationChoices(
                agent_id=house.maya.id, quiet_from="09:00", quiet_until="11:00", time_zone="UTC"
            )
        )
    await house.customer_writes()
    clock.advance(minutes=30)
    quiet = await house.mails()
    clock.advance(minutes=30)

    assert quiet == []
    assert len(await house.mails()) == 1


async def test_whoever_is_away_or_has_left_or_wants_none_gets_none(house: House, clock: FrozenClock) -> None:
    await house.customer_writes()
    async with house.database.transaction() as session:
        away = Absence(agent_id=house.maya.id, starts_at=clock(), began_at=clock())
        session.add(away)
    clock.advance(hours=2)
    while_away = await house.mails()
    async with house.database.transaction() as session:
        await session.execute(update(Absence).values(ended_at=clock()))
        cells = {"message": {"mail_after": None}}
        session.add(NotificationChoices(agent_id=house.maya.id, cells=cells))
    clock.advance(hours=2)
    unwanted = await house.mails()
    await house.customer_writes()
    async with house.database.transaction() as session:
        await session.execute(update(Notification).values(mail_due_at=clock()))
        await session.execute(update(Agent).values(deactivated_at=clock()))

    assert (while_away, unwanted, await house.mails()) == ([], [], [])


async def test_without_a_mailbox_that_can_send_it_is_tried_again_for_a_day(
    house: House, clock: FrozenClock
) -> None:
    async with house.database.transaction() as session:
        channel = await session.get_one(type(house.scene.channel), house.scene.channel.id)
        channel.settings = {}
    await house.customer_writes()
    clock.advance(minutes=15)
    assert await house.mails() == []
    async with house.database.reading() as session:
        due = await session.scalar(select(Notification.mail_due_at))
    assert due == clock() + timedelta(hours=1)

    clock.advance(days=2)
    assert await house.mails() == []
    async with house.database.reading() as session:
        assert await session.scalar(select(Notification.mail_due_at)) is None


async def test_a_strangers_name_becomes_neither_a_link_nor_markup(house: House, clock: FrozenClock) -> None:
    name = "[Sign in](https://evil.example) <b>now</b> **www.evil.example**\nBcc: x@y.example " + "n" * 200
    async with house.database.transaction() as session:
        customer = await a_customer(session, name=name)
        channel = house.scene.channel
        house.scene = await a_conversation(
            session, with_messages=0, customer=customer, assignee=house.maya, channel=channel
        )
    await house.customer_writes()
    clock.advance(minutes=15)

    [(_, subject, text)] = await house.mails()

    first = text.splitlines()[0]
    assert not set("[]()<>*\n") & set(first.removeprefix("* ")) and "https://" not in first
    assert len(first) < 120 and "evil" not in subject


async def test_it_leaves_as_automatic_mail(house: House, clock: FrozenClock, blobs: BlobStore) -> None:
    from inbox.mailing import AutomaticMailWorker
    from tests.fakes import FakeSender

    await house.customer_writes()
    clock.advance(minutes=15)
    await house.mails()
    sender = FakeSender()

    assert await AutomaticMailWorker(house.database, KEYS, {"email": sender}).send_what_is_due() == 1

    [composed] = sender.composed
    assert composed.automatic and sender.attempts[0].sender == ""
