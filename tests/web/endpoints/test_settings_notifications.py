"""Settings → Notifications, as plain forms."""

import pytest
from selectolax.lexbor import LexborHTMLParser as HTMLParser

from inbox.actions.push_subscriptions import MOST_DEVICES
from inbox.db import Database
from inbox.models import NotificationChoices, NotificationKind
from inbox.notification_cells import USUAL, Alert, Cell, Sound, chosen
from inbox.queries.agents import sessions_of
from inbox.queries.notification_choices import choices_of, row_of, texts_may_leave
from inbox.queries.push_subscriptions import of_agent
from tests.services.push import Receiver
from tests.web.conftest import Person
from tests.web.endpoints.conftest import SCRIPT
from web.push_encryption import read, written

PATH = "/settings/notifications"


def form_of(text: str) -> dict[str, str]:
    """What the form would send as it stands."""
    sent: dict[str, str] = {}
    for field in HTMLParser(text).css(f'form[action="{PATH}"] [name]'):
        name, kind = field.attributes["name"] or "", field.attributes.get("type")
        if field.tag == "select":
            options = field.css("option")
            chosen_one = next((one for one in options if "selected" in one.attributes), options[0])
            sent[name] = chosen_one.attributes["value"] or ""
        elif kind != "checkbox" or "checked" in field.attributes:
            sent[name] = field.attributes.get("value") or ""
    return sent


async def test_the_form_begins_with_what_is_usual_and_saving_it_changes_nothing(
    maya: Person, sqlite_database: Database
) -> None:
    page = await maya.browser.get(PATH)
    answer = await maya.post(PATH, data=form_of(page.text))

    assert (answer.status_code, answer.headers["location"]) == (303, f"{PATH}?saved=1")
    async with sqlite_database.reading() as session:
        row = await row_of(session, maya.agent.id)
    assert row is not None and row.cells == {} and chosen(row).cells == USUAL
    assert "Saved." in (await maya.browser.get(f"{PATH}?saved=1")).text


async def test_every_cell_sound_and_quiet_hours_can_be_changed(
    maya: Person, sqlite_database: Database
) -> None:
    sent = form_of((await maya.browser.get(PATH)).text)
    del sent["message_in_app"], sent["has_sound"]
    sent |= {"message_sound": "ring", "message_alert": "never", "message_mail": "60"}
    sent |= {"email_in_app": "yes", "mention_mail": ""}
    sent |= {"quiet_from": "22:00", "quiet_until": "07:00", "time_zone": "Europe/Lisbon"}
    await maya.post(PATH, data=sent)

    async with sqlite_database.reading() as session:
        found = (await choices_of(session, [maya.agent.id]))[maya.agent.id]
    assert found.cell("message") == Cell(False, Sound.RING, Alert.NEVER, 60)
    assert found.cell("mention").mail_after is None
    assert found.cell("email").in_app and not found.has_sound
    assert found.quiet is not None and found.quiet.zone.key == "Europe/Lisbon"
    shown = form_of((await maya.browser.get(PATH)).text)
    assert {name: value for name, value in shown.items() if sent.get(name) != value} == {}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"quiet_from": "22:00"}, "Write times like 22:00."),
        ({"quiet_from": "22:00", "quiet_until": "7:00 am"}, "Write times like 22:00."),
        ({"quiet_from": "22:00", "quiet_until": "07:00", "time_zone": "Mars"}, "Choose a time zone"),
        ({"message_sound": "trumpet"}, "Choose from what the lists offer."),
        ({"message_mail": "1"}, "Choose from what the lists offer."),
        ({"message_mail": "²"}, "Choose from what the lists offer."),
    ],
)
async def test_what_cannot_be_kept_is_said_and_nothing_is(
    maya: Person, sqlite_database: Database, wrong: dict[str, str], words: str
) -> None:
    sent = form_of((await maya.browser.get(PATH)).text) | wrong

    answer = await maya.post(PATH, data=sent)

    assert answer.status_code == 422 and words in answer.text
    async with sqlite_database.reading() as session:
        assert await row_of(session, maya.agent.id) is None


async def test_only_an_admin_lets_texts_leave(ada: Person, maya: Person, sqlite_database: Database) -> None:
    refused = await maya.post(f"{PATH}/texts", data={"texts": "yes"})
    allowed = await ada.post(f"{PATH}/texts", data={"texts": "yes"})
    async with sqlite_database.reading() as session:
        after = await texts_may_leave(session)
    await ada.post(f"{PATH}/texts")
    async with sqlite_database.reading() as session:
        taken_back = await texts_may_leave(session)

    assert (refused.status_code, allowed.status_code, after, taken_back) == (403, 303, True, False)
    assert "Show the text of messages" not in (await maya.browser.get(PATH)).text


def test_what_is_stored_in_part_is_filled_with_the_usual() -> None:
    row = NotificationChoices(cells={"message": {"sound": "none"}}, quiet_from="", quiet_until="")

    cell, usual = chosen(row).cell(NotificationKind.MESSAGE), USUAL[NotificationKind.MESSAGE]

    assert (cell.sound, cell.alert, cell.mail_after) == (Sound.NONE, usual.alert, usual.mail_after)


def a_subscription(endpoint: str = "https://push.example/send/abc") -> dict[str, str]:
    """What a browser tells of itself."""
    device = Receiver().device
    return {"endpoint": endpoint, "p256dh": written(device.p256dh), "auth": written(device.auth)}


async def devices_of(database: Database, person: Person) -> list[str]:
    async with database.reading() as session:
        return [one.endpoint for one in await of_agent(session, person.agent)]


async def test_a_device_adds_itself_is_listed_and_can_be_stopped(
    maya: Person, ada: Person, sqlite_database: Database
) -> None:
    added = await maya.post(f"{PATH}/devices", data=a_subscription(), headers=SCRIPT)
    again = await maya.post(f"{PATH}/devices", data=a_subscription())
    page = await maya.browser.get(PATH)
    [form] = HTMLParser(page.text).css(f'form[action^="{PATH}/devices/"]')
    action = form.attributes["action"] or ""
    not_theirs = await ada.post(action)
    before = await devices_of(sqlite_database, maya)
    revoked = await maya.post(action)

    assert (added.status_code, again.status_code) == (204, 303)
    assert "a test" in page.text and len(read(_key_of(page.text))) == 65
    assert (not_theirs.status_code, revoked.status_code) == (404, 303)
    assert (before, await devices_of(sqlite_database, maya)) == (["https://push.example/send/abc"], [])


def _key_of(text: str) -> str:
    [device] = HTMLParser(text).css("#device")
    return device.attributes["data-key"] or ""


@pytest.mark.parametrize(
    "wrong",
    [
        {"endpoint": "http://push.example/send"},
        {"endpoint": "https://"},
        {"endpoint": "javascript:alert(1)"},
        {"endpoint": "https://push.example/" + "x" * 2_000},
        {"endpoint": "https://pu\u2028sh.example/"},
        {"p256dh": "AAAA"},
        {"p256dh": "not base64!"},
        {"auth": "AAAA"},
        {"auth": ""},
    ],
)
async def test_what_no_browser_would_send_is_refused(
    maya: Person, sqlite_database: Database, wrong: dict[str, str]
) -> None:
    answer = await maya.post(f"{PATH}/devices", data=a_subscription() | wrong)

    assert answer.status_code == 422
    assert await devices_of(sqlite_database, maya) == []


async def test_a_device_belongs_to_whoever_uses_it_now(
    maya: Person, ada: Person, sqlite_database: Database
) -> None:
    await maya.post(f"{PATH}/devices", data=a_subscription())
    await ada.post(f"{PATH}/devices", data=a_subscription())

    assert await devices_of(sqlite_database, maya) == []
    assert len(await devices_of(sqlite_database, ada)) == 1


async def test_of_many_devices_the_oldest_is_given_up(maya: Person, sqlite_database: Database) -> None:
    for number in range(MOST_DEVICES + 1):
        await maya.post(f"{PATH}/devices", data=a_subscription(f"https://push.example/{number}"))

    found = await devices_of(sqlite_database, maya)
    assert len(found) == MOST_DEVICES and "https://push.example/0" not in found


@pytest.mark.parametrize("way", ["sign out", "revoke", "deactivate"])
async def test_a_device_learns_nothing_once_its_agent_is_signed_out_there(
    maya: Person, ada: Person, sqlite_database: Database, way: str
) -> None:
    await maya.post(f"{PATH}/devices", data=a_subscription())
    if way == "sign out":
        await maya.post("/sign-out")
    elif way == "revoke":
        async with sqlite_database.reading() as session:
            [mine] = await sessions_of(session, maya.agent)
        await maya.post(f"/settings/sessions/{mine.public_id}/revoke")
    else:
        await ada.post(f"/settings/agents/{maya.agent.public_id}/deactivate")

    assert await devices_of(sqlite_database, maya) == []
