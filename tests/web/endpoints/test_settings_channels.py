"""Settings → Channels."""

import html
from typing import Any

import pytest
from sqlalchemy import select

from inbox.accounts import account_of, unsealed
from inbox.actions import channels as ways
from inbox.actors import SYSTEM
from inbox.envelopes import ChannelKind
from inbox.models import Channel, Team
from tests.services.launch import free_port
from tests.services.smtp import SmtpSink
from tests.web.conftest import Person
from web.installation import Installation

MAILBOX = {
    "name": "Support",
    "address": "Support@Shop.example",
    "imap_host": "imap.shop.example",
    "imap_user": "support@shop.example",
    "imap_security": "tls",
    "smtp_host": "smtp.shop.example",
    "smtp_port": "2525",
    "smtp_user": "support@shop.example",
    "smtp_security": "starttls",
    "password": " with spaces ",
    "authserv_id": "mx.shop.example",
    "arc_sealers": "Lists.example, old.shop.example",
    "rate_mails": "30",
    "rate_period": "minute",
    "first_connection": "days",
    "first_days": "14",
}


async def only_channel(installation: Installation) -> Channel:
    async with installation.database.reading() as session:
        return (await session.scalars(select(Channel))).one()


async def add(installation: Installation, kind: ChannelKind, name: str = "Shop", **more: Any) -> Channel:
    async with installation.database.transaction() as session:
        return await ways.add_channel(
            session, kind=kind, name=name, by=SYSTEM, keys=installation.keys, **more
        )


async def test_a_mailbox_is_added_with_its_servers_and_a_sealed_password(
    ada: Person, installation: Installation
) -> None:
    answer = await ada.post("/settings/channels/new/email", data=MAILBOX)

    channel = await only_channel(installation)
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/settings/channels/{channel.public_id}"
    account = account_of(channel, installation.keys)
    assert account.address == "support@shop.example"
    assert account.imap_url == "imaps://support%40shop.example@imap.shop.example:993"
    assert account.smtp_url == "smtp://support%40shop.example@smtp.shop.example:2525"
    assert account.password == " with spaces "
    assert channel.settings["first_connection"] == "14"
    assert channel.settings["arc_sealers"] == ["lists.example", "old.shop.example"]
    assert channel.settings["sending_rate"] == "30/minute"
    page = await ada.browser.get(answer.headers["location"])
    assert 'value="lists.example, old.shop.example"' in page.text
    assert 'name="rate_mails" type="text" value="30"' in page.text
    assert '<option value="minute" selected>' in page.text
    assert " with spaces " not in (channel.secrets or "")


async def test_what_was_typed_stays_beside_the_field_that_is_wrong(
    ada: Person, installation: Installation
) -> None:
    answer = await ada.post("/settings/channels/new/email", data=MAILBOX | {"arc_sealers": "everybody"})
    assert answer.status_code == 422 and "Give domains, like lists.example.com." in answer.text
    answer = await ada.post("/settings/channels/new/email", data=MAILBOX | {"rate_mails": "many"})
    assert answer.status_code == 422 and 'id="rate_mails-error"' in answer.text

    answer = await ada.post("/settings/channels/new/email", data=MAILBOX | {"imap_port": "99999"})

    assert answer.status_code == 422
    assert "A port is a number from 1 to 65535." in answer.text
    assert 'value="imap.shop.example"' in answer.text
    assert "with spaces" not in answer.text
    async with installation.database.reading() as session:
        assert await session.scalar(select(Channel.id)) is None


async def test_a_password_that_is_left_empty_stays(ada: Person, installation: Installation) -> None:
    await ada.post("/settings/channels/new/email", data=MAILBOX)
    channel = await only_channel(installation)

    changes = MAILBOX | {"name": "Help desk", "password": "", "smtp_host": ""}
    answer = await ada.post(f"/settings/channels/{channel.public_id}", data=changes)

    changed = await only_channel(installation)
    account = account_of(changed, installation.keys)
    assert answer.status_code == 303
    assert changed.name == "Help desk"
    assert account.password == " with spaces "
    assert account.smtp_url is None


async def test_the_page_of_a_chat_shows_what_goes_into_a_site(
    ada: Person, installation: Installation
) -> None:
    data = {"name": "Shop chat", "origins": "https://shop.example/\n\nhttps://www.shop.example"}
    await ada.post("/settings/channels/new/webchat", data=data)
    channel = await only_channel(installation)

    answer = await ada.browser.get(f"/settings/channels/{channel.public_id}")

    assert channel.settings["origins"] == ["https://shop.example", "https://www.shop.example"]
    assert f"data-channel=&#34;{channel.public_key}&#34; async" in answer.text
    assert unsealed(channel, installation.keys)["identity_secrets"][0] not in answer.text


async def test_the_snippet_carries_the_colour_and_the_greeting_of_a_chat(
    ada: Person, installation: Installation
) -> None:
    data = {"name": "Shop chat", "accent": "#8A2BE2", "teaser": 'Looking for a "lamp" & more?'}
    await ada.post("/settings/channels/new/webchat", data=data)
    channel = await only_channel(installation)
    page = (await ada.browser.get(f"/settings/channels/{channel.public_id}")).text
    snippet = html.unescape(page.partition('id="snippet">')[2].partition("</code>")[0])
    assert 'data-accent="#8a2be2"' in snippet
    assert 'data-greeting="Looking for a &quot;lamp&quot; &amp; more?"' in snippet
    refused = await ada.post(f"/settings/channels/{channel.public_id}", data=data | {"accent": "red;}"})
    assert refused.status_code == 422 and "Write a colour like #0e6e5b." in refused.text


async def test_an_identity_secret_is_shown_once_and_the_one_before_goes_on_working(
    ada: Person, installation: Installation
) -> None:
    chat = await add(installation, ChannelKind.WEBCHAT)
    before = unsealed(chat, installation.keys)["identity_secrets"]

    answer = await ada.post(f"/settings/channels/{chat.public_id}/secret")

    fresh, kept = unsealed(await only_channel(installation), installation.keys)["identity_secrets"]
    assert [kept] == before
    assert fresh in answer.text
    assert fresh not in (await ada.browser.get(f"/settings/channels/{chat.public_id}")).text


async def test_an_identity_secret_that_was_removed_proves_nothing_any_more(
    ada: Person, installation: Installation
) -> None:
    chat = await add(installation, ChannelKind.WEBCHAT)
    here = f"/settings/channels/{chat.public_id}"
    (only,) = ways.identity_secrets(chat, installation.keys)
    assert (await ada.post(f"{here}/secret/{only}/remove")).status_code == 422
    await ada.post(f"{here}/secret")
    page = (await ada.browser.get(here)).text
    assert f"<code>{only}</code>" in page and "the newest" in page

    await ada.post(f"{here}/secret/{only}/remove")

    channel = await only_channel(installation)
    (left,) = ways.identity_secrets(channel, installation.keys)
    assert left != only
    assert only not in (await ada.browser.get(here)).text


async def test_a_chat_takes_signed_identities_only_where_its_page_says_so(
    ada: Person, installation: Installation
) -> None:
    chat = await add(installation, ChannelKind.WEBCHAT)
    here = f"/settings/channels/{chat.public_id}"

    await ada.post(here, data={"name": "Shop", "identity_required": "yes"})
    assert (await only_channel(installation)).settings["identity_required"] is True

    await ada.post(here, data={"name": "Shop"})
    assert "identity_required" not in (await only_channel(installation)).settings


def questions(*rows: tuple[str, str, str, str, str]) -> dict[str, list[str]]:
    names = ("field_label", "field_name", "field_type", "field_required", "field_options")
    return {name: [row[index] for row in rows] for index, name in enumerate(names)}


ORDER = ("Order number", "", "text", "yes", "")
WISH = ("What would you like?", "wish", "select", "no", "Refund\n\nRepair ")


async def test_a_form_asks_its_own_questions_in_their_order(ada: Person, installation: Installation) -> None:
    await ada.post("/settings/channels/new/form", data={"name": "Returns", **questions(WISH, ORDER)})

    channel = await only_channel(installation)
    assert channel.settings["fields"] == [
        {
            "name": "wish",
            "label": "What would you like?",
            "type": "select",
            "required": False,
            "options": ["Refund", "Repair"],
        },
        {"name": "order_number", "label": "Order number", "type": "text", "required": True},
    ]


@pytest.mark.parametrize(
    ("button", "labels"),
    [
        ("up:1", ["Order number", "What would you like?"]),
        ("down:0", ["Order number", "What would you like?"]),
        ("remove:0", ["Order number"]),
        ("down:1", ["What would you like?", "Order number"]),
        ("up:77", ["What would you like?", "Order number"]),
    ],
)
async def test_questions_move_by_buttons_that_save_nothing(
    button: str, labels: list[str], ada: Person, installation: Installation
) -> None:
    form = await add(installation, ChannelKind.FORM, settings={"fields": [{"name": "a", "label": "Before"}]})

    data = {"name": "Returns", "row": button, **questions(WISH, ORDER)}
    answer = await ada.post(f"/settings/channels/{form.public_id}", data=data)

    shown = [label for label in ("What would you like?", "Order number") if f'value="{label}"' in answer.text]
    shown.sort(key=answer.text.index)
    assert answer.status_code == 200
    assert shown == labels
    assert (await only_channel(installation)).settings["fields"] == [{"name": "a", "label": "Before"}]


async def test_a_choice_without_answers_is_refused(ada: Person, installation: Installation) -> None:
    rows = questions(("Colour", "", "select", "no", ""))
    answer = await ada.post("/settings/channels/new/form", data={"name": "Returns", **rows})

    assert answer.status_code == 422
    assert "Colour: write the answers it offers" in answer.text


async def test_a_channel_goes_to_the_team_that_was_chosen(ada: Person, installation: Installation) -> None:
    async with installation.database.transaction() as session:
        team = Team(name="Returns", slug="returns")
        session.add(team)
    await ada.post("/settings/channels/new/webchat", data={"name": "Chat", "team": team.public_id})
    channel = await only_channel(installation)
    assert channel.default_team_id == team.id

    await ada.post(f"/settings/channels/{channel.public_id}", data={"name": "Chat", "team": ""})

    assert (await only_channel(installation)).default_team_id is None


async def test_a_channel_is_switched_off_and_on(ada: Person, installation: Installation) -> None:
    chat = await add(installation, ChannelKind.WEBCHAT)

    await ada.post(f"/settings/channels/{chat.public_id}/deactivate")
    assert (await only_channel(installation)).deactivated_at is not None
    assert "Switched off" in (await ada.browser.get("/settings/channels")).text

    await ada.post(f"/settings/channels/{chat.public_id}/activate")
    assert (await only_channel(installation)).deactivated_at is None


async def test_check_now_says_what_is_wrong(ada: Person, installation: Installation) -> None:
    servers = {"imap_url": f"imap://127.0.0.1:{free_port()}"}
    mailbox = await add(installation, ChannelKind.EMAIL, address="help@shop.example", settings=servers)

    answer = await ada.post(f"/settings/channels/{mailbox.public_id}/check")

    assert answer.status_code == 200
    assert "IMAP: " in answer.text


async def test_a_check_that_succeeds_names_a_login_that_may_not_sign_for_the_mailbox(
    ada: Person, installation: Installation, smtp_sink: SmtpSink
) -> None:
    servers = {"smtp_url": smtp_sink.url.replace("://", "://shop%40gmail.example@")}
    mailbox = await add(
        installation, ChannelKind.EMAIL, address="help@shop.example", settings=servers, password="pw"
    )

    answer = await ada.post(f"/settings/channels/{mailbox.public_id}/check")

    assert "Signing in worked." in answer.text
    assert "It signs in at gmail.example but writes as help@shop.example." in answer.text


async def test_the_list_says_why_a_channel_fails(ada: Person, installation: Installation) -> None:
    mailbox = await add(installation, ChannelKind.EMAIL, address="help@shop.example")
    async with installation.database.transaction() as session:
        stored = await session.get_one(Channel, mailbox.id)
        await ways.set_state(session, stored, "auth_failed", "The server refused the password.")

    answer = await ada.browser.get("/settings/channels")

    assert "Sign-in failed" in answer.text
    assert "The server refused the password." in answer.text
