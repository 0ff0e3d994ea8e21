"""Mail that an agent passes on stands in the thread of whoever wrote it; in doubt agents are asked."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from inbox.actions import forwards
from inbox.actions.notes import edit_note
from inbox.actions.suggestions import decide
from inbox.actions.undos import latest, undo
from inbox.db import Database
from inbox.envelopes import (
    Address,
    Authentication,
    Forward,
    InboundAttachment,
    InboundMessage,
    Verdict,
)
from inbox.models import (
    Agent,
    Attachment,
    Case,
    Claim,
    Conversation,
    Customer,
    Identity,
    Message,
    Note,
    PassedOn,
    Suggestion,
    SuggestionKind,
)
from tests.builders import an_agent
from tests.inbox.actions.test_messages import INES, Desk, mail

MAYA = "maya@desk.test"
PASSED = Authentication(dmarc=Verdict.PASS)


@pytest.fixture
async def desk(sqlite_database: Database) -> Desk:
    desk = await Desk(sqlite_database).open()
    async with sqlite_database.transaction() as session:
        await an_agent(session, name="Maya Okafor", email=MAYA)
    return desk


def inside(sender: str = INES, **more: Any) -> InboundMessage:
    return mail(sender, "Lamp", "It is cracked.", name="Inês", **more)


def passed_on(original: InboundMessage | None = None, **more: Any) -> InboundMessage:
    forward = Forward(original=original or inside(), words="Can somebody take this?", is_sure=True)
    given = {"authentication": PASSED, "forward": forward, "external_id": "fwd@desk.test"}
    words = "Can somebody take this?\n---- Forwarded message ----\nFrom: ines@norte.test\n\nIt is cracked."
    return mail(MAYA, "Fwd: Lamp", words, name="Maya", **(given | more))


async def test_a_forwarded_mail_stands_in_its_writers_thread_with_the_agents_words_as_a_note(
    desk: Desk,
) -> None:
    await desk.receive(mail())
    await desk.receive(passed_on(inside(external_id="second@norte.test", content_hash="2" * 64)))

    first, second = await desk.all(Message)
    assert second.conversation_id == first.conversation_id and second.case_id == first.case_id
    assert (second.author_address, second.subject, second.text) == (INES, "Lamp", "It is cracked.")
    assert second.matched_by["forwarded_by"] == "Maya Okafor" and not second.claimed
    (note,) = await desk.all(Note)
    (agent,) = await desk.all(Agent)
    assert (note.text, note.author_id, note.case_id) == ("Can somebody take this?", agent.id, second.case_id)
    assert MAYA not in {identity.address for identity in await desk.all(Identity)}


async def test_an_address_that_nobody_owns_is_claimed_and_gets_a_case_of_its_own(desk: Desk) -> None:
    await desk.receive(passed_on())

    (message,) = await desk.all(Message)
    (claim,) = await desk.all(Claim)
    assert message.claimed and (claim.address, claim.source) == (INES, "email")
    assert await desk.all(Identity) == []


async def test_a_mail_that_is_here_already_is_not_filed_twice_but_the_words_are_noted(desk: Desk) -> None:
    original = inside()
    await desk.receive(original)
    (filed,) = await desk.receive(passed_on(original))
    (again,) = await desk.receive(passed_on(original))

    assert filed.known and again.known
    assert len(await desk.all(Message)) == len(await desk.all(Note)) == len(await desk.all(Case)) == 1


async def test_a_mail_that_comes_by_itself_after_it_was_passed_on_is_not_filed_twice(desk: Desk) -> None:
    original = inside()
    await desk.receive(passed_on(original))
    (filed,) = await desk.receive(original)

    assert filed.known and len(await desk.all(Message)) == 1


@pytest.mark.parametrize(
    ("change", "is_asked"),
    [
        ({"authentication": Authentication()}, True),
        ({"authentication": Authentication(dmarc=Verdict.FAIL)}, False),
        ({"forward": Forward(original=inside(), is_sure=False)}, True),
        ({"forward": Forward(original=inside("support@desk.test"), is_sure=True)}, True),
        ({"forward": Forward(original=inside(MAYA), is_sure=True)}, True),
        ({"forward": Forward(original=replace(inside(), sender=Address(""))), "text": "x"}, True),
        ({"sender": Address("eve@evil.test", "Eve")}, False),
    ],
    ids=["unproved", "forged", "unsure", "our own", "a colleague's", "nobody's", "no agent"],
)
async def test_in_doubt_it_is_never_guessed_whose_a_mail_is(
    desk: Desk, change: dict[str, Any], is_asked: bool
) -> None:
    await desk.receive(replace(passed_on(), **change))

    (message,) = await desk.all(Message)
    assert message.author_address == change.get("sender", Address(MAYA)).value
    asked = [card.kind for card in await desk.all(Suggestion)]
    assert asked == ([SuggestionKind.FORWARD] if is_asked else [])
    assert await desk.all(Note) == []


async def test_an_answer_of_an_agent_to_somebody_elses_thread_is_no_forwarded_mail(desk: Desk) -> None:
    await desk.receive(mail("bea@lund.test", external_id="bea@lund.test"))
    await desk.receive(passed_on(references=("bea@lund.test",)))

    kinds = {card.kind for card in await desk.all(Suggestion)}
    assert kinds == {SuggestionKind.FORWARD, SuggestionKind.HELD_ANSWER}
    assert [message.author_address for message in await desk.all(Message)] == ["bea@lund.test", MAYA]


async def test_taking_back_shows_the_mail_as_it_came_and_asks_whose_it_is(desk: Desk) -> None:
    file = InboundAttachment(filename="lamp.eml", content_type="message/rfc822", size=9, digest="a" * 64)
    await desk.receive(passed_on(attachments=(file,)))
    async with desk.database.transaction() as session:
        message = (await session.scalars(select(Message))).one()
        agent = (await session.scalars(select(Agent))).one()
        await forwards.take_back(session, message, by=agent)

    (message,) = await desk.all(Message)
    (identity,) = await desk.all(Identity)
    assert (message.author_address, message.subject, message.identity_id) == (MAYA, "Fwd: Lamp", identity.id)
    assert message.text.startswith("Can somebody take this?") and not message.claimed
    home = {one.id: one.customer_id for one in await desk.all(Conversation)}[message.conversation_id]
    assert home == identity.customer_id
    assert [one.filename for one in await desk.all(Attachment)] == ["lamp.eml"]
    assert await desk.all(Note) == []  # its words stand in the mail
    assert {case.status for case in await desk.all(Case) if case.id != message.case_id} == {"resolved"}
    (card,) = await desk.all(Suggestion)
    assert (card.kind, card.state, card.address) == (SuggestionKind.FORWARD, "open", INES)
    (known,) = await desk.receive(passed_on())
    (original,) = await desk.receive(inside())
    assert known.known and not original.known  # the mail itself may still come


async def test_an_agent_says_whose_mail_it_is_and_can_take_that_back(desk: Desk) -> None:
    await desk.receive(replace(passed_on(), authentication=Authentication()))
    async with desk.database.transaction() as session:
        card = (await session.scalars(select(Suggestion))).one()
        agent = (await session.scalars(select(Agent))).one()
        await decide(session, card, "forwarded", by=agent)
        undone = await latest(session, by=agent)

    (message,) = await desk.all(Message)
    (note,) = await desk.all(Note)
    names = {one.id: one.name for one in await desk.all(Customer)}
    homes = {one.id: names[one.customer_id] for one in await desk.all(Conversation)}
    assert (message.author_address, message.text) == (INES, "It is cracked.")
    assert homes[message.conversation_id] == "Inês" and note.text == "Can somebody take this?"
    assert note.case_id == message.case_id

    async with desk.database.transaction() as session:
        agent = (await session.scalars(select(Agent))).one()
        assert undone is not None
        await undo(session, undone.public_id, by=agent)
    (message,) = await desk.all(Message)
    (card,) = await desk.all(Suggestion)
    assert (message.author_address, card.state) == (MAYA, "open")
    assert await desk.all(Note) == []
    async with desk.database.transaction() as session:
        card = (await session.scalars(select(Suggestion))).one()
        await decide(session, card, "forwarded", by=(await session.scalars(select(Agent))).one())
    assert [note.text for note in await desk.all(Note)] == ["Can somebody take this?"]


async def test_a_note_that_was_edited_since_goes_with_the_mail_that_is_taken_back(desk: Desk) -> None:
    await desk.receive(passed_on())
    async with desk.database.transaction() as session:
        agent = (await session.scalars(select(Agent))).one()
        await edit_note(session, (await session.scalars(select(Note))).one(), by=agent, text="Mine. Done.")
        await forwards.take_back(session, (await session.scalars(select(Message))).one(), by=agent)

    (message,) = await desk.all(Message)
    (note,) = await desk.all(Note)
    assert (note.text, note.case_id) == ("Mine. Done.", message.case_id)


async def test_another_address_or_customer_can_be_named(desk: Desk) -> None:
    await desk.receive(mail("bea@lund.test", name="Bea"))
    await desk.receive(replace(passed_on(), authentication=Authentication()))
    async with desk.database.transaction() as session:
        card = (await session.scalars(select(Suggestion))).one()
        agent = (await session.scalars(select(Agent))).one()
        await forwards.file_as(session, card, by=agent, address="Bea@Lund.test")

    first, second = await desk.all(Message)
    assert second.conversation_id == first.conversation_id and not second.claimed
    assert (await desk.all(PassedOn))[0].state == "filed"


async def test_the_agents_own_mail_stays_where_it_is(desk: Desk) -> None:
    await desk.receive(replace(passed_on(), authentication=Authentication()))
    async with desk.database.transaction() as session:
        card = (await session.scalars(select(Suggestion))).one()
        agent = (await session.scalars(select(Agent))).one()
        await decide(session, card, "someone_else", by=agent)
        await undo(session, (await latest(session, by=agent)).public_id, by=agent)  # type: ignore[union-attr]
        assert card.state == "open"
        await decide(session, card, "someone_else", by=agent)

    (message,) = await desk.all(Message)
    assert message.author_address == MAYA and await desk.all(Note) == []


async def test_a_colleagues_own_mail_shows_as_that_person(desk: Desk) -> None:
    await desk.receive(mail(MAYA, authentication=PASSED), mail(MAYA, "Forged?", "x"))

    (agent,) = await desk.all(Agent)
    assert [message.author_agent_id for message in await desk.all(Message)] == [agent.id, None]
