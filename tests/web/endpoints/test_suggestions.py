"""Cards that agents answer, and mail that an agent has passed on."""

import json
import re

import pytest
from sqlalchemy import select

from inbox.actions import channels as ways
from inbox.actors import SYSTEM
from inbox.envelopes import ChannelKind
from inbox.models import Channel, Conversation, Customer, Message, Note, Suggestion
from tests.web.conftest import Person
from tests.web.endpoints.conftest import SCRIPT
from web.installation import Installation

INES = (
    b"From: =?utf-8?q?In=C3=AAs?= <ines@norte.test>\r\nTo: help@shop.example\r\nSubject: Lamp\r\n"
    b"Message-ID: <lamp@norte.test>\r\n\r\nWhere is my lamp?\r\n"
)
PASSED_ON = (
    b"Authentication-Results: mx.shop.example; dmarc=pass header.from=shop.example\r\n"
    b"From: Maya <maya@shop.example>\r\nTo: help@shop.example\r\nSubject: Fwd: Cracked lamp\r\n"
    b"Message-ID: <fwd@shop.example>\r\n\r\n"
    b"She called, too.\r\n\r\n---------- Forwarded message ---------\r\nFrom: Ines <ines@norte.test>\r\n"
    b"Date: Fri, 20 Nov 2026 at 09:31\r\nSubject: Cracked lamp\r\nTo: <maya@shop.example>\r\n\r\n"
    b"It came cracked.\r\n"
)
UNPROVED = PASSED_ON.split(b"\r\n", 1)[1]


@pytest.fixture
async def mailbox(installation: Installation, maya: Person) -> Channel:
    async with installation.database.transaction() as session:
        return await ways.add_channel(
            session,
            kind=ChannelKind.EMAIL,
            name="Help",
            address="help@shop.example",
            settings={"authserv_id": "mx.shop.example"},
            by=SYSTEM,
            keys=installation.keys,
        )


async def home_of(installation: Installation, text: str) -> tuple[str, str]:
    """The page of the thread in which a message with this text stands, and whose thread it is."""
    async with installation.database.reading() as session:
        query = select(Conversation.public_id, Customer.name).join(
            Message, Message.conversation_id == Conversation.id
        )
        query = query.join(Customer, Customer.id == Conversation.customer_id)
        public_id, name = (await session.execute(query.where(Message.text.contains(text)))).one()
    return f"/conversations/{public_id}", name


async def test_what_an_agent_forwards_stands_with_its_writer_and_can_be_taken_back(
    maya: Person, mailbox: Channel, installation: Installation
) -> None:
    for raw in (INES, PASSED_ON):
        await installation.intake.submit(mailbox.id, "lmtp", raw)
    path, owner = await home_of(installation, "It came cracked")
    page = (await maya.browser.get(path)).text
    assert owner == "Inês" and "Where is my lamp?" in page
    assert "Forwarded by Maya Okafor" in page and "She called, too." in page
    back = re.search(r'"(/messages/\w+)/unforward"', page)
    assert back is not None
    menu = (await maya.browser.get(f"{back[1]}/menu", headers=SCRIPT)).text
    assert "it says that ines@norte.test wrote it" in " ".join(menu.split())

    answer = await maya.post(f"{back[1]}/unforward", headers=SCRIPT)

    assert answer.status_code == 204
    path, owner = await home_of(installation, "It came cracked")
    page = (await maya.browser.get(path)).text
    assert owner == "Maya Okafor" and "Whose mail is it?" in page and "Forwarded message" in page


async def test_in_doubt_the_card_offers_the_writer_another_and_the_agent(
    maya: Person, mailbox: Channel, installation: Installation
) -> None:
    for raw in (INES, UNPROVED):
        await installation.intake.submit(mailbox.id, "lmtp", raw)
    path, owner = await home_of(installation, "It came cracked")
    assert owner == "Maya"
    page = (await maya.browser.get(path)).text
    assert "File with Ines" in page and "s own</button>" in page
    card = re.search(r'"(/suggestions/\w+)"', page)
    assert card is not None
    choice = (await maya.browser.get(f"{card[1]}?q=In")).text
    assert 'value="ines@norte.test"' in choice and "File with Inês" in choice

    answer = await maya.post(card[1], data={"decision": "forwarded", "address": "x"})
    assert answer.status_code == 422
    answer = await maya.post(card[1], data={"decision": "forwarded"}, headers=SCRIPT)

    undo = json.loads(answer.headers["hx-trigger"])["toast"]["undo"]
    assert (await home_of(installation, "It came cracked"))[1] == "Inês"
    async with installation.database.reading() as session:
        assert (await session.scalars(select(Note.text))).all() == ["She called, too."]
    await maya.post(undo)
    assert (await home_of(installation, "It came cracked"))[1] == "Maya"
    async with installation.database.reading() as session:
        assert (await session.scalars(select(Suggestion.state))).all() == ["open"]


async def test_a_customer_who_forwards_a_mail_stays_its_sender(
    maya: Person, mailbox: Channel, installation: Installation
) -> None:
    raw = PASSED_ON.replace(b"Maya <maya@shop.example>", b"Eve <eve@evil.test>")
    await installation.intake.submit(mailbox.id, "lmtp", raw)

    path, owner = await home_of(installation, "It came cracked")
    assert owner == "Eve" and "Whose mail is it?" not in (await maya.browser.get(path)).text


async def test_the_same_mail_through_two_mailboxes_is_one_message_and_says_so(
    maya: Person, mailbox: Channel, installation: Installation
) -> None:
    async with installation.database.transaction() as session:
        second = await ways.add_channel(
            session,
            kind=ChannelKind.EMAIL,
            name="Sales",
            address="sales@shop.example",
            by=SYSTEM,
            keys=installation.keys,
        )
    for channel in (mailbox, second, second):
        await installation.intake.submit(channel.id, "lmtp", INES)

    path, _ = await home_of(installation, "Where is my lamp?")
    assert "Came through Help and Sales" in " ".join((await maya.browser.get(path)).text.split())


async def test_a_strangers_answer_is_decided_on_its_card_and_the_decision_undone(
    maya: Person, mailbox: Channel, installation: Installation
) -> None:
    answers = (
        b"From: Jane <jane@mail.test>\r\nIn-Reply-To: <lamp@norte.test>\r\nMessage-ID: <j@mail.test>\r\n"
    )
    await installation.intake.submit(mailbox.id, "lmtp", INES)
    await installation.intake.submit(mailbox.id, "lmtp", answers + b"Subject: Re: Lamp\r\n\r\nI have it.\r\n")
    thread, _ = await home_of(installation, "Where is my lamp?")
    card = re.search(r'"(/suggestions/\w+)"', (await maya.browser.get(thread)).text)
    assert card is not None
    for decision, owner in (("colleague", "Inês"), ("same_person", "Inês"), ("someone_else", "Jane")):
        answer = await maya.post(card[1], data={"decision": decision}, headers=SCRIPT)
        assert (await home_of(installation, "I have it."))[1] == owner, decision

        await maya.post(json.loads(answer.headers["hx-trigger"])["toast"]["undo"])

        assert (await home_of(installation, "I have it."))[1] == "Jane", decision
        async with installation.database.reading() as session:
            assert (await session.scalars(select(Suggestion.state))).all() == ["open"], decision


async def test_a_mail_that_may_hold_a_code_to_sign_in_with_says_so(
    maya: Person, mailbox: Channel, installation: Installation
) -> None:
    raw = INES.replace(b"ines@norte.test", b"no-reply@mail.slack.com")
    await installation.intake.submit(mailbox.id, "lmtp", raw)

    path, _ = await home_of(installation, "Where is my lamp?")
    assert "May hold a code for signing in" in (await maya.browser.get(path)).text
