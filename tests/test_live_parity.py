"""A push leaves the page as a reload would: every action is played, its pushes are applied to the old page,
and the outcome is compared with a fresh one."""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable, Collection
from contextlib import ExitStack, suppress
from operator import eq, or_

import pytest
from sqlalchemy import select

from inbox.actions import assignments, cases, handoffs, resolutions, undos
from inbox.clock import FrozenClock
from inbox.db import Database
from inbox.envelopes import Outcome
from inbox.errors import NotFound, OnethreadError
from inbox.models import Conversation, Event, EventKind, Handoff, Place, Priority, place_of
from inbox.queries import happenings
from inbox.words import ENGLISH, LENGTHENED
from tests.web.live import counting, plays_of_cases, plays_of_customers, plays_of_messages, plays_of_visitors
from tests.web.live.stage import Play, Stage, set_stage
from tests.web.live.tabs import Page, beside_of_page, page_of
from web.live.cursors import position_of
from web.live.subscriptions import Subscription
from web.live.tail import Tail

PLAYS = {
    name: value
    for module in (plays_of_messages, plays_of_cases, plays_of_customers, plays_of_visitors)
    for name, value in vars(module).items()
    if isinstance(value, Play)
}

# Enough to draw every sort of entry; a language changes nothing else.
IN_SEVERAL_LANGUAGES = (
    "a_note_is_added_and_edited",
    "a_handoff_is_declined_and_another_withdrawn",
    "a_case_is_resolved_reopened_and_set_to_pending",
)

# Facts that no play brings about: no page of a conversation shows them, nor does it change by them.
ELSEWHERE = {
    EventKind.ABSENCE_BEGAN,
    EventKind.ABSENCE_ENDED,
    EventKind.ABSENCE_PLANNED,
    EventKind.AGENT_ACTIVATED,
    EventKind.AGENT_DEACTIVATED,
    EventKind.CHANNEL_CHANGED,
    EventKind.IDENTITY_PROVED,
    EventKind.INTAKE_QUARANTINED,
    EventKind.INTAKE_RETRIED,
}


class Watcher:
    """A page of a conversation that is kept up to date by pushes."""

    def __init__(
        self, database: Database, tail: Tail, conversation: Conversation, page: Page, language: str = ENGLISH
    ) -> None:
        self.conversation = conversation
        self.page = page
        self.language = language
        self.resets = 0
        self.hears_of_what_is_beside = False
        self._database = database
        self._tail = tail

    async def catch_up(self) -> None:
        """Apply what was pushed since; after a reset the page is asked for anew, as live.js does."""
        async with self._database.reading() as session:
            thread = await happenings.thread_of(session, self.conversation.id)
        subscription = Subscription(self._tail, thread, position_of(self.page.cursor), self.language)
        while (text := await subscription.next(_everything)) is not None:
            frame = json.loads(text)
            if "reset" in frame:
                self.resets += 1
                self.page = await self.fresh()
                return
            self.page.apply(frame.get("html", ""))
            self.page.cursor = frame["cursor"]
            self.hears_of_what_is_beside |= "beside" in frame.get("signal", {})

    async def fresh(self) -> Page:
        return await page_of(self._database, self.conversation, language=self.language)


async def everything_beside(stage: Stage, watcher: Watcher) -> str:
    """Composer and customer; "" once the conversation is empty."""
    with suppress(NotFound):
        return await beside_of_page(stage.database, watcher.conversation, stage.maya)
    return ""


async def _everything(case_ids: Collection[int]) -> frozenset[int]:
    return frozenset(case_ids)


async def watchers_of(stage: Stage, tail: Tail) -> list[Watcher]:
    conversations = [stage.scene.conversation, *stage.others]
    return [Watcher(stage.database, tail, one, await page_of(stage.database, one)) for one in conversations]


async def kinds_after(database: Database, cursor: str) -> set[EventKind]:
    async with database.reading() as session:
        query = select(Event.kind).where(Event.position > position_of(cursor))
        return {EventKind(kind) for kind in await session.scalars(query)}


@pytest.mark.parametrize("name", PLAYS)
async def test_a_push_leaves_the_page_as_a_reload_would(
    sqlite_database: Database, clock: FrozenClock, name: str
) -> None:
    """For those who were there when it happened, and for those who are told later."""
    stage, tail, later = await set_stage(sqlite_database, clock), Tail(sqlite_database), Tail(sqlite_database)
    play = PLAYS[name].act(stage)
    await anext(play)
    await tail.read()
    await later.read()
    present, absent = await watchers_of(stage, tail), await watchers_of(stage, later)
    began, before = present[0].page.cursor, [watcher.page.looks() for watcher in present]
    beside = [await everything_beside(stage, watcher) for watcher in present]
    counts = await counting.counted(stage)

    with ExitStack() as watching:
        for watcher in present:
            watching.enter_context(tail.following(watcher.conversation.public_id, asyncio.Event()))
        assert await anext(play, "the end") == "the end"
        await tail.read()
        await later.read()
        for watcher in present + absent:
            await watcher.catch_up()

    assert await kinds_after(sqlite_database, began) == PLAYS[name].kinds
    assert await counting.untold(stage, tail, position_of(began), counts) == [], "counters that are not true"
    places = {place_of(kind) for kind in PLAYS[name].kinds}
    fresh = [(await watcher.fresh()).looks() for watcher in present]
    now_beside = [await everything_beside(stage, watcher) for watcher in present]
    for watchers in (present, absent):
        assert [watcher.page.looks() for watcher in watchers] == fresh
        told = [bool(watcher.resets) or watcher.hears_of_what_is_beside for watcher in watchers]
        assert all(map(or_, told, map(eq, now_beside, beside)))
        assert any(watcher.resets for watcher in watchers) == (Place.RESET in places)
        if places & {Place.PLACE, Place.REDRAW} and Place.RESET not in places:
            assert [watcher.page.looks() for watcher in watchers] != before


def test_every_kind_of_event_is_played() -> None:
    played = {kind for play in PLAYS.values() for kind in play.kinds}

    assert set(EventKind) - played == ELSEWHERE


async def readers_of(stage: Stage, tail: Tail, languages: Collection[str]) -> list[Watcher]:
    """One for each language, on the page of the stage's conversation."""
    conversation, database = stage.scene.conversation, stage.database
    pages = {one: await page_of(database, conversation, language=one) for one in languages}
    return [Watcher(database, tail, conversation, page, one) for one, page in pages.items()]


@pytest.mark.parametrize(
    "live", [(), (ENGLISH,), (ENGLISH, LENGTHENED), (ENGLISH, LENGTHENED, "de")], ids=len
)
@pytest.mark.parametrize("name", IN_SEVERAL_LANGUAGES)
async def test_everybody_is_pushed_the_language_of_their_page(
    sqlite_database: Database, clock: FrozenClock, name: str, live: tuple[str, ...]
) -> None:
    stage, tail = await set_stage(sqlite_database, clock), Tail(sqlite_database)
    play, conversation = PLAYS[name].act(stage), stage.scene.conversation.public_id
    await anext(play)
    await tail.read()
    watchers = await readers_of(stage, tail, [ENGLISH, LENGTHENED, "de"])

    with ExitStack() as watching:
        for language in live:
            watching.enter_context(tail.following(conversation, asyncio.Event(), language))
        assert await anext(play, "the end") == "the end"
        await tail.read()
        for watcher in watchers:
            await watcher.catch_up()

    english, longer, _ = (watcher.page.looks() for watcher in watchers)
    for watcher in watchers:
        assert watcher.page.looks() == (await watcher.fresh()).looks()
    assert english != longer


Step = Callable[[Stage, random.Random], Awaitable[object]]


async def receive(stage: Stage, chance: random.Random) -> None:
    await stage.receive(f"mail {chance.random()}", references=(stage.scene.messages[0].external_id,))


async def reply(stage: Stage, chance: random.Random) -> None:
    await stage.reply(f"reply {chance.random()}")


async def depart(stage: Stage, chance: random.Random) -> None:
    await stage.depart(chance.choice(list(Outcome)))


async def note(stage: Stage, chance: random.Random) -> None:
    await stage.note(f"note {chance.random()}")


async def offer(stage: Stage, chance: random.Random) -> None:
    await stage.offer(stage.priya if chance.random() < 0.5 else stage.team)


async def answer_handoff(stage: Stage, chance: random.Random) -> None:
    async with stage.act() as session:
        newest = (await session.scalars(select(Handoff).order_by(Handoff.id.desc()).limit(1))).one_or_none()
        if newest is not None:
            answer = chance.choice([handoffs.accept, handoffs.decline])
            await answer(session, newest, by=stage.priya, answer="so it is")


async def change_status(stage: Stage, chance: random.Random) -> None:
    verbs = (
        resolutions.resolve,
        resolutions.reopen,
        resolutions.set_pending,
        resolutions.mark_spam,
        resolutions.unmark_spam,
    )
    async with stage.act() as session:
        await chance.choice(verbs)(session, await stage.case(session), by=stage.maya)


async def assign(stage: Stage, chance: random.Random) -> None:
    async with stage.act() as session:
        to = chance.choice([stage.maya, stage.priya, None])
        await assignments.assign(session, await stage.case(session), to=to, by=stage.maya)


async def change_priority(stage: Stage, chance: random.Random) -> None:
    async with stage.act() as session:
        priority = chance.choice(list(Priority))
        await cases.change(session, await stage.case(session), by=stage.maya, priority=priority)


async def judge_message(stage: Stage, chance: random.Random) -> None:
    verdict = chance.choice([resolutions.mark_message_spam, resolutions.unmark_message_spam])
    async with stage.act() as session:
        await verdict(session, await stage.now(session, stage.scene.messages[1]), by=stage.maya)


async def undo(stage: Stage, chance: random.Random) -> None:
    async with stage.act() as session:
        newest = await undos.latest(session, by=stage.maya)
        if newest is not None:
            await undos.undo(session, newest.public_id, by=stage.maya)


STEPS: tuple[Step, ...] = (
    receive,
    reply,
    depart,
    note,
    offer,
    answer_handoff,
    change_status,
    assign,
    change_priority,
    judge_message,
    undo,
)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
async def test_whatever_happens_in_whatever_order_pushes_lead_where_a_reload_does(
    sqlite_database: Database, clock: FrozenClock, seed: int
) -> None:
    chance = random.Random(seed)
    stage, tail = await set_stage(sqlite_database, clock), Tail(sqlite_database, kept=4)
    await tail.read()
    (prompt,), (late,) = await watchers_of(stage, tail), await watchers_of(stage, tail)

    with tail.following(stage.scene.conversation.public_id, asyncio.Event()):
        for step in chance.choices(STEPS, k=8):
            with suppress(OnethreadError):  # what is refused leaves everything as it was
                await step(stage, chance)
            if chance.random() < 0.5:
                await tail.read()
                await prompt.catch_up()
        await tail.read()
        for watcher in (prompt, late):
            await watcher.catch_up()

    fresh = (await prompt.fresh()).looks()
    assert prompt.page.looks() == fresh
    assert late.page.looks() == fresh
