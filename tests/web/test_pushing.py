"""Notifications reach the devices that agents allowed: encrypted, once, and never inside our own network."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select, update

from inbox.actions.notifications import mark_read
from inbox.clock import FrozenClock
from inbox.credentials import digest_of
from inbox.db import Database
from inbox.models import (
    Agent,
    Notification,
    NotificationChoices,
    PushEntry,
    PushSubscription,
    Setting,
)
from inbox.notifier import Notifier
from tests.builders import KEYS, Scene, a_conversation, an_agent, an_inbound_message
from tests.services.push import PushService, push_service
from web.fetching import Address, Fetcher
from web.push_encryption import PushKeys, written
from web.pushing import LIMITS, PushWorker

BASE = "https://inbox.example"


class House:
    """Maya, who has a case and a device, and the rounds that end in a push."""

    def __init__(self, database: Database, service: PushService, maya: Agent, scene: Scene) -> None:
        self.database, self.service, self.maya, self.scene = database, service, maya, scene
        self.notifier = Notifier(database)
        fetcher = Fetcher(LIMITS, resolve=_resolve, may_reach=_may_reach, ports=None)
        self.worker = PushWorker(database, KEYS, subject=BASE, language="en", fetcher=fetcher)

    async def customer_writes(self, text: str = "Where is my order?") -> None:
        async with self.database.transaction() as session:
            await an_inbound_message(session, self.scene, text=text)
        await self.notifier.tell_what_is_due()

    async def left(self) -> tuple[int, int]:
        """How many pushes wait, and how many devices there are."""
        async with self.database.reading() as session:
            entries = await session.scalar(select(func.count()).select_from(PushEntry))
            devices = await session.scalar(select(func.count()).select_from(PushSubscription))
        return entries or 0, devices or 0


async def _resolve(host: str, port: int) -> Sequence[str]:
    return ["127.0.0.1"] if host == "push.example" else ["10.0.0.7"]


def _may_reach(address: Address) -> bool:
    return str(address) == "127.0.0.1"


async def a_device(database: Database, agent: Agent, service: PushService, endpoint: str = "") -> None:
    address = endpoint or service.endpoint
    async with database.transaction() as session:
        session.add(
            PushSubscription(
                agent_id=agent.id,
                digest=digest_of(address),
                endpoint=address,
                p256dh=written(service.receiver.device.p256dh),
                auth=written(service.receiver.device.auth),
                signed_with=PushKeys(KEYS).public,
            )
        )


async def a_house(database: Database, service: PushService) -> House:
    async with database.transaction() as session:
        maya = await an_agent(session)
        scene = await a_conversation(session, with_messages=0, assignee=maya)
    house = House(database, service, maya, scene)
    await house.notifier.tell_what_is_due()
    await a_device(database, maya, service)
    return house


@pytest.fixture
async def service() -> AsyncIterator[PushService]:
    async with push_service() as running:
        yield running


@pytest.fixture
async def house(sqlite_database: Database, service: PushService, clock: FrozenClock) -> House:
    return await a_house(sqlite_database, service)


async def test_a_device_is_told_who_wrote_and_no_more(
    database: Database, service: PushService, clock: FrozenClock
) -> None:
    house = await a_house(database, service)
    await house.customer_writes()
    at_once = await house.worker.push_what_is_due()
    clock.advance(seconds=3)

    assert (at_once, await house.worker.push_what_is_due()) == (0, 1)
    assert await house.worker.push_what_is_due() == 0
    [pushed] = service.pushed
    number = house.scene.case.number
    tag = pushed.payload["tag"]
    assert pushed.payload | {"url": ""} == {
        "tag": tag,
        "title": "Ana Sousa wrote",
        "body": f"#{number}",
        "url": "",
        "alert": "hidden",
        "unread": 1,
        "standing": [tag],
    }
    path = f"/conversations/{house.scene.conversation.public_id}?case={number}#m-"
    assert pushed.payload["url"].startswith(path)
    assert pushed.headers["content-encoding"] == "aes128gcm"
    assert (pushed.headers["ttl"], pushed.headers["topic"]) == ("14400", tag)
    assert pushed.headers["authorization"].startswith("vapid t=")
    assert pushed.headers["host"] == f"push.example:{service.port}"
    assert await house.left() == (0, 1)


async def test_words_are_pushed_where_the_workspace_allows_them(house: House, clock: FrozenClock) -> None:
    async with house.database.transaction() as session:
        session.add(Setting(name="notifications", value={"texts": True}))
    await house.customer_writes("x" * 5_000 + " 🛋" * 2_000)
    clock.advance(seconds=3)
    await house.worker.push_what_is_due()

    assert house.service.pushed[0].payload["body"].startswith("xxx")


async def test_what_is_read_meanwhile_is_not_pushed(house: House, clock: FrozenClock) -> None:
    await house.customer_writes()
    async with house.database.transaction() as session:
        await mark_read(session, by=house.maya)
    clock.advance(seconds=3)

    assert (await house.worker.push_what_is_due(), await house.left()) == (0, (0, 1))


async def test_nothing_is_pushed_in_quiet_hours_nor_where_nobody_wants_it(
    house: House, clock: FrozenClock
) -> None:
    async with house.database.transaction() as session:
        cells = {"message": {"alert": "never"}}
        session.add(NotificationChoices(agent_id=house.maya.id, cells=cells))
    await house.customer_writes()
    unwanted = await house.left()
    quiet = {"cells": {}, "quiet_from": "09:00", "quiet_until": "11:00", "time_zone": "UTC"}
    async with house.database.transaction() as session:
        await session.execute(update(NotificationChoices).values(**quiet))
    await house.customer_writes()

    assert (unwanted, await house.left()) == ((0, 1), (0, 1))


async def test_a_service_in_trouble_is_asked_again_when_it_says_and_a_few_times(
    house: House, clock: FrozenClock
) -> None:
    house.service.script += ["503 Busy\r\nRetry-After: 120", "429 Slowly", "500 No", "502 No"]
    await house.customer_writes()
    clock.advance(seconds=3)
    tried = []
    for minutes in (1, 1, 5, 20, 20):
        tried.append(await house.worker.push_what_is_due())
        clock.advance(minutes=minutes)

    assert tried == [1, 0, 1, 1, 1]
    assert len(house.service.pushed) == 4
    assert await house.left() == (0, 1)


@pytest.mark.parametrize("status", ["404 Gone", "410 Gone"])
async def test_a_device_that_is_gone_is_forgotten(house: House, clock: FrozenClock, status: str) -> None:
    house.service.script.append(status)
    await house.customer_writes()
    await house.customer_writes()
    clock.advance(seconds=3)
    async with house.database.transaction() as session:
        later = select(func.max(PushEntry.id)).scalar_subquery()
        await session.execute(
            update(PushEntry).where(PushEntry.id == later).values(due_at=clock() + timedelta(minutes=1))
        )
    await house.worker.push_what_is_due()

    assert await house.left() == (0, 0)


@pytest.mark.parametrize("status", ["400 No", "403 No", "302 Found\r\nLocation: http://127.0.0.1/"])
async def test_what_is_refused_is_not_tried_again(house: House, clock: FrozenClock, status: str) -> None:
    house.service.script.append(status)
    await house.customer_writes()
    clock.advance(seconds=3)
    await house.worker.push_what_is_due()

    assert (await house.left(), len(house.service.pushed)) == ((0, 1), 1)


async def test_a_push_service_inside_our_network_is_never_reached(house: House, clock: FrozenClock) -> None:
    async with house.database.transaction() as session:
        await session.execute(delete(PushSubscription))
    inside = f"http://internal.example:{house.service.port}/send/abc"
    await a_device(house.database, house.maya, house.service, inside)
    await house.customer_writes()
    clock.advance(seconds=3)
    await house.worker.push_what_is_due()

    assert house.service.pushed == []
    assert await house.left() == (1, 1)


async def test_a_process_that_dies_leaves_the_push_to_the_next(house: House, clock: FrozenClock) -> None:
    from inbox.actions.pushes import claim

    await house.customer_writes()
    clock.advance(seconds=3)
    async with house.database.transaction() as session:
        assert len(await claim(session, limit=8, language="en")) == 1
    while_leased = await house.worker.push_what_is_due()
    clock.advance(minutes=2)

    assert (while_leased, await house.worker.push_what_is_due()) == (0, 1)


async def test_what_is_old_is_no_news(house: House, clock: FrozenClock) -> None:
    await house.customer_writes()
    async with house.database.transaction() as session:
        await session.execute(update(Notification).values(created_at=clock() - timedelta(hours=5)))
    clock.advance(seconds=3)

    assert (await house.worker.push_what_is_due(), await house.left()) == (0, (0, 1))
