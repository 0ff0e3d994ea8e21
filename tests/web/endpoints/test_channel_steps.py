"""Setting a channel up step by step."""

import re

import pytest

from inbox.clock import FrozenClock
from inbox.envelopes import ChannelKind
from inbox.intake import RawInput
from inbox.models import Channel, VisitorToken
from inbox.queries import channels
from tests.web.conftest import Person
from tests.web.endpoints.test_settings_channels import ORDER, add, only_channel, questions
from web.channel_steps import STEPS
from web.installation import Installation


def mail(to: str, *, date: str = "Fri, 20 Nov 2026 09:31:00 +0000") -> bytes:
    return (
        f"From: Ines <ines@norte.test>\r\nTo: {to}\r\nSubject: Is this on?\r\nMessage-ID: <t1@norte.test>\r\n"
        f"Date: {date}\r\n\r\nTesting.\r\n"
    ).encode()


async def as_stored(installation: Installation, channel: Channel) -> Channel:
    async with installation.database.reading() as session:
        return await channels.by_id(session, channel.public_id)


async def test_a_mailbox_is_set_up_in_steps_that_keep_what_the_others_asked(
    ada: Person, installation: Installation
) -> None:
    kinds = await ada.browser.get("/settings/channels/new")
    assert "/settings/channels/new/email" in kinds.text
    first = await ada.browser.get("/settings/channels/new/email")
    assert 'name="address"' in first.text and "imap_host" not in first.text

    answer = await ada.post(
        "/settings/channels/new/email",
        data={"stepwise": "1", "name": "Help", "address": "help@shop.example"},
    )
    channel = await only_channel(installation)
    here = f"/settings/channels/{channel.public_id}"
    assert answer.headers["location"] == f"{here}/steps/connection"

    answer = await ada.post(
        f"{here}/steps/connection",
        data={"imap_host": "imap.shop.example", "imap_user": "help", "password": "p", "first_days": "9"}
        | {"first_connection": "days"},
    )
    assert answer.headers["location"] == f"{here}/steps/check"
    await ada.post(f"{here}/steps/address", data={"name": "Support", "imap_host": "elsewhere.example"})

    stored = await as_stored(installation, channel)
    assert (stored.name, stored.address) == ("Support", "help@shop.example")
    assert stored.settings["imap_url"] == "imaps://help@imap.shop.example:993"
    assert stored.settings["first_connection"] == "9"


async def test_what_a_step_cannot_use_stays_to_be_put_right(ada: Person, installation: Installation) -> None:
    channel = await add(installation, ChannelKind.EMAIL, address="help@shop.example")

    answer = await ada.post(
        f"/settings/channels/{channel.public_id}/steps/connection",
        data={"imap_host": "imap.shop.example", "imap_port": "99999"},
    )

    assert answer.status_code == 422
    assert "A port is a number from 1 to 65535." in answer.text
    assert 'value="imap.shop.example"' in answer.text
    assert "imap_url" not in (await as_stored(installation, channel)).settings


async def test_the_steps_of_a_chat_and_of_a_form_leave_each_others_fields_alone(
    ada: Person, installation: Installation
) -> None:
    chat = await add(installation, ChannelKind.WEBCHAT, "Chat", settings={"origins": ["https://a.example"]})
    here = f"/settings/channels/{chat.public_id}/steps"
    await ada.post(f"{here}/look", data={"name": "Chat", "greeting": "Hello", "topics": "One\nTwo"})
    await ada.post(f"{here}/questions", data={"ask_email": "required", "continuity_minutes": "5"})
    settings = (await as_stored(installation, chat)).settings
    assert settings["origins"] == ["https://a.example"] and settings["topics"] == ["One", "Two"]
    assert (settings["ask_email"], settings["continuity_seconds"]) == ("required", 300)

    rows = questions(ORDER)
    await ada.post("/settings/channels/new/form", data={"stepwise": "1", "name": "Returns", **rows})
    async with installation.database.reading() as session:
        form = await channels.by_name(session, "Returns")
    here = f"/settings/channels/{form.public_id}/steps"
    answer = await ada.post(f"{here}/words", data={"thanks": "Thanks a lot."})
    assert answer.headers["location"] == f"{here}/check"
    settings = (await as_stored(installation, form)).settings
    assert settings["thanks"] == "Thanks a lot." and [one["label"] for one in settings["fields"]] == [
        "Order number"
    ]
    moved = await ada.post(f"{here}/questions", data={"name": "Returns", "row": "add", **rows})
    assert moved.status_code == 200 and "Question 2" in moved.text


async def test_the_check_shows_a_test_message_as_soon_as_it_is_there(
    ada: Person, installation: Installation
) -> None:
    channel = await add(installation, ChannelKind.EMAIL, address="help@shop.example")
    here = f"/settings/channels/{channel.public_id}"
    waiting = await ada.browser.get(f"{here}/steps/check")
    assert "Waiting for a test message" in waiting.text and "every 2s" in waiting.text
    known = {"known": "ok|||"}
    assert (await ada.browser.get(f"{here}/arrival", params=known)).status_code == 204

    ids = await installation.intake.accept(channel.id, "test", [RawInput(content=mail("help@shop.example"))])
    await installation.intake.file(ids)

    answer = await ada.browser.get(f"{here}/arrival", params=known)
    assert "It arrived." in answer.text and "“Is this on?” by Ines" in answer.text
    assert 'href="/cases/1001"' in answer.text and "every 2s" not in answer.text
    assert "something has come in by it" in (await ada.browser.get(f"{here}/steps/done")).text


async def test_the_check_says_why_a_test_message_became_none(ada: Person, installation: Installation) -> None:
    channel = await add(installation, ChannelKind.EMAIL, address="help@shop.example")
    ids = await installation.intake.accept(channel.id, "test", [RawInput(content=b"\r\n")])
    await installation.intake.file(ids)

    answer = await ada.browser.get(f"/settings/channels/{channel.public_id}/steps/check")

    assert "Something came in and could not be read." in answer.text
    assert "every 2s" in answer.text, "the next one may be better"


async def test_there_are_no_other_steps(ada: Person, installation: Installation) -> None:
    channel = await add(installation, ChannelKind.FORM, "Returns")
    here = f"/settings/channels/{channel.public_id}/steps"
    assert (await ada.browser.get(f"{here}/connection")).status_code == 404
    assert (await ada.post(f"{here}/check")).status_code == 404


@pytest.mark.parametrize("kind", list(ChannelKind))
async def test_a_step_keeps_every_field_that_its_page_asks(
    ada: Person, installation: Installation, kind: ChannelKind
) -> None:
    channel = await add(installation, kind, address="a@shop.example" if kind == ChannelKind.EMAIL else None)
    for step in STEPS[kind]:
        page = await ada.browser.get(f"/settings/channels/{channel.public_id}/steps/{step.name}")
        main = page.text.partition('id="main"')[2].partition("</main>")[0]
        asked = set(re.findall(r'<(?:input|select|textarea)[^>]* name="([a-z_]+)"', main)) - {"csrf_token"}
        assert asked == step.fields - {"address"}, step.name


async def test_a_new_form_begins_with_questions_in_the_language_of_whoever_makes_it(ada: Person) -> None:
    await ada.post("/settings/profile", data={"name": "Ada Moss", "language": "de"})

    page = (await ada.browser.get("/settings/channels/new/form")).text

    assert 'value="Ihr Name"' in page and 'value="Nachricht"' in page
    assert 'value="message"' in page, "the name of its input stays"


async def test_the_list_says_how_much_comes_in(
    ada: Person, installation: Installation, clock: FrozenClock
) -> None:
    mailbox = await add(installation, ChannelKind.EMAIL, "Help", address="help@shop.example")
    chat = await add(installation, ChannelKind.WEBCHAT, "Chat")
    ids = await installation.intake.accept(mailbox.id, "test", [RawInput(content=mail("help@shop.example"))])
    await installation.intake.file(ids)
    async with installation.database.transaction() as session:
        for number, page in enumerate(("https://a.example/x", "https://a.example/y", "https://b.example/")):
            session.add(
                VisitorToken(
                    channel_id=chat.id,
                    visitor_id=f"v{number}",
                    digest=f"{number:064}",
                    page=page,
                    last_seen_at=clock(),
                )
            )

    now = (await ada.browser.get("/settings/channels")).text
    clock.advance(days=8)
    later = (await ada.browser.get("/settings/channels")).text

    assert "1 this week" in now and "seen on 2 sites today" in now
    assert "this week" not in later and "today" not in later
