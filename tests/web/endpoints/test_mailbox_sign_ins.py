"""Settings → Channels → a mailbox at a provider: connect, come back, and see how it is."""

from collections.abc import AsyncIterator
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from sqlalchemy import select

from inbox.accounts import grant_of, unsealed
from inbox.actions import channels as ways
from inbox.actions.grants import break_grant
from inbox.actors import SYSTEM
from inbox.envelopes import ChannelKind
from inbox.models import Channel, IntakeRecord, IntakeState, MailboxPosition, Role
from tests.services.authorization import AuthorizationServer
from tests.web.conftest import NewPerson, Person
from web.installation import Installation


@pytest.fixture
async def provider() -> AsyncIterator[AuthorizationServer]:
    async with AuthorizationServer("support@shop.example").open() as server:
        yield server


@pytest.fixture
def installation(installation: Installation, provider: AuthorizationServer) -> Installation:
    """One whose operator has named the provider."""
    settings = installation.settings.model_copy(update=provider.settings)
    return replace(installation, settings=settings)


@pytest.fixture
async def mailbox(installation: Installation) -> Channel:
    async with installation.database.transaction() as session:
        return await ways.add_channel(
            session,
            kind=ChannelKind.EMAIL,
            name="Support",
            address="support@shop.example",
            settings={"sign_in": "other", "imap_url": "imap://127.0.0.1"},
            by=SYSTEM,
            keys=installation.keys,
        )


async def consent(ada: Person, mailbox: Channel, pressed_on: str = "") -> httpx2.URL:
    """Press Connect and consent; answers where the provider sends the browser back to."""
    to_provider = await ada.browser.get(f"/settings/channels/{mailbox.public_id}/sign-in{pressed_on}")
    assert to_provider.status_code == 303
    async with httpx2.AsyncClient() as browser:
        return httpx2.URL((await browser.get(to_provider.headers["location"])).headers["location"])


async def test_a_mailbox_is_connected_by_consent(
    ada: Person, installation: Installation, provider: AuthorizationServer, mailbox: Channel
) -> None:
    page = f"/settings/channels/{mailbox.public_id}"
    before = (await ada.browser.get(page)).text
    answer = await ada.browser.get((await consent(ada, mailbox)).raw_path.decode())
    after = (await ada.browser.get(page)).text

    assert answer.headers["location"] == f"{page}?saved=1"
    assert "Nobody has signed in" in before and f"{page}/sign-in" in before
    assert "/settings/mailbox-sign-in" in before and "Mail &amp; Co" in before
    assert "Signed in, without a password" in after
    async with installation.database.reading() as session:
        grant = await grant_of(session, mailbox.id, installation.keys)
    assert grant is not None and grant.access_token in provider.access
    assert grant.access_token not in after


async def test_who_connects_while_setting_up_comes_back_to_that_step(ada: Person, mailbox: Channel) -> None:
    step = f"/settings/channels/{mailbox.public_id}/steps/check"
    assert f"/settings/channels/{mailbox.public_id}/sign-in?step=1" in (await ada.browser.get(step)).text
    back = await consent(ada, mailbox, "?step=1")
    refused = await ada.browser.get(
        "/settings/mailbox-sign-in",
        params={"error": "denied", "state": parse_qs(urlsplit(str(back)).query)["state"][0]},
    )
    connected = await ada.browser.get(back.raw_path.decode())

    assert refused.status_code == 422 and "let nobody in (denied)" in refused.text
    assert "Waiting for a test message" in refused.text
    assert connected.headers["location"] == step


async def test_what_was_taken_back_says_that_it_has_to_be_connected_again(
    ada: Person, installation: Installation, mailbox: Channel
) -> None:
    await ada.browser.get((await consent(ada, mailbox)).raw_path.decode())
    async with installation.database.transaction() as session:
        await break_grant(session, mailbox.id, "Mail & Co refused the sign-in.")

    page = (await ada.browser.get(f"/settings/channels/{mailbox.public_id}")).text
    assert "Reconnect needed" in page and "Connect again" in page


async def test_only_who_began_may_bring_the_answer_and_only_once(
    ada: Person, installation: Installation, new_person: NewPerson, mailbox: Channel
) -> None:
    other = await new_person("Bob Stone", role=Role.ADMIN)
    back = (await consent(ada, mailbox)).raw_path.decode()

    assert (await other.browser.get(back)).status_code == 422
    assert (await ada.browser.get("/settings/mailbox-sign-in?code=x&state=forged")).status_code == 422
    assert (await ada.browser.get(back)).status_code == 303
    assert "refused the sign-in" in (await ada.browser.get(back)).text


async def test_who_refuses_consent_is_told_so_on_the_page(ada: Person, mailbox: Channel) -> None:
    state = parse_qs(urlsplit(str(await consent(ada, mailbox))).query)["state"][0]
    answer = await ada.browser.get(
        "/settings/mailbox-sign-in", params={"error": "access_denied<b>", "state": state}
    )
    assert "let nobody in (access_denied&lt;b&gt;)" in answer.text


async def test_a_mailbox_at_google_needs_neither_servers_nor_the_installations_registration(
    ada: Person, installation: Installation
) -> None:
    fields = {"name": "G", "address": "g@shop.example", "sign_in": "google", "client_id": "own.apps"}
    await ada.post("/settings/channels/new/email", data=fields | {"client_secret": "hush", "password": "x"})

    async with installation.database.reading() as session:
        channel = (await session.scalars(select(Channel))).one()
    assert channel.settings["imap_url"] == "imaps://imap.gmail.com:993"
    assert channel.settings["smtp_url"] == "smtps://smtp.gmail.com:465"
    assert unsealed(channel, installation.keys)["client_secret"] == "hush"
    onward = await ada.browser.get(f"/settings/channels/{channel.public_id}/sign-in")
    assert "accounts.google.com" in onward.headers["location"] and "own.apps" in onward.headers["location"]
    assert "hush" not in (await ada.browser.get(f"/settings/channels/{channel.public_id}")).text


async def test_without_a_registration_connecting_says_what_is_missing(
    ada: Person, installation: Installation
) -> None:
    fields = {"name": "M", "address": "m@shop.example", "sign_in": "microsoft"}
    made = await ada.post("/settings/channels/new/email", data=fields)

    answer = await ada.browser.get(made.headers["location"] + "/sign-in")
    assert answer.status_code == 422 and "Register Onethread with Microsoft first" in answer.text


async def test_the_history_of_a_first_connection_shows_how_far_it_is(
    ada: Person, installation: Installation, mailbox: Channel
) -> None:
    async with installation.database.transaction() as session:
        channel = await session.get_one(Channel, mailbox.id)
        channel.settings = {**channel.settings, "first_connection": "all"}
        position = MailboxPosition(channel_id=mailbox.id, folder="INBOX", uid_validity=7, last_uid=50)
        position.history_until_uid, position.history_from_uid = 200, 0
        session.add(position)
        session.add_all(history_record(mailbox, state) for state in (IntakeState.FILED, IntakeState.RECEIVED))
    page = f"/settings/channels/{mailbox.public_id}"
    half_way = (await ada.browser.get(page)).text
    async with installation.database.transaction() as session:
        (await session.get_one(MailboxPosition, position.id)).last_uid = 201
        for stored in await session.scalars(select(IntakeRecord)):
            stored.state = IntakeState.FILED
    done = (await ada.browser.get(f"{page}/history")).text

    assert 'value="25"' in half_way and "2 mails, 1 of them not sorted in yet" in half_way
    assert f'hx-get="{page}/history"' in half_way
    assert "All of it is here: 2 mails" in done and "hx-get" not in done


async def test_a_mailbox_that_began_from_now_on_has_no_history_to_show(
    ada: Person, installation: Installation, mailbox: Channel
) -> None:
    async with installation.database.transaction() as session:
        position = MailboxPosition(channel_id=mailbox.id, folder="INBOX", uid_validity=7, last_uid=50)
        position.history_until_uid, position.history_from_uid = 50, 50
        session.add(position)
    assert "<progress" not in (await ada.browser.get(f"/settings/channels/{mailbox.public_id}")).text


async def test_a_refused_login_shows_that_sending_is_paused(
    ada: Person, installation: Installation, mailbox: Channel
) -> None:
    async with installation.database.transaction() as session:
        channel = await session.get_one(Channel, mailbox.id)
        channel.sending_text = "The mail server refused the login: 5.7.8 no"
        await ways.set_state(session, channel, "ok")
        assert (channel.state, channel.state_text) == ("auth_failed", channel.sending_text)
    page = f"/settings/channels/{mailbox.public_id}"
    paused = (await ada.browser.get(page)).text
    await ada.post(
        page, data={"name": "Support", "sign_in": "other", "imap_host": "127.0.0.1", "password": "n"}
    )
    mended = (await ada.browser.get(page)).text

    assert (
        "Sending is paused: The mail server refused the login" in paused and "Sending paused</span>" in paused
    )
    assert "paused" not in mended and "Connecting</span>" in mended


def history_record(mailbox: Channel, state: IntakeState) -> IntakeRecord:
    return IntakeRecord(
        channel_id=mailbox.id, state=state, digest="0" * 64, size=1, source="imap", is_history=True
    )
