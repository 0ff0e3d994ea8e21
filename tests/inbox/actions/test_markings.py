"""Marking a sender sorts what stands there, and what comes; it can be undone."""

from typing import Any

import pytest
from sqlalchemy import select

from inbox.actions import customers
from inbox.actions.undos import latest, undo
from inbox.db import Database
from inbox.envelopes import Address, Authentication, Verdict
from inbox.models import Agent, Case, Claim, Conversation, Customer, Identity, Message, Status, Strand
from tests.builders import an_agent
from tests.inbox.actions.test_messages import Desk, mail

SHOP = "orders@market.test"


@pytest.fixture
async def desk(sqlite_database: Database) -> Desk:
    desk = await Desk(sqlite_database).open()
    async with sqlite_database.transaction() as session:
        await an_agent(session)
    return desk


def relayed(person: str, subject: str = "A question", **more: Any) -> Any:
    asked = Address(f"{person}@people.test", person.title())
    return mail(SHOP, subject, f"From {person}", name="Market", reply_to=asked, **more)


async def mark(desk: Desk, *marks: str, name: str = "Market") -> None:
    async with desk.database.transaction() as session:
        customer = (await session.scalars(select(Customer).where(Customer.name == name))).one()
        agent = (await session.scalars(select(Agent))).one()
        await customers.change(session, customer, by=agent, marks=marks)


async def take_back(desk: Desk) -> None:
    async with desk.database.transaction() as session:
        agent = (await session.scalars(select(Agent))).one()
        newest = await latest(session, by=agent)
        assert newest is not None
        await undo(session, newest.public_id, by=agent)


async def homes(desk: Desk) -> dict[str, list[str]]:
    """What stands in whose thread."""
    names = {one.id: one.name for one in await desk.all(Customer)}
    threads = {one.id: names[one.customer_id] for one in await desk.all(Conversation)}
    found: dict[str, list[str]] = {}
    for message in await desk.all(Message):
        found.setdefault(threads[message.conversation_id], []).append(message.text)
    return found


async def test_behind_a_relay_the_customer_is_whom_reply_to_names_and_only_claimed(desk: Desk) -> None:
    await desk.receive(mail(SHOP, "Welcome", "We sell for you", name="Market"))
    await mark(desk, "relay")
    await desk.receive(relayed("ann"), relayed("bob"), relayed("ann", "Another"))

    assert await homes(desk) == {
        "Market": ["We sell for you"],
        "Ann": ["From ann", "From ann"],
        "Bob": ["From bob"],
    }
    _, ann, *_ = await desk.all(Message)
    assert (ann.author_address, ann.claimed, ann.identity_id) == ("ann@people.test", True, None)
    assert ann.matched_by == {"rule": "relay", "value": "ann@people.test", "by": SHOP}
    assert [one.address for one in await desk.all(Identity)] == [SHOP]
    assert {one.address for one in await desk.all(Claim)} == {"ann@people.test", "bob@people.test"}
    assert len(await desk.all(Case)) == 4  # what is only claimed joins no case


async def test_what_our_own_form_or_group_sends_is_from_whom_reply_to_names(desk: Desk) -> None:
    ours = "support@desk.test"
    person = Address("ann@people.test", "Ann")
    answers = Address(ours.replace("@", "+c.x@"))
    failing = Authentication(dmarc=Verdict.FAIL)
    await desk.receive(
        mail(ours, "Contact form", "From ann", name="Shop", reply_to=person),
        mail(ours, "Our own answer", "From us", name="Shop", reply_to=answers),
        mail(ours, "A copy", "From us, too", name="Shop"),
        mail(ours, "Forged", "From eve", name="Shop", reply_to=person, authentication=failing),
    )

    assert await homes(desk) == {"Ann": ["From ann"]}
    (message,) = await desk.all(Message)
    assert (message.claimed, message.matched_by["by"]) == (True, ours)


async def test_a_forged_mail_of_a_relay_names_nobody(desk: Desk) -> None:
    await desk.receive(mail(SHOP, name="Market"))
    await mark(desk, "relay")
    await desk.receive(relayed("ann", authentication=Authentication(dmarc=Verdict.FAIL)))

    assert list(await homes(desk)) == ["Market"]


async def test_marking_a_relay_gives_its_past_messages_to_the_people_behind_it(desk: Desk) -> None:
    await desk.receive(mail("ann@people.test", "Before", "Directly", name="Ann"))
    await desk.receive(relayed("ann"), relayed("bob"), mail(SHOP, "News", "For all", name="Market"))
    before = await homes(desk)
    await mark(desk, "relay")

    assert await homes(desk) == {
        "Ann": ["Directly", "From ann"],
        "Bob": ["From bob"],
        "Market": ["For all"],
    }
    moved = next(one for one in await desk.all(Message) if one.text == "From bob")
    strand = next(one for one in await desk.all(Strand) if one.id == moved.strand_id)
    case = next(one for one in await desk.all(Case) if one.id == moved.case_id)
    assert moved.claimed and case.claimed and strand.conversation_id == moved.conversation_id
    assert case.status == Status.OPEN and case.waiting_since is not None

    await take_back(desk)
    assert await homes(desk) == before
    back = next(one for one in await desk.all(Message) if one.text == "From bob")
    assert (back.author_address, back.claimed, back.matched_by["rule"]) == (SHOP, False, "identity")
    (market,) = [one for one in await desk.all(Customer) if one.name == "Market"]
    assert market.marks == []


@pytest.mark.parametrize("word", ["shared", "notifications"])
async def test_the_questions_of_a_shared_address_get_a_case_each(desk: Desk, word: str) -> None:
    await desk.receive(mail(SHOP, "One", "1", name="Market"), mail(SHOP, "Two", "2", name="Market"))
    assert len({one.case_id for one in await desk.all(Message)}) == 1
    await mark(desk, word)
    await desk.receive(mail(SHOP, "Three", "3", name="Market"))

    subjects = {one.id: one.subject for one in await desk.all(Case)}
    assert [subjects[one.case_id] for one in await desk.all(Message)] == ["One", "Two", "Three"]


async def test_the_undo_of_a_shared_address_makes_one_case_again(desk: Desk) -> None:
    await desk.receive(mail(SHOP, "One", "1", name="Market"), mail(SHOP, "Two", "2", name="Market"))
    await mark(desk, "shared")
    await take_back(desk)

    assert len({one.case_id for one in await desk.all(Message)}) == 1
    assert sorted(one.status for one in await desk.all(Case)) == [Status.OPEN, Status.RESOLVED]
