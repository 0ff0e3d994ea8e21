"""What a mailbox's pages show beside its fields."""

from dataclasses import replace

import pytest

from channels.email.domain_names import TextRecords
from inbox.actions.channels import set_state
from inbox.envelopes import ChannelKind
from inbox.queries import channels
from tests.web.conftest import Person
from tests.web.endpoints.test_settings_channels import add
from web.installation import Installation


@pytest.fixture
def installation(installation: Installation) -> Installation:
    """One whose domain name system knows one record."""

    async def look(name: str) -> TextRecords:
        return TextRecords(("v=spf1 include:_spf.google.com ~all",) if name == "shop.example" else ())

    return replace(installation, look=look)


async def test_a_mailbox_shows_what_its_domain_publishes_for_receivers(
    ada: Person, installation: Installation
) -> None:
    settings = {"smtp_url": "smtps://smtp.gmail.com:465"}
    channel = await add(installation, ChannelKind.EMAIL, address="help@shop.example", settings=settings)
    here = f"/settings/channels/{channel.public_id}"

    step = (await ada.browser.get(f"{here}/steps/sending")).text
    rows = (await ada.browser.get(f"{here}/records")).text
    plain = (await ada.browser.get(f"{here}/steps/sending?look=1")).text
    assert f'hx-get="{here}/records" hx-trigger="load"' in step and "_dmarc" not in step
    for shown in (rows, plain):
        assert "It names include:_spf.google.com." in shown and "_dmarc.shop.example" in shown
        assert "In place" in shown and "v=DMARC1; p=none" in shown

    async with installation.database.transaction() as session:
        stored = await channels.by_id(session, channel.public_id)
        stored.settings = {}
    assert "This mailbox sends nothing" in (await ada.browser.get(f"{here}/records")).text
    private = await add(installation, ChannelKind.EMAIL, "Ours", address="shop@gmail.com", settings=settings)
    of_private = await ada.browser.get(f"/settings/channels/{private.public_id}/records")
    assert "gmail.com belongs to your mail provider" in of_private.text
    chat = await add(installation, ChannelKind.WEBCHAT, "Chat")
    assert (await ada.browser.get(f"/settings/channels/{chat.public_id}/records")).status_code == 404


async def test_admins_see_on_every_page_that_a_channel_is_in_trouble_and_others_do_not(
    ada: Person, maya: Person, installation: Installation
) -> None:
    calm = (await ada.browser.get("/inbox/mine")).text
    channel = await add(installation, ChannelKind.EMAIL, address="help@shop.example")
    async with installation.database.transaction() as session:
        stored = await channels.by_id(session, channel.public_id)
        await set_state(session, stored, "auth_failed", "535 5.7.8 No <b>")

    for page in ("/inbox/mine", "/settings/profile"):
        shown = (await ada.browser.get(page)).text
        assert "<b>Shop</b> It does not work: 535 5.7.8 No &lt;b&gt;" in shown
        assert f'href="/settings/channels/{channel.public_id}">See to it' in shown
    assert "See to it" not in calm + (await maya.browser.get("/inbox/mine")).text
