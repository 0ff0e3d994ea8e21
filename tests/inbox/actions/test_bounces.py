"""What a delivery report does to the message that it is about."""

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actions import automatic_mails
from inbox.actions.bounces import apply_bounce
from inbox.actions.events import recorded
from inbox.actions.resolutions import resolve
from inbox.clock import FrozenClock
from inbox.db import Database
from inbox.envelopes import Bounce, BounceAction, BouncedRecipient
from inbox.models import (
    AutomaticKind,
    AutomaticMail,
    Channel,
    Delivery,
    DeliveryState,
    EventKind,
    IgnoredAs,
    Message,
    Status,
)
from tests.builders import KEYS, Scene, a_conversation, an_agent, an_outbound_message


def report(message: Message, scene: Scene, action: BounceAction) -> Bounce:
    recipient = BouncedRecipient(
        address=scene.identity.address, action=action, status="5.2.2", diagnostic="Mailbox full"
    )
    return Bounce(message_ids=(message.external_id or "",), recipients=(recipient,))


async def test_a_bounce_undoes_the_answer_even_of_a_resolved_case_but_only_once(
    database: Database, clock: FrozenClock
) -> None:
    async with database.transaction() as session:
        scene = await a_conversation(session)
        agent = await an_agent(session)
        clock.advance(minutes=1)
        message = await an_outbound_message(session, scene, by=agent)
        await resolve(session, scene.case, by=agent)
        bounce = report(message, scene, BounceAction.FAILED)

        await apply_bounce(session, bounce)
        bounced = (message.delivery, message.delivery_error, scene.case.status, scene.case.waiting_since)
        kinds = recorded(session)[-2:]
        await resolve(session, scene.case, by=agent)
        await apply_bounce(session, bounce)

    asked = scene.messages[0].created_at
    assert bounced == (DeliveryState.BOUNCED, "Mailbox full", Status.OPEN, asked)
    assert kinds == [EventKind.MESSAGE_BOUNCED, EventKind.CASE_REOPENED]
    assert scene.case.status == Status.RESOLVED


@pytest.mark.parametrize(
    ("action", "state", "events"),
    [
        (BounceAction.DELAYED, DeliveryState.SENT, [EventKind.MESSAGE_DELAYED]),
        (BounceAction.DELIVERED, DeliveryState.DELIVERED, [EventKind.MESSAGE_DELIVERED]),
        (BounceAction.READ, DeliveryState.READ, [EventKind.MESSAGE_READ]),
    ],
)
async def test_a_report_that_is_no_failure_reopens_nothing(
    sqlite_database: Database, action: BounceAction, state: DeliveryState, events: list[EventKind]
) -> None:
    async with sqlite_database.transaction() as session:
        scene = await a_conversation(session)
        message = await an_outbound_message(session, scene, by=await an_agent(session))
        before = len(recorded(session))

        await apply_bounce(session, report(message, scene, action))

        assert recorded(session)[before:] == events
    assert (message.delivery, scene.case.waiting_since) == (state, None)


async def test_a_report_about_nothing_of_ours_changes_nothing(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        scene = await a_conversation(session)
        inbound = scene.messages[0]
        before = len(recorded(session))

        said = await apply_bounce(session, report(inbound, scene, BounceAction.FAILED))

        assert "did not send" in said.reason and len(recorded(session)) == before
    assert scene.case.status == Status.OPEN


async def test_a_report_about_one_of_two_recipients_leaves_the_other_as_it_was(
    sqlite_database: Database,
) -> None:
    async with sqlite_database.transaction() as session:
        scene = await a_conversation(session)
        message = await an_outbound_message(session, scene, by=await an_agent(session))
        other = Delivery(message_id=message.id, address="b@norte.test", state="sent", at=message.created_at)
        session.add(other)
        await session.flush()

        await apply_bounce(session, report(message, scene, BounceAction.DELIVERED))
        assert (message.delivery, other.state) == (DeliveryState.SENT, DeliveryState.SENT)
        await apply_bounce(session, report(message, scene, BounceAction.FAILED))
        assert (message.delivery, other.state) == (DeliveryState.BOUNCED, DeliveryState.SENT)


@pytest.mark.parametrize("is_named", [True, False])
async def test_whoever_calls_a_mail_spam_gets_no_automatic_mail_any_more(
    sqlite_database: Database, is_named: bool
) -> None:
    async with sqlite_database.transaction() as session:
        scene = await a_conversation(session)
        message = await an_outbound_message(session, scene, by=await an_agent(session))
        address = scene.identity.address
        complaint = Bounce(
            message_ids=(str(message.external_id),),
            recipients=(
                BouncedRecipient(address=address if is_named else "", action=BounceAction.COMPLAINED),
            ),
        )
        forged = Bounce(message_ids=("guessed@shop.example",), recipients=complaint.recipients)

        assert (await apply_bounce(session, forged)).kind == IgnoredAs.UNMATCHED_REPORT
        before = await greet(session, scene.channel, address)
        assert (await apply_bounce(session, complaint)).kind == IgnoredAs.REPORT
        assert (await apply_bounce(session, complaint)).kind == IgnoredAs.REPORT

        assert recorded(session).count(EventKind.MESSAGE_COMPLAINED) == 1
        assert before is not None and await greet(session, scene.channel, address) is None
        assert (message.delivery, scene.case.waiting_since) == (DeliveryState.SENT, None)


async def greet(session: AsyncSession, mailbox: Channel, address: str) -> AutomaticMail | None:
    """A mail that the installation would send by itself; the cap of the day is not what is asked here."""
    kind = AutomaticKind.CONFIRMATION
    sent = await automatic_mails.send(
        session, kind=kind, mailbox=mailbox, address=address, subject="Hi", text="Hi", keys=KEYS
    )
    if sent is not None:
        await session.delete(sent)
        await session.flush()
    return sent
