"""What was said on the phone stands in the thread, and only the team reads it."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from inbox import clock as product_clock
from inbox.actions import call_changes, calls
from inbox.actions.summaries import refresh_summary
from inbox.clock import FrozenClock
from inbox.db import Database
from inbox.envelopes import SpokenKind
from inbox.errors import Invalid
from inbox.models import Case, Channel, Direction, Message, Status, Strand
from inbox.queries import channels
from inbox.queries.continuity import CONTINUITY
from inbox.queries.outgoing import outbound_message
from inbox.queries.recipients import recipients_of
from tests.builders import KEYS, an_outbound_message
from tests.web.live.stage import Stage, set_stage


async def log(stage: Stage, **more: object) -> Message:
    given: dict[str, object] = {"kind": SpokenKind.PHONE, "is_inbound": True, "text": "She wants it blue"}
    async with stage.act() as session:
        customer = await stage.now(session, stage.scene.customer)
        if more.pop("in_case", False):
            more["case"] = await stage.case(session)
        return await calls.log_call(session, customer, by=stage.maya, **(given | more))  # type: ignore[arg-type]


async def test_a_call_is_a_strand_of_the_case_and_owes_nothing_by_itself(
    sqlite_database: Database, clock: FrozenClock
) -> None:
    stage = await set_stage(sqlite_database, clock)
    at = product_clock.now() - timedelta(hours=1)
    message = await log(stage, in_case=True, at=at, minutes=12, spoken_with="Her sister")
    async with sqlite_database.reading() as session:
        strand = await session.get_one(Strand, message.strand_id)
        channel = await session.get_one(Channel, strand.channel_id)
        assert (channel.kind, strand.case_id, strand.waiting_since) == ("phone", stage.scene.case.id, None)
        assert message.fields == [["With", "Her sister"], ["Duration", "12 min"]]
        assert (message.direction, message.created_at) == (Direction.INBOUND, at)
        assert channel.id not in [one.id for one in await channels.everything(session)]


async def test_a_call_can_owe_an_answer_or_end_the_matter(
    sqlite_database: Database, clock: FrozenClock
) -> None:
    stage = await set_stage(sqlite_database, clock)
    await log(stage, in_case=True, then=Status.RESOLVED)
    async with sqlite_database.reading() as session:
        case = await session.get_one(Case, stage.scene.case.id)
        assert (case.status, case.waiting_since, case.assignee_id) == (Status.RESOLVED, None, stage.maya.id)

    await log(stage, in_case=True, then=Status.OPEN)

    async with sqlite_database.reading() as session:
        case = await session.get_one(Case, stage.scene.case.id)
        assert case.status == Status.OPEN and case.waiting_since is not None


async def test_a_call_of_ours_opens_a_case_of_its_own(sqlite_database: Database, clock: FrozenClock) -> None:
    stage = await set_stage(sqlite_database, clock)
    text = "We called about the delivery of the lamps, and about much else that has to be said at length"
    message = await log(stage, kind=SpokenKind.MEETING, is_inbound=False, text=text)
    again = await log(stage, kind=SpokenKind.MEETING, is_inbound=False, text="Again")
    async with sqlite_database.reading() as session:
        case = await session.get_one(Case, message.case_id)
        assert case.id != stage.scene.case.id and case.subject.endswith("…") and len(case.subject) <= 80
        assert (case.assignee_id, case.preview, case.last_channel_kind) == (
            stage.maya.id,
            f"{text}",
            "meeting",
        )
        kinds = await session.scalars(select(Channel.id).where(Channel.kind == "meeting"))
        assert len(kinds.all()) == 1 and again.channel_id == message.channel_id


async def test_it_is_answered_by_mail_and_never_quoted(sqlite_database: Database, clock: FrozenClock) -> None:
    stage = await set_stage(sqlite_database, clock)
    message = await log(stage, in_case=True, text="Between us: she is furious")
    async with stage.act() as session:
        strand = await session.get_one(Strand, message.strand_id)
        reached = await recipients_of(session, strand)
        assert reached.channel.kind == "email"
        assert [one.value for one in reached.to] == [stage.scene.identity.address]
        answer = await an_outbound_message(session, stage.scene, by=stage.maya, strand=strand)
        answer.channel_id, answer.answers_message_id = reached.channel.id, message.id
        await session.flush()
        composed = await outbound_message(session, answer.id, KEYS.strand_tokens())
    assert composed.quoted_text is None


@pytest.mark.parametrize(
    "more",
    [
        {"text": " "},
        {"minutes": 0},
        {"minutes": 10_000},
        {"subject": "x" * 501},
        {"at": "tomorrow"},
    ],
)
async def test_what_cannot_have_been_is_refused(
    sqlite_database: Database, clock: FrozenClock, more: dict[str, object]
) -> None:
    stage = await set_stage(sqlite_database, clock)
    if "at" in more:
        more = {"at": product_clock.now() + timedelta(days=1)}
    with pytest.raises(Invalid):
        await log(stage, **more)


async def test_lists_show_what_was_said_last_once_a_call_is_taken_back(
    sqlite_database: Database, clock: FrozenClock
) -> None:
    """Not a mail that only carried replies of a chat, and has no words of its own."""
    stage = await set_stage(sqlite_database, clock)
    async with stage.act() as session:
        carrier = await an_outbound_message(session, stage.scene, by=stage.maya, text="")
        carrier.matched_by = {"rule": CONTINUITY, "value": 1}
    call = await log(stage, in_case=True)

    async with stage.act() as session:
        await call_changes.take_back_call(session, await stage.now(session, call), by=stage.maya)

    async with sqlite_database.reading() as session:
        case = await session.get_one(Case, stage.scene.case.id)
        said = await session.get_one(Message, stage.scene.messages[0].id)
        assert said.text and case.preview.startswith(said.text[:20])
        assert (case.last_channel_kind, case.last_direction) == ("email", Direction.INBOUND)
        await refresh_summary(session, case)
        assert case.preview.startswith(said.text[:20])
