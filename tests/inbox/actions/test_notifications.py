"""Whom an event is told, once, and what makes it old news."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from inbox.actions import notifications
from inbox.actions.assignments import assign
from inbox.actions.handoffs import accept, decline, offer
from inbox.actions.notes import add_note
from inbox.actions.reads import mark_read
from inbox.actions.resolutions import resolve
from inbox.clock import FrozenClock
from inbox.db import Database
from inbox.models import (
    Agent,
    Case,
    EventKind,
    Follower,
    Handoff,
    Message,
    Mute,
    Notification,
    NotificationChoices,
    NotificationKind,
    Role,
    Setting,
)
from inbox.notifier import Notifier
from inbox.queries import notifications as told
from inbox.queries.events import newest_position
from tests.builders import (
    Scene,
    a_conversation,
    a_customer,
    a_mailbox_channel,
    a_team,
    a_webchat_channel,
    an_agent,
    an_inbound_message,
)

Told = tuple[str, NotificationKind]


@pytest.fixture
async def notifier(sqlite_database: Database) -> Notifier:
    """One that has begun: what comes from now on is told."""
    made = Notifier(sqlite_database)
    await made.tell_what_is_due()
    return made


async def everything_told(database: Database, *, unread: bool = True) -> list[Told]:
    """Whom what was told, in order; *unread*: and is no old news."""
    query = (
        select(Agent.name, Notification.kind)
        .join(Notification, Notification.agent_id == Agent.id)
        .order_by(Notification.id)
    )
    if unread:
        query = query.where(Notification.read_at.is_(None))
    async with database.reading() as session:
        return [(name, NotificationKind(kind)) for name, kind in await session.execute(query)]


async def two_agents(database: Database) -> tuple[Agent, Agent]:
    async with database.transaction() as session:
        return await an_agent(session), await an_agent(session, name="Priya Nair")


async def test_what_happened_before_is_told_to_nobody(database: Database) -> None:
    async with database.transaction() as session:
        maya = await an_agent(session)
        await a_conversation(session, assignee=maya)

    await Notifier(database).tell_what_is_due()

    assert await everything_told(database) == []


async def test_a_message_is_told_to_whoever_has_or_follows_its_case_and_once(database: Database) -> None:
    notifier = Notifier(database)
    await notifier.tell_what_is_due()
    maya, priya = await two_agents(database)
    async with database.transaction() as session:
        tom = await an_agent(session, name="Tom Rivera")
        scene = await a_conversation(session, with_messages=0, assignee=maya)
        session.add_all(Follower(case_id=scene.case.id, agent_id=one.id) for one in (priya, tom))
        session.add(Mute(case_id=scene.case.id, agent_id=tom.id))
        await an_inbound_message(session, scene)

    await notifier.tell_what_is_due()
    async with database.transaction() as session:  # the place was lost, as by a restored copy of the row
        await session.execute(update(Setting).values(value={"position": 0}))
    await notifier.tell_what_is_due()

    expected = [(one.name, NotificationKind.MESSAGE) for one in (maya, priya)]
    assert await everything_told(database) == expected
    async with database.reading() as session:
        assert not await notifications.is_behind(session)


async def test_messages_of_machines_and_of_the_past_and_spam_are_not_told(
    sqlite_database: Database, notifier: Notifier
) -> None:
    maya, _ = await two_agents(sqlite_database)
    async with sqlite_database.transaction() as session:
        scene = await a_conversation(session, with_messages=3, assignee=maya)
        from_machine, from_past, spam = scene.messages
        from_machine.automatic, from_past.is_history, spam.is_spam = "auto-replied", True, True

    await notifier.tell_what_is_due()

    assert await everything_told(sqlite_database) == []


async def test_a_mention_and_a_handoff_are_told_and_nobody_hears_of_their_own_act(
    sqlite_database: Database, notifier: Notifier
) -> None:
    maya, priya = await two_agents(sqlite_database)
    async with sqlite_database.transaction() as session:
        scene = await a_conversation(session, with_messages=0, assignee=maya)
        await add_note(session, scene.conversation, by=maya, text="@Priya @Maya have you seen this?")
        handoff = await offer(session, scene.case, to=priya, by=maya, reason="Bespoke")

    await notifier.tell_what_is_due()
    first = await everything_told(sqlite_database)
    async with sqlite_database.transaction() as session:
        await decline(session, await session.get_one(Handoff, handoff.id), by=priya, answer="No time")
    await notifier.tell_what_is_due()

    assert first == [("Priya Nair", NotificationKind.MENTION), ("Priya Nair", NotificationKind.HANDOFF)]
    assert await everything_told(sqlite_database) == [
        ("Priya Nair", NotificationKind.MENTION),
        ("Maya Okafor", NotificationKind.HANDOFF),
    ]


async def test_being_given_a_case_is_told_but_not_to_whoever_takes_it(
    sqlite_database: Database, notifier: Notifier
) -> None:
    maya, priya = await two_agents(sqlite_database)
    async with sqlite_database.transaction() as session:
        given, taken = await a_conversation(session), await a_conversation(session)
        await assign(session, given.case, to=priya, by=maya)
        await assign(session, taken.case, to=maya, by=maya)
        offered = await offer(session, taken.case, to=priya, by=maya, reason="Bespoke")
        await accept(session, offered, by=priya)

    await notifier.tell_what_is_due()

    told_so = [one for one in await everything_told(sqlite_database) if one[1] is NotificationKind.HANDOFF]
    assert told_so == [("Priya Nair", NotificationKind.HANDOFF)]


@pytest.mark.parametrize(
    ("is_chat", "kind"), [(True, NotificationKind.CHAT), (False, NotificationKind.EMAIL)]
)
async def test_something_new_that_nobody_has_is_told_to_its_team_until_somebody_takes_it(
    sqlite_database: Database, notifier: Notifier, is_chat: bool, kind: NotificationKind
) -> None:
    maya, priya = await two_agents(sqlite_database)
    async with sqlite_database.transaction() as session:
        await an_agent(session, name="Tom Rivera")
        team = await a_team(session, maya, priya)
        make = a_webchat_channel if is_chat else a_mailbox_channel
        channel = await make(session, default_team=team)
        shown = {"email": {"in_app": True}}  # usually mail is counted and no more
        session.add_all(NotificationChoices(agent_id=one.id, cells=shown) for one in (maya, priya))
        scene = await a_conversation(session, with_messages=0, channel=channel)
        await an_inbound_message(session, scene)
        await an_inbound_message(session, scene, text="Hello?")

    await notifier.tell_what_is_due()
    waiting = await everything_told(sqlite_database)
    async with sqlite_database.transaction() as session:
        await assign(session, await session.get_one(Case, scene.case.id), to=maya, by=maya)
    await notifier.tell_what_is_due()

    assert waiting == [("Maya Okafor", kind), ("Priya Nair", kind)]
    assert await everything_told(sqlite_database) == []


async def test_new_mail_without_an_owner_is_only_counted(
    sqlite_database: Database, notifier: Notifier
) -> None:
    await two_agents(sqlite_database)
    async with sqlite_database.transaction() as session:
        await a_conversation(session)

    await notifier.tell_what_is_due()

    assert await everything_told(sqlite_database, unread=False) == []


async def a_waiting_case(database: Database, assignee: Agent, clock: FrozenClock, minutes: int) -> Scene:
    async with database.transaction() as session:
        scene = await a_conversation(session, assignee=assignee)
        case = await session.get_one(Case, scene.case.id)
        case.due_at = clock() + timedelta(minutes=minutes)
    return scene


async def test_a_target_at_risk_is_told_once_to_whoever_has_the_case_and_to_who_leads(
    database: Database, clock: FrozenClock
) -> None:
    notifier = Notifier(database)
    await notifier.tell_what_is_due()
    maya, _ = await two_agents(database)
    async with database.transaction() as session:
        await an_agent(session, name="Ada Admin", role=Role.ADMIN)
    scene = await a_waiting_case(database, maya, clock, 60)

    async def targets() -> Sequence[str]:
        await notifier.tell_what_is_due()
        told = await everything_told(database)
        return [name for name, kind in told if kind is NotificationKind.TARGET]

    early = await targets()
    clock.advance(minutes=46)
    first, again = await targets(), await targets()
    async with database.transaction() as session:
        await resolve(session, await session.get_one(Case, scene.case.id), by=maya)

    assert (early, first, again) == ([], ["Maya Okafor", "Ada Admin"], ["Maya Okafor", "Ada Admin"])
    assert await targets() == []


async def test_of_a_short_time_half_must_have_passed(
    sqlite_database: Database, notifier: Notifier, clock: FrozenClock
) -> None:
    maya, _ = await two_agents(sqlite_database)
    await a_waiting_case(sqlite_database, maya, clock, 6)

    async with sqlite_database.reading() as session:
        early = await notifications.cases_at_risk(session, clock())
        late = await notifications.cases_at_risk(session, clock() + timedelta(minutes=3))

    assert (len(early), len(late)) == (0, 1)


async def test_what_was_told_is_not_shown_any_more_once_it_stands_in_a_private_case(
    sqlite_database: Database, notifier: Notifier
) -> None:
    maya, priya = await two_agents(sqlite_database)
    async with sqlite_database.transaction() as session:
        scene = await a_conversation(session, with_messages=0, assignee=maya)
        session.add(Follower(case_id=scene.case.id, agent_id=priya.id))
        message = await an_inbound_message(session, scene, text="My salary is wrong.")
    await notifier.tell_what_is_due()
    async with sqlite_database.transaction() as session:
        apart = await a_conversation(session, with_messages=0, assignee=maya)
        apart.case.is_private = True
        moved = await session.get_one(Message, message.id)
        moved.case_id = apart.case.id

    async with sqlite_database.reading() as session:
        shown = {one.name: (await told.newest(session, one))[0] for one in (maya, priya)}
    assert (shown[maya.name].text, shown[priya.name].text) == ("My salary is wrong.", "")
    assert shown[priya.name].outside_text == shown[priya.name].anchor == ""


async def test_a_private_case_is_told_to_nobody_who_may_not_see_it(
    sqlite_database: Database, notifier: Notifier
) -> None:
    maya, priya = await two_agents(sqlite_database)
    async with sqlite_database.transaction() as session:
        tom = await an_agent(session, name="Tom Rivera")
        team = await a_team(session, maya, priya)
        hidden = await a_conversation(session, with_messages=0, assignee=maya)
        hidden.case.team_id, hidden.case.is_private = team.id, True
        await add_note(session, hidden.conversation, by=maya, text="@Priya and @Tom, look")
    await notifier.tell_what_is_due()

    assert await everything_told(sqlite_database) == [("Priya Nair", NotificationKind.MENTION)]
    async with sqlite_database.transaction() as session:
        await session.execute(update(Case).values(team_id=None))
    async with sqlite_database.reading() as session:
        assert await told.newest(session, priya) == []
        assert await told.count_unread(session, priya) == 0
        assert await told.newest(session, tom) == []


async def test_opening_the_conversation_reads_what_was_told_of_it(
    sqlite_database: Database, notifier: Notifier
) -> None:
    maya, priya = await two_agents(sqlite_database)
    async with sqlite_database.transaction() as session:
        first = await a_conversation(session, with_messages=0, assignee=maya)
        other = await a_conversation(session, with_messages=0, assignee=maya)
        for scene in (first, first, other):
            await an_inbound_message(session, scene)
        await add_note(session, first.conversation, by=maya, text="@Priya please")
    await notifier.tell_what_is_due()

    async with sqlite_database.reading() as session:
        before = await told.count_unread(session, maya)
        shown = await told.newest(session, maya)
        newest = await newest_position(session)
    async with sqlite_database.transaction() as session:
        await mark_read(session, first.conversation, by=maya, position=newest)

    assert (before, [one.count for one in shown]) == (2, [1, 2])
    assert [one.event for one in shown] == [EventKind.MESSAGE_RECEIVED] * 2
    async with sqlite_database.reading() as session:
        assert await told.count_unread(session, maya) == 1
        assert await told.count_unread(session, priya) == 1
        assert [one.is_read for one in await told.newest(session, maya)] == [False, True]


async def test_an_agent_reads_their_own_and_no_others(sqlite_database: Database, notifier: Notifier) -> None:
    maya, priya = await two_agents(sqlite_database)
    async with sqlite_database.transaction() as session:
        scene = await a_conversation(session, with_messages=0, assignee=maya)
        await an_inbound_message(session, scene)
    await notifier.tell_what_is_due()
    async with sqlite_database.reading() as session:
        [shown] = await told.newest(session, maya)

    async with sqlite_database.transaction() as session:
        others = await notifications.mark_read(session, by=priya, public_ids=[shown.public_id])
        own = await notifications.mark_read(session, by=maya, public_ids=[shown.public_id])

    assert (others, own) == (0, 1)


async def test_what_came_since_is_told_each_for_itself_and_without_what_was_read(
    sqlite_database: Database, notifier: Notifier
) -> None:
    maya, _ = await two_agents(sqlite_database)
    async with sqlite_database.transaction() as session:
        scene = await a_conversation(session, with_messages=0, assignee=maya)
        for text in ("One", "Two", "Three"):
            await an_inbound_message(session, scene, text=text)
    await notifier.tell_what_is_due()
    async with sqlite_database.reading() as session:
        everything = await told.since(session, maya, "")
        rest = await told.since(session, maya, everything[0].public_id)
        nothing = await told.since(session, maya, "aaaaaaaaaaaaaaaaaaaaaaaaaa")

    assert [one.text for one in everything] == ["One", "Two", "Three"]
    assert [one.text for one in rest] == ["Two", "Three"]
    assert nothing == ()


async def test_a_silent_kind_makes_no_row_and_old_rows_are_forgotten(
    sqlite_database: Database, notifier: Notifier, clock: FrozenClock
) -> None:
    maya, _ = await two_agents(sqlite_database)
    silent = {"in_app": False, "sound": "none", "alert": "never", "mail_after": None}
    async with sqlite_database.transaction() as session:
        scene = await a_conversation(session, with_messages=0, assignee=maya)
        await an_inbound_message(session, scene)
    await notifier.tell_what_is_due()
    told_before = await everything_told(sqlite_database)
    async with sqlite_database.transaction() as session:
        session.add(NotificationChoices(agent_id=maya.id, cells={"message": silent}))
        await a_customer(session)
        await an_inbound_message(session, scene)
    await notifier.tell_what_is_due()
    told_after = await everything_told(sqlite_database)
    clock.advance(days=91)
    await notifier.tell_what_is_due()

    assert len(told_before) == len(told_after) == 1
    assert await everything_told(sqlite_database, unread=False) == []
