"""What a delivery report does to the message that it is about."""

import pytest

from inbox.actions.bounces import apply_bounce
from inbox.actions.events import recorded
from inbox.actions.resolutions import resolve
from inbox.clock import FrozenClock
from inbox.db import Database
from inbox.envelopes import Bounce, BounceAction, BouncedRecipient
from inbox.models import DeliveryState, EventKind, Message, Status
from tests.builders import Scene, a_conversation, an_agent, an_outbound_message


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
        (BounceAction.DELIVERED, DeliveryState.SENT, []),
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
