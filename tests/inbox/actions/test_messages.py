"""Filing: whose message is it, which strand, which case."""

import dataclasses
import hashlib
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from inbox import clock as product_clock
from inbox.actions.messages import Filed, FilingRules, receive
from inbox.clock import FrozenClock
from inbox.db import Database
from inbox.envelopes import (
    Address,
    AddressKind,
    Authentication,
    Automatic,
    ChannelKind,
    InboundMessage,
    Verdict,
)
from inbox.models import (
    AuthorKind,
    Case,
    Channel,
    Claim,
    ClaimState,
    Conversation,
    Customer,
    Direction,
    Event,
    EventKind,
    Identity,
    IntakeRecord,
    IntakeState,
    Message,
    MessageSource,
    Model,
    Status,
    Strand,
    StrandParticipant,
    Suggestion,
    Team,
    TimelineEntry,
)
from inbox.placements import Arrival
from inbox.queries.visitors import visible_messages
from tests.builders import KEYS

RULES = FilingRules(tokens=KEYS.strand_tokens())
INES = "ines@norte.test"


def mail(
    sender: str = INES, subject: str = "Lamp", text: str = "It is cracked.", **more: Any
) -> InboundMessage:
    content = f"{sender}{subject}{text}{more.get('external_id')}"
    defaults: dict[str, Any] = {
        "channel": ChannelKind.EMAIL,
        "sender": Address(sender, more.pop("name", "")),
        "content_hash": hashlib.sha256(content.encode()).hexdigest(),
        "external_id": hashlib.sha256(content.encode()).hexdigest()[:20] + "@norte.test",
        "subject": subject,
        "text": text,
        "mailbox": "support@desk.test",
    }
    return InboundMessage(**(defaults | more))


def form(sender: str, text: str = "From the form.") -> InboundMessage:
    return mail(sender, "Return", text, channel=ChannelKind.FORM, external_id=None)


def chat(visitor: str, text: str, **more: Any) -> InboundMessage:
    sender = Address(f"web:{visitor}", "", AddressKind.VISITOR)
    external_id = f"{visitor}:{text}"
    made = mail(visitor, "", text, channel=ChannelKind.WEBCHAT, external_id=external_id, **more)
    return dataclasses.replace(made, sender=sender)


class Desk:
    """A database with a mailbox, a widget and a form, and what tests ask of it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.channels: dict[ChannelKind, Channel] = {}

    async def open(self) -> "Desk":
        async with self.database.transaction() as session:
            for kind, address in (("email", "support@desk.test"), ("webchat", None), ("form", None)):
                channel = Channel(kind=kind, name=kind, address=address, public_key=f"key-{kind}")
                session.add(channel)
                self.channels[ChannelKind(kind)] = channel
        return self

    async def receive(
        self, *messages: InboundMessage, history: bool = False, channel: Channel | None = None
    ) -> list[Filed]:
        async with self.database.transaction() as session:
            arrivals = []
            for message in messages:
                of = channel or self.channels[message.channel]
                row = IntakeRecord(channel_id=of.id, digest="0" * 64, size=1, source="ingest")
                session.add(row)
                await session.flush()
                merged = await session.merge(of)
                arrivals.append(
                    Arrival(record_id=row.id, channel=merged, message=message, is_history=history)
                )
            return await receive(session, arrivals, RULES)

    async def all(self, model: type[Model]) -> Sequence[Any]:
        async with self.database.reading() as session:
            return (await session.scalars(select(model).order_by(model.id))).all()

    async def kinds(self) -> list[str]:
        return [event.kind for event in await self.all(Event)]


@pytest.fixture
async def desk(database: Database) -> Desk:
    return await Desk(database).open()


async def test_a_first_mail_makes_a_customer_a_thread_a_strand_and_a_case(desk: Desk) -> None:
    (filed,) = await desk.receive(mail(name="Inês"))

    assert filed.state == IntakeState.FILED and not filed.known
    (customer,) = await desk.all(Customer)
    (identity,) = await desk.all(Identity)
    (strand,) = await desk.all(Strand)
    (case,) = await desk.all(Case)
    (message,) = await desk.all(Message)
    assert (customer.name, identity.address, identity.proof) == ("Inês", INES, "received")
    assert (case.number, case.status, case.subject, case.preview) == (
        1001,
        Status.OPEN,
        "Lamp",
        "It is cracked.",
    )
    assert case.waiting_since == strand.waiting_since == message.created_at
    assert (message.direction, message.case_id, message.strand_id) == (Direction.INBOUND, case.id, strand.id)
    assert await desk.kinds() == [EventKind.CASE_OPENED, EventKind.MESSAGE_RECEIVED]
    entries = await desk.all(TimelineEntry)
    assert [(e.kind, e.position) for e in entries] == [("change", 1), ("message", 2)]
    assert message.position == 2


async def test_the_same_mail_twice_is_one_message(desk: Desk) -> None:
    await desk.receive(mail())
    (again,) = await desk.receive(mail())
    (first, second) = await desk.receive(mail(text="new"), mail(text="new"))

    assert again.known and second.known and not first.known
    assert again.message_id is not None and len(await desk.all(Message)) == 2
    assert (await desk.kinds()).count(EventKind.MESSAGE_RECEIVED) == 2


async def test_the_same_mail_through_two_mailboxes_is_one_message_with_two_sources(desk: Desk) -> None:
    async with desk.database.transaction() as session:
        second = Channel(kind="email", name="Trade", address="trade@desk.test", public_key="k2")
        session.add(second)
    await desk.receive(mail())
    (filed,) = await desk.receive(mail(), channel=second)

    assert filed.known
    assert len(await desk.all(Message)) == 1
    assert len(await desk.all(MessageSource)) == 2


async def test_the_same_id_with_other_content_is_another_message_and_says_so(desk: Desk) -> None:
    await desk.receive(mail(external_id="one@norte.test"))
    await desk.receive(mail(text="Something else", external_id="one@norte.test"))

    assert [m.reused_id for m in await desk.all(Message)] == [False, True]


async def test_one_person_over_mail_and_form_has_one_thread_and_the_form_a_case_of_its_own(
    desk: Desk,
) -> None:
    await desk.receive(mail(), mail(subject="Another thing", text="And the cable?"), form(INES))

    assert len(await desk.all(Conversation)) == 1
    cases = await desk.all(Case)
    assert [case.claimed for case in cases] == [False, True]
    assert [m.case_id for m in await desk.all(Message)] == [cases[0].id, cases[0].id, cases[1].id]
    assert [s.claimed for s in await desk.all(Strand)] == [False, False, True]


async def test_a_form_never_wakes_another_case(desk: Desk) -> None:
    await desk.receive(mail())
    async with desk.database.transaction() as session:
        case = await session.get_one(Case, 1)
        case.status = Status.PENDING

    await desk.receive(form(INES))

    assert [case.status for case in await desk.all(Case)] == [Status.PENDING, Status.OPEN]


async def test_an_unowned_address_in_two_forms_is_one_claim_and_one_customer(desk: Desk) -> None:
    await desk.receive(form("new@shop.test"), form("new@shop.test", "again"))

    assert len(await desk.all(Customer)) == 1
    (claim,) = await desk.all(Claim)
    assert (claim.address, claim.source) == ("new@shop.test", "form")
    assert await desk.all(Identity) == []


async def test_mail_from_a_claimed_address_joins_the_customer_that_was_nothing_but_the_claim(
    desk: Desk,
) -> None:
    await desk.receive(form("new@shop.test"))
    await desk.receive(mail("new@shop.test"))

    assert len(await desk.all(Conversation)) == 1
    (identity,) = await desk.all(Identity)
    assert identity.address == "new@shop.test"


async def test_a_stranger_who_quotes_our_ids_gets_a_thread_of_their_own_and_the_original_a_card(
    desk: Desk,
) -> None:
    await desk.receive(mail(external_id="one@norte.test"))
    await desk.receive(
        mail("eve@evil.test", "Re: Lamp", "Show me everything", references=("one@norte.test",))
    )

    first, second = await desk.all(Conversation)
    messages = await desk.all(Message)
    assert [m.conversation_id for m in messages] == [first.id, second.id]
    (card,) = await desk.all(Suggestion)
    assert (card.conversation_id, card.other_customer_id, card.message_id) == (
        first.id,
        second.customer_id,
        messages[1].id,
    )
    assert EventKind.SUGGESTION_MADE in await desk.kinds()


async def test_a_stranger_whose_mail_fails_its_check_leaves_no_card(desk: Desk) -> None:
    await desk.receive(mail(external_id="one@norte.test"))
    failed = Authentication(dmarc=Verdict.FAIL)
    await desk.receive(mail("eve@evil.test", references=("one@norte.test",), authentication=failed))

    assert await desk.all(Suggestion) == []
    assert [i.address for i in await desk.all(Identity)] == [INES]
    assert [c.address for c in await desk.all(Claim)] == ["eve@evil.test"]


async def test_an_answer_joins_its_strand_by_token_and_by_reference(desk: Desk) -> None:
    await desk.receive(mail(external_id="one@norte.test"))
    (strand,) = await desk.all(Strand)
    token = RULES.tokens.mint(strand.public_id)
    await desk.receive(
        mail(subject="Other", text="by token", tokens=(token,)),
        mail(subject="Other", text="by id", references=("unknown@x.test", "one@norte.test")),
        mail(subject="Other", text="forged", tokens=(token[:-1] + ("a" if token[-1] != "a" else "b"),)),
    )

    assert [m.strand_id for m in await desk.all(Message)][:3] == [strand.id] * 3
    assert (await desk.all(Message))[3].strand_id != strand.id
    assert [m.matched_by["rule"] for m in await desk.all(Message)] == [
        "new",
        "token",
        "reference",
        "identity",
    ]


async def test_a_confirmed_participant_joins_and_stands_as_themselves(desk: Desk, clock: FrozenClock) -> None:
    await desk.receive(mail(external_id="one@norte.test", cc=(Address("rui@norte.test", "Rui"),)))
    await desk.receive(mail("rui@norte.test", text="unconfirmed", references=("one@norte.test",)))
    async with desk.database.transaction() as session:
        participant = (await session.scalars(select(StrandParticipant))).one()
        participant.confirmed_at = product_clock.now()
    await desk.receive(mail("rui@norte.test", text="confirmed", references=("one@norte.test",)))

    messages = await desk.all(Message)
    assert messages[1].conversation_id != messages[0].conversation_id
    assert messages[2].conversation_id == messages[0].conversation_id
    assert messages[2].author_kind == AuthorKind.PARTICIPANT


async def test_participants_are_suggested_but_never_ourselves_or_the_sender(desk: Desk) -> None:
    to = (Address("support@desk.test"), Address("support+c.abc@desk.test"), Address("clara@norte.test"))
    await desk.receive(mail(to=to, cc=(Address("rui@norte.test", "Rui"), Address(INES))))

    assert [(p.address, p.put_by, p.confirmed) for p in await desk.all(StrandParticipant)] == [
        ("clara@norte.test", "to", False),
        ("rui@norte.test", "cc", False),
    ]


async def test_a_case_reopens_within_seven_days_and_not_after(desk: Desk, clock: FrozenClock) -> None:
    await desk.receive(mail(external_id="one@norte.test"))

    async def resolve() -> None:
        async with desk.database.transaction() as session:
            case = await session.get_one(Case, 1)
            case.status, case.resolved_at, case.waiting_since = Status.RESOLVED, product_clock.now(), None

    await resolve()
    clock.advance(days=6)
    await desk.receive(mail(text="still broken", references=("one@norte.test",)))
    (reopened,) = await desk.all(Case)
    await resolve()
    clock.advance(days=8)
    await desk.receive(mail(text="again", references=("one@norte.test",)))

    assert reopened.status == Status.OPEN and reopened.waiting_since == clock.moment - timedelta(days=8)
    assert [case.status for case in await desk.all(Case)] == [Status.RESOLVED, Status.OPEN]
    assert (await desk.kinds()).count(EventKind.CASE_REOPENED) == 1


async def test_mail_to_another_teams_channel_is_a_case_of_its_own(desk: Desk) -> None:
    async with desk.database.transaction() as session:
        team = Team(name="Trade", slug="trade")
        session.add(team)
        await session.flush()
        trade = Channel(
            kind="email", name="Trade", address="t@desk.test", public_key="k", default_team_id=team.id
        )
        session.add(trade)
    await desk.receive(mail())
    await desk.receive(mail(text="discount?"), channel=trade)

    assert [case.team_id for case in await desk.all(Case)] == [None, team.id]
    assert len(await desk.all(Conversation)) == 1


async def test_a_chat_keeps_its_strand_and_an_anonymous_visitor_is_a_customer_of_its_own(desk: Desk) -> None:
    await desk.receive(chat("v1", "Hi"), chat("v1", "Any news?"), chat("v2", "Hello"))
    await desk.receive(chat("v1", "Hi"))

    assert len(await desk.all(Message)) == 3
    assert len(await desk.all(Strand)) == len(await desk.all(Conversation)) == len(await desk.all(Case)) == 2


async def test_a_typed_address_in_a_chat_is_a_claim_and_asks_where_somebody_owns_it(desk: Desk) -> None:
    await desk.receive(mail())
    await desk.receive(chat("v1", "It's me", claims=(Address(INES),)))

    assert len(await desk.all(Conversation)) == 2
    (claim,) = await desk.all(Claim)
    (suggestion,) = await desk.all(Suggestion)
    assert (claim.address, claim.state) == (INES, ClaimState.OPEN)
    assert suggestion.kind == "claim" and suggestion.customer_id == claim.customer_id


async def test_an_answer_to_a_chats_mail_proves_an_address_that_nobody_owns(desk: Desk) -> None:
    await desk.receive(chat("v1", "Write me", claims=(Address("kit@home.test"),)))
    (strand,) = await desk.all(Strand)
    await desk.receive(mail("kit@home.test", text="Thanks", tokens=(RULES.tokens.mint(strand.public_id),)))

    assert len(await desk.all(Conversation)) == 1
    proved = (await desk.all(Identity))[-1]
    assert (proved.address, proved.proof) == ("kit@home.test", "answered")
    assert [c.state for c in await desk.all(Claim)] == [ClaimState.CONFIRMED]


async def test_an_answer_to_a_chats_mail_from_an_owned_address_stays_and_joins_nobody(desk: Desk) -> None:
    await desk.receive(mail("kit@home.test"))
    await desk.receive(chat("v1", "Write me", claims=(Address("kit@home.test"),)))
    chat_strand = (await desk.all(Strand))[-1]
    await desk.receive(
        mail("kit@home.test", text="Thanks", tokens=(RULES.tokens.mint(chat_strand.public_id),))
    )

    assert (await desk.all(Message))[-1].conversation_id == chat_strand.conversation_id
    assert len(await desk.all(Customer)) == 2 and len(await desk.all(Suggestion)) == 1


async def test_automatic_mail_from_nobody_we_know_makes_no_customer(desk: Desk) -> None:
    (filed,) = await desk.receive(mail("robot@shop.test", automatic=Automatic.AUTO_REPLY))

    assert filed.state == IntakeState.IGNORED and "Automatic" in filed.reason
    assert await desk.all(Customer) == []


async def test_an_auto_reply_is_kept_but_wakes_nothing(desk: Desk) -> None:
    await desk.receive(mail(external_id="one@norte.test"))
    async with desk.database.transaction() as session:
        case = await session.get_one(Case, 1)
        case.status, case.waiting_since = Status.PENDING, None
    await desk.receive(mail(text="Away", references=("one@norte.test",), automatic=Automatic.AUTO_REPLY))

    (case,) = await desk.all(Case)
    assert (case.status, case.waiting_since, case.preview) == (Status.PENDING, None, "It is cracked.")
    assert len(await desk.all(Message)) == 2


async def test_history_opens_no_case(desk: Desk) -> None:
    await desk.receive(mail(), history=True)

    assert await desk.all(Case) == []
    (message,) = await desk.all(Message)
    assert message.is_history and message.case_id is None


async def test_our_own_mail_is_known_and_ignored(desk: Desk) -> None:
    await desk.receive(mail())
    async with desk.database.transaction() as session:
        message = await session.get_one(Message, 1)
        message.direction, message.external_id = Direction.OUTBOUND, "ours@desk.test"
    (filed,) = await desk.receive(mail("anybody@x.test", external_id="ours@desk.test"))
    (own,) = await desk.receive(mail("support@desk.test"))

    assert filed.state == own.state == IntakeState.IGNORED
    assert len(await desk.all(Message)) == 1


async def test_spam_of_a_stranger_stands_in_the_spam_view_and_of_a_strand_is_no_spam(desk: Desk) -> None:
    await desk.receive(mail("eve@evil.test", spam=True), mail(external_id="one@norte.test"))
    await desk.receive(mail(text="answer", spam=True, references=("one@norte.test",)))

    assert [case.status for case in await desk.all(Case)] == [Status.SPAM, Status.OPEN]
    assert [m.is_spam for m in await desk.all(Message)] == [True, False, False]


async def test_positions_have_no_gaps_and_match_the_entries(desk: Desk) -> None:
    for i in range(5):
        await desk.receive(*(mail(f"c{n}@shop.test", text=f"{i}-{n}") for n in range(4)))

    async with desk.database.reading() as session:
        events = (await session.scalars(select(Event.position).order_by(Event.position))).all()
        differing = (
            select(func.count())
            .select_from(Message)
            .join(TimelineEntry, TimelineEntry.message_id == Message.id)
        )
        assert await session.scalar(differing.where(TimelineEntry.position != Message.position)) == 0
    assert list(events) == list(range(1, len(events) + 1))


async def test_an_answered_mail_proves_the_mailbox_and_shows_the_browser_no_more(desk: Desk) -> None:
    await desk.receive(chat("v1", "Write me", claims=(Address("kit@home.test"),)))
    (strand,) = await desk.all(Strand)
    token = RULES.tokens.mint(strand.public_id)
    await desk.receive(mail("kit@home.test", text="From my mailbox", tokens=(token,)))
    await desk.receive(mail("kit@home.test", "Another matter", "By mail alone"))

    (visitor, _) = await desk.all(Identity)
    async with desk.database.reading() as session:
        seen = [message.text for message in await visible_messages(session, visitor)]
    assert seen == ["Write me"]
