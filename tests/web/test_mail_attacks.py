"""Published attacks on threads, and mail that machines answer: what an installation makes of each.

`ONETHREAD_TEST_DATA` names the folder; without it the neighbour of the checkout is looked at, else skipped.
"""

import os
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from inbox.actions import channels as ways, replies
from inbox.actions.messages import FilingRules
from inbox.actors import SYSTEM
from inbox.envelopes import ChannelKind
from inbox.intake import IntakeDesk
from inbox.models import (
    Agent,
    AuthorKind,
    AutomaticMail,
    Channel,
    Conversation,
    Customer,
    Direction,
    Identity,
    IntakeState,
    Message,
    Model,
    OutboxEntry,
    StrandParticipant,
    WorkingHours,
)
from tests.builders import an_agent
from web.installation import Installation

DATA = Path(os.environ.get("ONETHREAD_TEST_DATA") or Path(__file__).parents[3] / "shared" / "data")
HIJACKS = DATA / "attacks" / "thread_hijack"
LOOPS = DATA / "attacks" / "mail_loops"
ALICE = "alice@customer.test"
FIRST = (
    b"From: Alice <alice@customer.test>\r\nTo: support@company.test\r\nSubject: Invoice\r\n"
    b"Message-ID: <original-of-alice@customer.test>\r\n\r\nWhat is this invoice for?\r\n"
)
SAYS_NO = (
    b"From: Bea <bea@customer.test>\r\nTo: support@company.test\r\nAuto-Submitted: no\r\nSubject: Hi\r\n"
    b"Authentication-Results: mx.company.test; dmarc=pass header.from=customer.test\r\n"
    b"Message-ID: <control@customer.test>\r\n\r\nIs anybody there?\r\n"
)

pytestmark = pytest.mark.skipif(not HIJACKS.exists(), reason="the test mail is not here")


@pytest.fixture
async def mailbox(installation: Installation) -> Channel:
    """A mailbox whose server is mx.company.test, which acknowledges mail out of hours: always."""
    async with installation.database.transaction() as session:
        channel = await ways.add_channel(
            session,
            kind=ChannelKind.EMAIL,
            name="Support",
            address="support@company.test",
            by=SYSTEM,
            keys=installation.keys,
            settings={"authserv_id": "mx.company.test"},
        )
        channel.settings = channel.settings | {"acknowledgement": {"subject": "Got it", "text": "Tomorrow."}}
        session.add(WorkingHours(time_zone="UTC", week=[[] for _ in range(7)]))
        return channel


@pytest.fixture
def desk(installation: Installation) -> IntakeDesk:
    rules = FilingRules(tokens=installation.keys.strand_tokens(), keys=installation.keys)
    parsers = installation.intake._parsers
    return IntakeDesk(installation.database, installation.blobs, parsers, rules)


async def rows(installation: Installation, model: type[Model]) -> list[Any]:
    async with installation.database.reading() as session:
        return list(await session.scalars(select(model).order_by(model.id)))


async def a_thread_with_alice(installation: Installation, mailbox: Channel, desk: IntakeDesk) -> Message:
    """Alice has asked, and an agent whose address is agent1@company.test has answered."""
    await desk.submit(mailbox.id, "lmtp", FIRST)
    async with installation.database.transaction() as session:
        agent = await an_agent(session, name="Agent One", email="agent1@company.test")
        conversation = (await session.scalars(select(Conversation))).one()
        answer = await replies.reply(
            session,
            conversation,
            by=agent,
            text="For the lamp.",
            settings=replies.ReplySettings(tokens=installation.keys.strand_tokens()),
        )
    return answer


async def test_no_attack_on_a_thread_succeeds(
    installation: Installation, mailbox: Channel, desk: IntakeDesk
) -> None:
    answer = await a_thread_with_alice(installation, mailbox, desk)
    left = len(await rows(installation, OutboxEntry))
    thread = answer.conversation_id
    attacks = sorted(HIJACKS.glob("*.eml"))
    for attack in attacks:
        # The Message-ID that the attacker has got hold of is a real one of ours here.
        raw = attack.read_bytes().replace(b"conv-1001@company.test", str(answer.external_id).encode())
        filed = await desk.submit(mailbox.id, "lmtp", raw, source_ref=attack.name)
        assert filed.state == IntakeState.FILED and not filed.known, attack.name
        (message,) = [one for one in await rows(installation, Message) if one.id == filed.message_id]
        is_alices = message.author_address == ALICE
        assert (message.conversation_id == thread) == is_alices, attack.name
        if attack.name != "self_made_auth_results.eml":
            assert not is_alices or message.dmarc == "fail", attack.name
        assert message.dmarc != "pass", attack.name
        assert message.author_kind != AuthorKind.AGENT and message.author_agent_id is None, attack.name
        assert message.direction == Direction.INBOUND

    messages = await rows(installation, Message)
    owners = {one.id: one.customer_id for one in await rows(installation, Conversation)}
    alice = next(one for one in await rows(installation, Identity) if one.address == ALICE)
    assert owners[thread] == alice.customer_id and alice.proof == "received"
    assert next(one for one in messages if one.text.startswith("What is this invoice")).text
    strands = {one.strand_id for one in messages if one.conversation_id == thread}
    added = [one for one in await rows(installation, StrandParticipant) if one.strand_id in strands]
    assert "eve@evil.test" not in {one.address for one in added}
    assert (
        len(await rows(installation, OutboxEntry)) == left and await rows(installation, AutomaticMail) == []
    )
    assert len(await rows(installation, Agent)) == 1
    print(f"\n{len(attacks)} attacks on threads, none succeeded")


async def test_no_machine_is_answered_and_nothing_is_lost(
    installation: Installation, mailbox: Channel, desk: IntakeDesk
) -> None:
    paths = sorted(LOOPS.glob("*.eml"))
    states = {}
    for path in paths:
        raw = b"Authentication-Results: mx.company.test; dmarc=pass\r\n" + path.read_bytes()
        states[path.name] = (await desk.submit(mailbox.id, "lmtp", raw, source_ref=path.name)).state
    answered = await rows(installation, AutomaticMail)
    assert answered == [], [one.address for one in answered]
    assert set(states.values()) <= {IntakeState.FILED, IntakeState.IGNORED}
    for number in range(12):  # the one control: a person, who is answered once a day whatever they write
        raw = SAYS_NO.replace(b"control@", f"control{number}@".encode())
        await desk.submit(mailbox.id, "lmtp", raw)
    answered = await rows(installation, AutomaticMail)
    print(f"\n{len(paths)} mails of machines: {len(answered) - 1} answered; 12 of a person: 1 answered")
    assert [one.address for one in answered] == ["bea@customer.test"]


async def test_two_installations_that_write_to_each_other_fall_silent(
    installation: Installation, mailbox: Channel, desk: IntakeDesk
) -> None:
    """What our acknowledgement brings about on the other side carries the marks of an automatic mail; even
    where a server has taken them away, our own words come back under our Message-ID or are counted."""
    await desk.submit(mailbox.id, "lmtp", SAYS_NO)
    (sent,) = await rows(installation, AutomaticMail)
    returned = SAYS_NO.replace(b"<control@customer.test>", f"<{sent.external_id}>".encode())
    bounced_back = [returned, *(_hop(SAYS_NO, number) for number in range(20))]
    for raw in bounced_back:
        await desk.submit(mailbox.id, "lmtp", raw)

    assert len(await rows(installation, AutomaticMail)) == 1
    kept = [one for one in await rows(installation, Message) if one.external_id == sent.external_id]
    assert kept == [] and len(await rows(installation, Customer)) == 1


def _hop(raw: bytes, number: int) -> bytes:
    """The same question from the other machine again, after ever more servers."""
    hops = b"".join(
        b"Received: from a.test by b.test; Fri, 20 Nov 2026 10:00:00 +0000\r\n" for _ in range(60)
    )
    top, rest = raw.split(b"\r\n", 1)
    fresh = rest.replace(b"<control@", f"<loop{number}@".encode())
    return top + b"\r\n" + (hops if number % 2 else b"") + fresh
