"""Answering a customer: the guard, the recipients, what becomes of the case and what goes into the outbox."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from inbox.actions.cases import open_case
from inbox.actions.replies import ReplySettings, cancel, hasten, mark_answered, reply, retry, start
from inbox.actions.resolutions import mark_spam, resolve, unmark_spam
from inbox.actions.undos import latest, undo
from inbox.clock import FrozenClock
from inbox.db import Database
from inbox.envelopes import Address
from inbox.errors import Conflict, Invalid, MissedMessages, NotFound
from inbox.models import (
    Agent,
    Attachment,
    Case,
    Claim,
    Conversation,
    Customer,
    Delivery,
    DeliveryState,
    Draft,
    Event,
    EventKind,
    Identity,
    Message,
    OutboxEntry,
    Status,
    Strand,
    StrandParticipant,
)
from tests.builders import (
    KEYS,
    Scene,
    a_conversation,
    a_customer,
    a_mailbox_channel,
    a_strand,
    a_webchat_channel,
    an_agent,
    an_identity,
    an_inbound_message,
    an_outbound_message,
)

SETTINGS = ReplySettings(tokens=KEYS.strand_tokens(), undo_seconds=10)


async def test_a_reply_answers_the_strand_and_waits_in_the_outbox(
    database: Database, clock: FrozenClock
) -> None:
    async with database.transaction() as session:
        scene = await a_conversation(session)
        agent = await an_agent(session)

    async with database.transaction() as session:
        conversation = await session.merge(scene.conversation)
        message = await reply(session, conversation, by=agent, text="It left today.", settings=SETTINGS)

    async with database.reading() as session:
        case = await session.get_one(Case, scene.case.id)
        entry = (await session.scalars(select(OutboxEntry))).one()
        delivery = (await session.scalars(select(Delivery))).one()
        kinds = (await session.scalars(select(Event.kind).order_by(Event.position))).all()
        stored = await session.get_one(Message, message.id)
    assert (case.status, case.waiting_since, case.assignee_id) == (Status.PENDING, None, agent.id)
    assert case.first_replied_at == clock() and case.preview == "It left today."
    assert entry.due_at == clock() + timedelta(seconds=10)
    assert (delivery.address, delivery.state) == (scene.identity.address, DeliveryState.QUEUED)
    assert kinds[2:] == ["message.queued", "case.assigned", "case.pending"]
    assert stored.subject == "Re: Order 48213" and stored.position > scene.messages[0].position
    assert stored.references == [scene.messages[0].external_id]
    assert stored.external_id and scene.strand.public_id in stored.external_id


async def test_a_blind_reply_is_refused_with_what_was_missed_until_confirmed(
    database: Database, clock: FrozenClock
) -> None:
    async with database.transaction() as session:
        scene = await a_conversation(session)
        writer, colleague = await an_agent(session), await an_agent(session, name="Tomás Lund")
    seen = scene.messages[0].position
    async with database.transaction() as session:
        scene.case = await session.get_one(Case, scene.case.id)
        own = await an_outbound_message(session, scene, by=writer)
        asked = await an_inbound_message(session, scene, text="Hello?")
        theirs = await an_outbound_message(session, scene, by=colleague)
        taken_back = await an_outbound_message(session, scene, by=colleague, delivery=DeliveryState.CANCELLED)

    with pytest.raises(MissedMessages) as missed:
        await _reply(database, scene, writer, seen_position=seen)
    await _reply(database, scene, writer, seen_position=theirs.position)
    await _reply(database, scene, writer, seen_position=seen, anyway=True)

    assert missed.value.message_ids == (asked.public_id, theirs.public_id)
    assert own.public_id not in missed.value.message_ids
    assert taken_back.position > theirs.position


async def _reply(database: Database, scene: Scene, by: Agent, **options: object) -> Message:
    async with database.transaction() as session:
        conversation = await session.get_one(Conversation, scene.conversation.id)
        given = {"text": "It left today.", "settings": SETTINGS} | options
        return await reply(session, conversation, by=by, **given)  # type: ignore[arg-type]


async def test_a_case_stays_open_while_another_strand_waits(
    sqlite_database: Database, clock: FrozenClock
) -> None:
    async with sqlite_database.transaction() as session:
        scene = await a_conversation(session)
        agent = await an_agent(session)
        other = await a_strand(session, scene.conversation, scene.channel, case=scene.case, subject="Invoice")
        clock.advance(minutes=1)
        await an_inbound_message(session, scene, strand=other)

        await reply(session, scene.conversation, by=agent, text="Yes.", settings=SETTINGS)
        waiting = (await session.scalars(select(Strand).where(Strand.waiting_since.is_not(None)))).all()
        status_before = scene.case.status
        await mark_answered(session, scene.strand, by=agent)

    assert waiting == [scene.strand]  # the newest that waited was answered
    assert (status_before, scene.case.status, scene.case.waiting_since) == (
        Status.OPEN,
        Status.PENDING,
        None,
    )


async def test_what_is_also_answered_no_longer_waits(sqlite_database: Database, clock: FrozenClock) -> None:
    async with sqlite_database.transaction() as session:
        scene = await a_conversation(session)
        agent = await an_agent(session)
        other = await a_strand(session, scene.conversation, scene.channel, case=scene.case)
        await an_inbound_message(session, scene, strand=other)

        await reply(
            session,
            scene.conversation,
            by=agent,
            text="Both are on their way.",
            strand=other,
            also_answered=[scene.strand],
            settings=SETTINGS,
        )

    assert (scene.case.status, scene.case.waiting_since) == (Status.PENDING, None)


@pytest.mark.parametrize("is_of_another_case", [False, True])
async def test_what_was_also_answered_waits_again_once_the_answer_is_taken_back(
    sqlite_database: Database, clock: FrozenClock, is_of_another_case: bool
) -> None:
    async with sqlite_database.transaction() as session:
        scene, agent = await a_conversation(session), await an_agent(session)
        case = (
            await open_case(session, scene.conversation, subject="Two") if is_of_another_case else scene.case
        )
        other = await a_strand(session, scene.conversation, scene.channel, case=case)
        await an_inbound_message(session, scene, strand=other, case=case)
        before = (case.waiting_since, scene.case.waiting_since)

        message = await reply(
            session,
            scene.conversation,
            by=agent,
            text="Both are on their way.",
            strand=scene.strand,
            also_answered=[other],
            settings=SETTINGS,
        )
        since = case.waiting_since
        clock.advance(seconds=3)
        await cancel(session, message, by=agent)

    assert since is None
    assert (case.waiting_since, scene.case.waiting_since) == before


@pytest.mark.parametrize("then", [Status.OPEN, Status.RESOLVED, Status.SNOOZED])
async def test_the_writer_says_what_becomes_of_the_case(
    sqlite_database: Database, clock: FrozenClock, then: Status
) -> None:
    async with sqlite_database.transaction() as session:
        scene = await a_conversation(session)
        agent = await an_agent(session)
        until = clock() + timedelta(days=1) if then is Status.SNOOZED else None
        await reply(
            session,
            scene.conversation,
            by=agent,
            text="Done.",
            then=then,
            snoozed_until=until,
            settings=SETTINGS,
        )

    assert (scene.case.status, scene.case.snoozed_until) == (then, until)
    assert (scene.case.resolved_at is not None) == (then is Status.RESOLVED)


async def test_confirmed_participants_receive_and_unconfirmed_ones_only_when_ticked(
    sqlite_database: Database, clock: FrozenClock
) -> None:
    people = [("colleague@mail.example", True), ("stranger@mail.example", False)]
    async with sqlite_database.transaction() as session:
        scene = await a_conversation(session)
        agent = await an_agent(session)
        strand = await a_strand(
            session,
            scene.conversation,
            scene.channel,
            case=scene.case,
            identity=scene.identity,
            participants=people,
        )
        first = await reply(
            session, scene.conversation, by=agent, text="One", strand=strand, settings=SETTINGS
        )
        ticked = [Address(value="stranger@mail.example"), Address(value=scene.channel.address or "")]
        second = await reply(
            session, scene.conversation, by=agent, text="Two", strand=strand, cc=ticked, settings=SETTINGS
        )
        confirmed = await session.scalars(
            select(StrandParticipant.address).where(StrandParticipant.confirmed_at.is_not(None))
        )
        assert set(confirmed) == {"colleague@mail.example", "stranger@mail.example"}
    async with sqlite_database.reading() as session:
        (event,) = await session.scalars(select(Event).where(Event.kind == EventKind.PARTICIPANT_CONFIRMED))
        assert (event.case_id, event.data) == (scene.case.id, {"strand_id": strand.public_id})

    assert [one["address"] for one in first.to] == [scene.identity.address]
    assert [one["address"] for one in first.cc] == ["colleague@mail.example"]
    assert [one["address"] for one in second.cc] == ["stranger@mail.example"]


async def test_a_chat_is_answered_in_the_chat_at_once(sqlite_database: Database, clock: FrozenClock) -> None:
    async with sqlite_database.transaction() as session:
        scene = await a_conversation(session, channel=await a_webchat_channel(session))
        agent = await an_agent(session)
        message = await reply(session, scene.conversation, by=agent, text="Hi!", settings=SETTINGS)
        entry = (await session.scalars(select(OutboxEntry))).one()
        delivery = (await session.scalars(select(Delivery))).one()

    assert entry.due_at == clock()
    assert (delivery.address, message.subject) == (scene.identity.address, "")


async def test_a_long_exchange_keeps_one_re_and_its_references(
    sqlite_database: Database, clock: FrozenClock
) -> None:
    async with sqlite_database.transaction() as session:
        scene = await a_conversation(session, subject="AW: Re: re[2]: Lamp")
        agent = await an_agent(session)
        first = await reply(session, scene.conversation, by=agent, text="One", settings=SETTINGS)
        second = await reply(session, scene.conversation, by=agent, text="Two", settings=SETTINGS)
        asked = await an_inbound_message(session, scene)
        asked.references = [second.external_id or "", first.external_id or ""]
        third = await reply(session, scene.conversation, by=agent, text="Three", settings=SETTINGS)

    assert {message.subject for message in (first, second, third)} == {"Re: Lamp"}
    assert second.references == [scene.messages[0].external_id]
    assert third.references == [asked.external_id, second.external_id, first.external_id]


async def test_files_go_with_a_reply_once_and_only_the_writers_own(
    sqlite_database: Database, clock: FrozenClock
) -> None:
    async with sqlite_database.transaction() as session:
        scene = await a_conversation(session)
        agent, other = await an_agent(session), await an_agent(session)
        files = [
            Attachment(
                digest="0" * 64,
                filename="label.pdf",
                content_type="application/pdf",
                size=size,
                uploaded_by_agent_id=owner.id,
            )
            for size, owner in ((10, agent), (10, other), (30_000_000, agent))
        ]
        session.add_all(files)
        await session.flush()
        message = await reply(
            session, scene.conversation, by=agent, text="", attachments=files[:1], settings=SETTINGS
        )
        for refused in (files[:1], files[1:2], files[2:]):
            with pytest.raises(Invalid):
                await reply(
                    session,
                    scene.conversation,
                    by=agent,
                    text="Here",
                    attachments=refused,
                    settings=SETTINGS,
                )

    assert files[0].message_id == message.id


async def test_nothing_is_sent_without_words(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        scene = await a_conversation(session)
        with pytest.raises(Invalid, match="Write something"):
            await reply(
                session, scene.conversation, by=await an_agent(session), text=" \n", settings=SETTINGS
            )


async def test_a_strand_of_another_conversation_is_not_there(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        scene, other = await a_conversation(session), await a_conversation(session)
        with pytest.raises(NotFound):
            await reply(
                session,
                scene.conversation,
                by=await an_agent(session),
                text="Hi",
                strand=other.strand,
                settings=SETTINGS,
            )


async def test_taking_a_reply_back_restores_the_case_and_keeps_the_words(
    database: Database, clock: FrozenClock
) -> None:
    async with database.transaction() as session:
        scene = await a_conversation(session)
        agent = await an_agent(session)
    await _reply(database, scene, agent, text="Oh no", then=Status.RESOLVED)
    async with database.transaction() as session:
        remembered = await latest(session, by=agent)
        assert remembered is not None
        await undo(session, remembered.public_id, by=agent)

    async with database.reading() as session:
        case = await session.get_one(Case, scene.case.id)
        message = (await session.scalars(select(Message).order_by(Message.id.desc()))).first()
        draft = (await session.scalars(select(Draft))).one()
        entry = (await session.scalars(select(OutboxEntry))).one()
    assert message is not None and message.delivery == DeliveryState.CANCELLED
    assert entry.state == "cancelled" and draft.text == "Oh no"
    assert (case.status, case.resolved_at, case.first_replied_at) == (Status.OPEN, None, None)
    assert (case.waiting_since, case.preview) == (scene.messages[0].created_at, "Where is my order?")
    with pytest.raises(Conflict):
        async with database.transaction() as session:
            await cancel(session, await session.get_one(Message, message.id), by=agent)


async def test_what_has_arrived_cannot_be_tried_again(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        scene = await a_conversation(session)
        agent = await an_agent(session)
        sent = await an_outbound_message(session, scene, by=agent)
        with pytest.raises(Conflict):
            await retry(session, sent, by=agent)


async def test_a_first_message_to_an_unknown_address_makes_a_claim_and_no_identity(
    database: Database, clock: FrozenClock
) -> None:
    async with database.transaction() as session:
        agent, channel = await an_agent(session), await a_mailbox_channel(session)
        message = await start(
            session,
            by=agent,
            channel=channel,
            address=Address(value="new@mail.example", name="New Person"),
            subject="Your lamp",
            text="It is ready.",
            settings=SETTINGS,
        )

    async with database.reading() as session:
        case = (await session.scalars(select(Case))).one()
        claim = (await session.scalars(select(Claim))).one()
        identities = (await session.scalars(select(Identity))).all()
        kinds = (await session.scalars(select(Event.kind).order_by(Event.position))).all()
    assert (claim.address, claim.source, identities) == ("new@mail.example", "agent", [])
    assert (case.status, case.assignee_id, case.subject) == (Status.PENDING, agent.id, "Your lamp")
    assert (message.subject, message.references) == ("Your lamp", [])
    assert kinds == ["case.opened", "message.queued", "case.assigned", "case.pending"]


async def test_a_first_message_goes_into_the_one_conversation_of_whoever_owns_the_address(
    sqlite_database: Database, clock: FrozenClock
) -> None:
    async with sqlite_database.transaction() as session:
        scene = await a_conversation(session)
        agent = await an_agent(session)
        channel = await a_mailbox_channel(session)
        messages = [
            await start(
                session,
                by=agent,
                channel=channel,
                address=address,
                customer=customer,
                subject="Your lamp",
                text="It is ready.",
                settings=SETTINGS,
            )
            for address, customer in (
                (Address(value=scene.identity.address), None),
                (None, scene.customer),
            )
        ]
        customers = (await session.scalars(select(Customer))).all()

    assert {message.conversation_id for message in messages} == {scene.conversation.id}
    assert len({message.case_id for message in messages} | {scene.case.id}) == 3 and len(customers) == 1


async def test_a_customer_without_an_address_cannot_be_written_to_first(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        customer, agent = await a_customer(session), await an_agent(session)
        channel = await a_mailbox_channel(session)
        with pytest.raises(Conflict, match="no email address"):
            await start(
                session,
                by=agent,
                channel=channel,
                customer=customer,
                subject="Hi",
                text="Hello",
                settings=SETTINGS,
            )
        await an_identity(session, customer)
        assert await start(
            session, by=agent, channel=channel, customer=customer, subject="Hi", text="Hi", settings=SETTINGS
        )


async def test_of_two_who_answer_at_once_one_is_told_of_the_other(
    database: Database, clock: FrozenClock
) -> None:
    async with database.transaction() as session:
        scene = await a_conversation(session)
        writers = [await an_agent(session), await an_agent(session, name="Tomás Lund")]
    seen = scene.messages[0].position

    answers = await asyncio.gather(
        *[_reply(database, scene, writer, seen_position=seen) for writer in writers], return_exceptions=True
    )

    (sent,) = [answer for answer in answers if isinstance(answer, Message)]
    (refused,) = [answer for answer in answers if isinstance(answer, MissedMessages)]
    assert refused.message_ids == (sent.public_id,)


async def test_a_reply_on_a_resolved_case_takes_it_up_again(
    sqlite_database: Database, clock: FrozenClock
) -> None:
    async with sqlite_database.transaction() as session:
        scene = await a_conversation(session)
        agent = await an_agent(session)
        await resolve(session, scene.case, by=agent)
        clock.advance(days=30)
        message = await reply(session, scene.conversation, by=agent, text="PS", settings=SETTINGS)

    assert (message.case_id, scene.case.status, scene.case.resolved_at) == (
        scene.case.id,
        Status.PENDING,
        None,
    )


async def test_spam_is_not_answered(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        scene = await a_conversation(session)
        agent = await an_agent(session)
        await mark_spam(session, scene.case, by=agent)
        with pytest.raises(Conflict, match="spam"):
            await reply(session, scene.conversation, by=agent, text="Hi", settings=SETTINGS)
        await unmark_spam(session, scene.case, by=agent)
        assert await reply(session, scene.conversation, by=agent, text="Hi", settings=SETTINGS)


async def test_a_strand_without_a_case_gets_one_by_its_answer(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        scene = await a_conversation(session)
        agent = await an_agent(session)
        history = await a_strand(session, scene.conversation, scene.channel, identity=scene.identity)
        message = await reply(
            session, scene.conversation, by=agent, text="About this", strand=history, settings=SETTINGS
        )

    assert message.case_id == history.case_id != scene.case.id


async def test_a_reply_that_waits_for_its_time_can_leave_now_or_be_written_anew(
    sqlite_database: Database, clock: FrozenClock
) -> None:
    async with sqlite_database.transaction() as session:
        scene, agent = await a_conversation(session), await an_agent(session)
        later = clock() + timedelta(days=1)
        given: dict[str, Any] = {"by": agent, "settings": SETTINGS, "send_at": later}
        first = await reply(session, scene.conversation, text="Good morning", **given)
        second = await reply(session, scene.conversation, text="And good night", **given)
    async with sqlite_database.transaction() as session:
        await hasten(session, await session.get_one(Message, first.id), by=agent)
        with pytest.raises(Conflict):
            await hasten(session, await session.get_one(Message, first.id), by=agent)
        await cancel(session, await session.get_one(Message, second.id), by=agent)
    async with sqlite_database.reading() as session:
        due = dict((await session.execute(select(OutboxEntry.message_id, OutboxEntry.due_at))).all())
        draft = (await session.scalars(select(Draft))).one()
    assert due == {first.id: clock(), second.id: later}
    assert draft.text == "And good night"
