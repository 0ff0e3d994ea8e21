"""The sample of a new installation."""

from email.message import EmailMessage

import pytest
from sqlalchemy import select

from inbox.actions import agents as people, channels as ways
from inbox.actions.visitors import keep_token
from inbox.actors import SYSTEM
from inbox.envelopes import ChannelKind
from inbox.intake import RawInput
from inbox.models import Channel, Conversation, IntakeRecord, IntakeState, Message, Role
from inbox.queries.samples import Samples, sample_channels
from tests.web.conftest import Opened, Person
from web.installation import Installation
from web.sample_mail import CUSTOMER_ADDRESS


@pytest.fixture
async def samples(ada: Person, installation: Installation) -> Samples:
    answer = await ada.post("/try")
    assert answer.status_code == 303
    async with installation.database.reading() as session:
        found = await sample_channels(session)
    assert found is not None
    return found


async def conversations(installation: Installation) -> list[Conversation]:
    async with installation.database.reading() as session:
        return list(await session.scalars(select(Conversation)))


async def messages(installation: Installation) -> list[Message]:
    async with installation.database.reading() as session:
        return list(await session.scalars(select(Message).order_by(Message.id)))


async def test_an_empty_inbox_offers_to_try_it_here(ada: Person, maya: Person) -> None:
    assert "Try it here" in (await ada.browser.get("/inbox/mine")).text
    assert "Try it here" not in (await maya.browser.get("/inbox/mine")).text


async def test_once_somebody_has_written_nothing_is_offered(ada: Person, samples: Samples) -> None:
    assert "Try it here" not in (await ada.browser.get("/inbox/mine")).text


async def test_the_sample_begins_with_a_mail(samples: Samples, installation: Installation) -> None:
    (message,) = await messages(installation)

    assert message.author_address == CUSTOMER_ADDRESS
    assert message.channel_id == samples.mailbox.id


async def test_adding_it_twice_changes_nothing(
    ada: Person, samples: Samples, installation: Installation
) -> None:
    await ada.post("/try")

    assert len(await messages(installation)) == 1
    async with installation.database.reading() as session:
        assert len((await session.scalars(select(Channel))).all()) == 3


async def test_each_prepared_mail_is_a_new_one_in_the_same_conversation(
    ada: Person, samples: Samples, installation: Installation
) -> None:
    for number in ("1", "2", "1"):
        answer = await ada.post("/try/mails", data={"number": number})
        assert answer.headers["location"] == "/try?sent=mail"

    assert len(await messages(installation)) == 4
    assert len(await conversations(installation)) == 1


async def test_a_mail_of_ones_own_can_be_dropped_in(
    maya: Person, samples: Samples, installation: Installation
) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Jo <jo@post.example>", "anybody@else.example", "Grüße"
    mail.set_content("This lay on my disk.")

    answer = await maya.post("/try/mails", files={"file": ("old.eml", bytes(mail), "message/rfc822")})

    assert answer.headers["location"] == "/try?sent=mail"
    assert (await messages(installation))[-1].subject == "Grüße"


async def test_a_file_that_is_no_letter_of_a_person_is_kept_apart(
    maya: Person, samples: Samples, installation: Installation
) -> None:
    bounce = b"From: news@list.example\r\nList-Id: <list.example>\r\nPrecedence: bulk\r\n\r\nNews\r\n"
    answer = await maya.post("/try/mails", files={"file": ("list.eml", bounce, "message/rfc822")})

    assert answer.headers["location"] == "/try?sent=held"
    async with installation.database.reading() as session:
        newest = (await session.scalars(select(IntakeRecord).order_by(IntakeRecord.id.desc()))).first()
    assert newest is not None
    assert (newest.state, newest.source, newest.source_ref) == (IntakeState.IGNORED, "sample", "list.eml")


async def test_the_form_comes_to_the_same_conversation_as_a_claim(
    samples: Samples, installation: Installation, opened: Opened
) -> None:
    data = {"name": "Robin", "email": CUSTOMER_ADDRESS, "message": "Where to?", "_next": "/try?sent=form"}
    answer = await opened().post(f"/forms/{samples.form.public_key}", data=data)

    assert answer.headers["location"] == "/try?sent=form"
    assert len(await conversations(installation)) == 1
    assert (await messages(installation))[-1].claimed


async def test_an_agent_may_look_and_write_but_neither_add_nor_remove(maya: Person, samples: Samples) -> None:
    page = (await maya.browser.get("/try")).text

    assert "Remove the sample" not in page
    assert (await maya.post("/try/remove")).status_code == 403
    assert (await maya.post("/try")).status_code == 403


async def test_one_press_takes_all_of_it_away(
    ada: Person, samples: Samples, installation: Installation
) -> None:
    answer = await ada.post("/try/remove")

    assert answer.status_code == 303
    assert await conversations(installation) == []
    async with installation.database.reading() as session:
        assert (await session.scalars(select(Channel))).all() == []
    assert "Try it here" in (await ada.browser.get("/inbox/mine")).text


async def test_without_a_sample_nothing_can_be_dropped_in(maya: Person) -> None:
    assert (await maya.post("/try/mails", data={"number": "1"})).status_code == 404


async def test_the_first_steps_tick_themselves(ada: Person, installation: Installation) -> None:
    page = (await ada.browser.get("/inbox/mine")).text
    assert "Three steps to begin with" in page and "all caught up" not in page
    assert "Done:" not in page
    assert (await ada.browser.get("/first-steps?known=0000")).status_code == 204
    async with installation.database.transaction() as session:
        mailbox = await ways.add_channel(
            session,
            kind=ChannelKind.EMAIL,
            name="Help",
            by=SYSTEM,
            keys=installation.keys,
            address="help@shop.example",
            settings={"imap_url": "imaps://help@imap.shop.example:993"},
        )
    assert (await ada.browser.get("/first-steps?known=0000")).status_code == 204, "nobody has signed in yet"

    async with installation.database.transaction() as session:
        await ways.set_state(session, await session.get_one(Channel, mailbox.id), "ok")
        await people.invite(session, email="t@shop.example", name="Tom", role=Role.AGENT, by=SYSTEM)
        chat = await ways.add_channel(
            session, kind=ChannelKind.WEBCHAT, name="Chat", by=SYSTEM, keys=installation.keys
        )

    fragment = (await ada.browser.get("/first-steps?known=0000")).text
    assert fragment.count("Done:") == 2 and "/settings/channels/new/webchat" in fragment
    async with installation.database.transaction() as session:
        await keep_token(session, channel_id=chat.id, digest="a" * 64, visitor_id="visitor")
    assert (await ada.browser.get("/first-steps?known=1010")).text.count("Done:") == 3


async def test_the_first_steps_stay_beside_the_sample_and_go_with_the_first_message(
    ada: Person, maya: Person, samples: Samples, installation: Installation
) -> None:
    page = (await ada.browser.get("/inbox/all")).text
    assert "Three steps to begin with" in page and "Remove the sample" in page
    assert "Three steps" not in (await maya.browser.get("/inbox/all")).text, "she could take none of them"
    async with installation.database.transaction() as session:
        box = await ways.add_channel(
            session,
            kind=ChannelKind.EMAIL,
            name="Help",
            by=SYSTEM,
            keys=installation.keys,
            address="help@shop.example",
        )
    mail = b"From: i@norte.test\r\nTo: help@shop.example\r\nMessage-ID: <1@norte.test>\r\n\r\nHello\r\n"
    ids = await installation.intake.accept(box.id, "test", [RawInput(content=mail)])
    await installation.intake.file(ids)

    assert "Three steps" not in (await ada.browser.get("/inbox/all")).text
    assert (await ada.browser.get("/first-steps?known=0000")).text == ""
