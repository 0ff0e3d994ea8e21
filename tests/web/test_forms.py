"""Forms: the hosted page and the door for other sites and programs."""

from collections.abc import AsyncIterator
from datetime import timedelta

import httpx2
import pytest
from sqlalchemy import select

from channels.forms.spam import OPENED, TRAP
from inbox import clock as product_clock
from inbox.actions.cases import open_case
from inbox.blobs import BlobStore
from inbox.clock import FrozenClock
from inbox.config import Settings
from inbox.db import Database
from inbox.models import Attachment, Case, Channel, Customer, Message, Status
from tests.builders import KEYS, a_conversation, a_customer, a_form_channel, an_identity
from tests.services.visiting import served, visitors_app
from web.endpoints.forms import PER_RECIPIENT
from web.live.visitors import open_visiting

ANSWERS = {"name": "Inês", "email": "INES@norte.example", "subject": "Lamp", "message": "It arrived cracked."}
BOUNDARY_LIMIT = 28_000_000


@pytest.fixture
async def channel(sqlite_database: Database) -> Channel:
    async with sqlite_database.transaction() as session:
        return await a_form_channel(session, name="Returns")


@pytest.fixture
async def browser_of_a_customer(
    settings: Settings, sqlite_database: Database, blobs: BlobStore
) -> AsyncIterator[httpx2.AsyncClient]:
    async with open_visiting(sqlite_database) as visiting:
        app = visitors_app(served(settings, sqlite_database, blobs, KEYS), visiting)
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://desk.test") as client:
            yield client


@pytest.fixture
def client(browser_of_a_customer: httpx2.AsyncClient) -> httpx2.AsyncClient:
    return browser_of_a_customer


async def messages(database: Database) -> list[Message]:
    async with database.reading() as session:
        return list(await session.scalars(select(Message).order_by(Message.id)))


async def settle(database: Database, channel: Channel, **settings: object) -> None:
    async with database.transaction() as session:
        stored = await session.get_one(Channel, channel.id)
        stored.settings = {**stored.settings, **settings}


async def test_a_browser_form_is_filed_and_leads_to_a_page_of_thanks(
    client: httpx2.AsyncClient, channel: Channel, sqlite_database: Database
) -> None:
    answer = await client.post(f"/forms/{channel.public_key}", data=ANSWERS)
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/forms/{channel.public_key}/thanks"
    (message,) = await messages(sqlite_database)
    assert (message.text, message.subject, message.author_address) == (
        "It arrived cracked.",
        "Lamp",
        "ines@norte.example",
    )
    thanks = await client.get(answer.headers["location"])
    assert thanks.status_code == 200 and "Thank you" in thanks.text
    assert "cracked" not in thanks.text and "Inês" not in thanks.text


async def test_a_program_sends_json_and_gets_an_id(
    client: httpx2.AsyncClient, channel: Channel, sqlite_database: Database
) -> None:
    answer = await client.post(f"/forms/{channel.public_key}", json=ANSWERS | {"vat": 17})
    assert answer.status_code == 202 and answer.json()["id"]
    (message,) = await messages(sqlite_database)
    assert ["vat", "17"] in message.fields


async def test_files_are_stored_by_what_they_are(
    client: httpx2.AsyncClient, channel: Channel, sqlite_database: Database, blobs: BlobStore
) -> None:
    picture = b"\x89PNG\r\n\x1a\n" + b"0" * 64
    files = [
        ("file", ("../../lamp.png", picture, "text/html")),
        ("file", ("page.txt", b"<html><script>", "image/png")),
    ]
    answer = await client.post(f"/forms/{channel.public_key}", data=ANSWERS, files=files)
    assert answer.status_code == 303
    async with sqlite_database.reading() as session:
        first, second = (await session.scalars(select(Attachment).order_by(Attachment.id))).all()
    assert (first.filename, first.content_type) == ("lamp.png", "image/png")
    assert blobs.read(first.digest) == picture
    assert second.content_type in ("text/plain", "application/octet-stream")


async def test_the_hosted_page_works_without_a_script(client: httpx2.AsyncClient, channel: Channel) -> None:
    page = await client.get(f"/forms/{channel.public_key}")
    assert page.status_code == 200
    assert "<script" not in page.text and "style=" not in page.text
    assert f'action="/forms/{channel.public_key}"' in page.text
    assert 'enctype="multipart/form-data"' in page.text and f'name="{TRAP}"' in page.text
    assert "script-src" not in page.headers["content-security-policy"]


async def test_a_mistake_shows_the_form_again_with_every_word_kept(
    client: httpx2.AsyncClient, channel: Channel, sqlite_database: Database
) -> None:
    given = ANSWERS | {"email": "ines@norte", "message": 'a <b>"long"</b> story'}
    answer = await client.post(f"/forms/{channel.public_key}", data=given)
    assert answer.status_code == 422
    assert "Add the part after the dot" in answer.text
    assert "a &lt;b&gt;&#34;long&#34;&lt;/b&gt; story" in answer.text
    assert await messages(sqlite_database) == []


async def test_a_program_is_told_which_field_is_wrong(client: httpx2.AsyncClient, channel: Channel) -> None:
    answer = await client.post(f"/forms/{channel.public_key}", json={"name": "A"})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(answer.json()["errors"]) == {"email", "message"}


async def test_a_robot_in_the_trap_is_kept_as_spam(
    client: httpx2.AsyncClient, channel: Channel, sqlite_database: Database
) -> None:
    answer = await client.post(f"/forms/{channel.public_key}", data=ANSWERS | {TRAP: "http://spam.example"})
    assert answer.status_code == 303
    (message,) = await messages(sqlite_database)
    assert message.is_spam


def opening(page: str) -> str:
    return page.split(f'name="{OPENED}" value="')[1].split('"')[0]


async def test_the_hosted_page_sent_at_once_is_spam_and_after_a_while_is_not(
    client: httpx2.AsyncClient, channel: Channel, sqlite_database: Database, clock: FrozenClock
) -> None:
    hasty = opening((await client.get(f"/forms/{channel.public_key}")).text)
    await client.post(f"/forms/{channel.public_key}", data=ANSWERS | {OPENED: hasty})
    calm = opening((await client.get(f"/forms/{channel.public_key}")).text)
    clock.moment += timedelta(seconds=20)
    await client.post(f"/forms/{channel.public_key}", data=ANSWERS | {OPENED: calm})
    assert [message.is_spam for message in await messages(sqlite_database)] == [True, False]


async def test_a_second_press_of_the_same_page_changes_nothing(
    client: httpx2.AsyncClient, channel: Channel, sqlite_database: Database, clock: FrozenClock
) -> None:
    seal = opening((await client.get(f"/forms/{channel.public_key}")).text)
    clock.moment += timedelta(seconds=20)
    for _ in range(2):
        answer = await client.post(f"/forms/{channel.public_key}", data=ANSWERS | {OPENED: seal})
        assert answer.status_code == 303
    assert len(await messages(sqlite_database)) == 1


async def test_forty_forms_from_one_address_are_let_in_and_a_flood_is_answered_in_words(
    client: httpx2.AsyncClient, channel: Channel
) -> None:
    statuses = [
        (await client.post(f"/forms/{channel.public_key}", json=ANSWERS | {"message": str(i)})).status_code
        for i in range(40)
    ]
    assert statuses == [202] * 40
    refused = await client.post(f"/forms/{channel.public_key}", json={})
    for _ in range(2_000):
        if refused.status_code == 429:
            break
        refused = await client.post(f"/forms/{channel.public_key}", json={})
    assert int(refused.headers["retry-after"]) >= 1
    assert "Please try again in" in refused.json()["detail"]


async def test_only_the_sites_of_the_list_may_use_a_form(
    client: httpx2.AsyncClient, channel: Channel, sqlite_database: Database
) -> None:
    await settle(sqlite_database, channel, origins=["https://shop.example"])
    path = f"/forms/{channel.public_key}"
    shop = await client.post(path, json=ANSWERS, headers={"Origin": "https://shop.example"})
    assert shop.status_code == 202
    assert shop.headers["access-control-allow-origin"] == "https://shop.example"
    for origin in ("https://shop.example.evil.test", "http://shop.example", "null", "https://evil.test"):
        refused = await client.post(path, json=ANSWERS, headers={"Origin": origin})
        assert refused.status_code == 403
        assert "access-control-allow-origin" not in refused.headers
    ours = await client.post(path, data=ANSWERS, headers={"Origin": "http://desk.test"})
    assert ours.status_code == 303


async def test_a_person_is_only_sent_on_to_a_page_that_the_settings_name(
    client: httpx2.AsyncClient, channel: Channel, sqlite_database: Database
) -> None:
    await settle(sqlite_database, channel, redirects=["https://shop.example/thanks"])
    path = f"/forms/{channel.public_key}"
    good = await client.post(path, data=ANSWERS | {"_next": "https://shop.example/thanks"})
    bad = await client.post(path, data=ANSWERS | {"_next": "https://shop.example/thanks/../evil"})
    assert good.headers["location"] == "https://shop.example/thanks"
    assert bad.headers["location"] == f"{path}/thanks"


async def test_a_body_above_the_limit_is_refused_before_it_is_read(
    client: httpx2.AsyncClient, channel: Channel
) -> None:
    path = f"/forms/{channel.public_key}"
    answer = await client.post(
        path, content=b"{}", headers={"Content-Type": "application/json", "Content-Length": "9999999"}
    )
    assert answer.status_code == 413

    async def endless() -> AsyncIterator[bytes]:
        head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        yield head
        for _ in range(BOUNDARY_LIMIT // 1_000_000):
            yield b"0" * 1_000_000

    flood = await client.post(
        path, content=endless(), headers={"Content-Type": "multipart/form-data; boundary=x"}
    )
    assert flood.status_code == 413


async def test_an_unknown_form_and_an_unknown_kind_of_body_are_refused(
    client: httpx2.AsyncClient, channel: Channel
) -> None:
    assert (await client.get("/forms/nothing")).status_code == 404
    assert (await client.post(f"/forms/{channel.public_key}", content=b"<a/>")).status_code == 400
    broken = await client.post(
        f"/forms/{channel.public_key}",
        content=b"nonsense",
        headers={"Content-Type": "multipart/form-data; boundary=x"},
    )
    assert broken.status_code in (400, 422)


async def test_a_form_without_an_address_is_filed_as_a_visitors(
    client: httpx2.AsyncClient, channel: Channel, sqlite_database: Database
) -> None:
    await settle(sqlite_database, channel, fields=[{"name": "message", "type": "textarea", "required": True}])
    for words in ("One", "Two"):
        await client.post(f"/forms/{channel.public_key}", json={"message": words})
    one, two = await messages(sqlite_database)
    assert one.conversation_id != two.conversation_id


async def test_answers_go_where_the_map_sends_them_but_change_nobody_whom_we_know(
    client: httpx2.AsyncClient, channel: Channel, sqlite_database: Database
) -> None:
    await settle(
        sqlite_database,
        channel,
        fields=[
            {"name": "email", "type": "email"},
            {"name": "who", "label": "Who", "target": "name"},
            {"name": "firm", "label": "Firm", "target": "company"},
            {
                "name": "plan",
                "label": "Plan",
                "type": "radio",
                "options": ["Free", "Pro"],
                "target": "attribute",
            },
            {"name": "about", "label": "About", "target": "subject"},
            {"name": "text", "label": "Text", "type": "textarea"},
        ],
    )
    async with sqlite_database.transaction() as session:
        known = await a_customer(session, name="Ana Sousa", company="Norte")
        await an_identity(session, known, "ana@norte.example")
    said = {"who": "Somebody", "firm": "Elsewhere", "plan": "Pro", "about": "Refund", "text": "Please"}
    for address in ("ana@norte.example", "new@mail.example"):
        answer = await client.post(f"/forms/{channel.public_key}", json=said | {"email": address})
        assert answer.status_code == 202

    async with sqlite_database.reading() as session:
        ana, new = (await session.scalars(select(Customer).order_by(Customer.id))).all()
    assert (ana.name, ana.company, ana.attributes) == ("Ana Sousa", "Norte", {})
    assert (new.name, new.company, new.attributes) == ("Somebody", "Elsewhere", {"Plan": "Pro"})
    assert [message.subject for message in await messages(sqlite_database)] == ["Refund", "Refund"]
    again = {"email": "new@mail.example", "plan": "Free", "text": "Once more"}
    await client.post(f"/forms/{channel.public_key}", json=again)
    async with sqlite_database.reading() as session:
        assert (await session.get_one(Customer, new.id)).attributes == {"Plan": "Pro"}


async def test_a_claimed_submission_opens_a_case_of_its_own_and_wakes_no_other(
    client: httpx2.AsyncClient, channel: Channel, sqlite_database: Database
) -> None:
    async with sqlite_database.transaction() as session:
        ana = await a_customer(session)
        known = await an_identity(session, ana, "ana@norte.example")
        resting = await a_conversation(session, customer=ana, identity=known, status=Status.SNOOZED)
        done = await open_case(
            session, resting.conversation, subject="Done", channel=channel, status=Status.RESOLVED
        )
        done.resolved_at = product_clock.now()
    answer = await client.post(f"/forms/{channel.public_key}", json=ANSWERS | {"email": "ana@norte.example"})

    assert answer.status_code == 202
    async with sqlite_database.reading() as session:
        cases = (await session.scalars(select(Case).order_by(Case.id))).all()
    assert [(case.status, case.claimed) for case in cases] == [
        (Status.SNOOZED, False),
        (Status.RESOLVED, False),
        (Status.OPEN, True),
    ]
    assert {case.conversation_id for case in cases} == {resting.conversation.id}


async def test_nobody_fills_the_thread_of_an_address_that_they_typed_without_end(
    client: httpx2.AsyncClient, channel: Channel
) -> None:
    rates = client._transport.app.state.visiting.rates  # type: ignore[attr-defined]
    for _ in range(PER_RECIPIENT.limit):
        assert rates.take(PER_RECIPIENT, f"{channel.id} victim@mail.example") == 0
    refused = await client.post(
        f"/forms/{channel.public_key}", json=ANSWERS | {"email": "Victim@mail.example"}
    )
    other = await client.post(f"/forms/{channel.public_key}", json=ANSWERS)

    assert (refused.status_code, other.status_code) == (429, 202)
    assert int(refused.headers["retry-after"]) >= 1


async def test_only_the_sites_of_the_list_may_show_the_form_in_a_frame(
    client: httpx2.AsyncClient, channel: Channel, sqlite_database: Database
) -> None:
    path = f"/forms/{channel.public_key}?embed=1"
    assert "frame-ancestors *" in (await client.get(path)).headers["content-security-policy"]

    await settle(sqlite_database, channel, origins=["https://shop.example"])

    page = await client.get(path)
    assert page.headers["content-security-policy"].endswith("frame-ancestors 'self' https://shop.example")
    assert '<body class="embedded">' in page.text
    sent = await client.post(path, data=ANSWERS, headers={"Origin": "http://desk.test"})
    assert sent.headers["location"].endswith("/thanks?embed=1")


async def test_a_radio_group_and_a_date_take_only_what_they_offer(
    client: httpx2.AsyncClient, channel: Channel, sqlite_database: Database
) -> None:
    fields = [
        {"name": "size", "type": "radio", "options": ["S", "L"], "help": "On the label"},
        {"name": "day", "type": "date"},
        {"name": "part", "label": "Part two", "type": "heading"},
        {"name": "file", "type": "file"},
    ]
    await settle(sqlite_database, channel, fields=fields)
    path = f"/forms/{channel.public_key}"
    wrong = await client.post(path, json={"size": "XXL", "day": "20.11.2026"})
    right = await client.post(path, json={"size": "L", "day": "2026-11-20"})

    assert set(wrong.json()["errors"]) == {"size", "day"}
    assert right.status_code == 202
    (message,) = await messages(sqlite_database)
    assert message.fields == [["size", "L"], ["day", "2026-11-20"]]
    shown = await client.post(path, data={"size": "XXL", "day": "2026-11-20"})
    assert '<fieldset class="field" aria-invalid="true" aria-describedby="h-1 e-1">' in shown.text


async def test_a_form_speaks_its_own_language_or_that_of_whoever_reads(
    client: httpx2.AsyncClient, sqlite_database: Database, channel: Channel
) -> None:
    path, german = f"/forms/{channel.public_key}", {"Accept-Language": "de"}
    assert ">Senden</button>" in (await client.get(path, headers=german)).text
    assert ">Send</button>" in (await client.get(path)).text
    await settle(sqlite_database, channel, language="en")
    assert ">Send</button>" in (await client.get(path, headers=german)).text
    wrong = await client.post(path, data={"email": "x"}, headers=german)
    assert wrong.status_code == 422 and "Write a whole address" in wrong.text
